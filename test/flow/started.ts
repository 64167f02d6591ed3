import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "")

/** Whatever Node a person has: without the one that npm brings for us, and without this suite's own settings. */
export function personsEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(npm_|SMM_|VITEST|NODE_)/.test(name) ? [] : [[name, value] as const],
  )
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((part) => !part.includes("node_modules"))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), ...extra }
}

/** A command as a person runs it: a process group of its own, like a job of a shell. */
export type Command = {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves with the exit code when it has ended and its output is read. */
  ended: Promise<number | null>
  hasEnded(): boolean
}

export function runCommand(
  command: string,
  args: readonly string[],
  { env = {}, input, cwd = root }: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Command {
  const child = spawn(command, args, {
    cwd,
    env: personsEnv(env),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  })
  // A command that ends without reading what it was given is no fault.
  child.stdin.on("error", () => undefined)
  child.stdin.end(input ?? "")
  let stdout = ""
  let stderr = ""
  let hasEnded = false
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      hasEnded = true
      resolve(code)
    })
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended, hasEnded: () => hasEnded }
}

/** `npm start -- ...args`, as a person types it, with npm's own lines away. */
export const npmStart = (args: readonly string[]): Command =>
  runCommand("npm", ["start", "--silent", "--", ...args])

/** Whether `npm start` has said that it is ready. @throws Error with its last words when it has ended */
export function isReady(command: Command): boolean {
  if (command.hasEnded()) throw new Error(`npm start ended: ${command.stderr()}`)
  return command.stderr().includes("Ctrl-C ends everything")
}

/** Ids and command lines of the running processes that name `word`, oldest first. */
export function processesNaming(word: string): { pid: number; line: string }[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const file = join("/proc", pid, "cmdline")
    try {
      const line = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\0", " ") : ""
      return line.includes(word) && Number(pid) !== process.pid ? [{ pid: Number(pid), line }] : []
    } catch {
      return []
    }
  })
}

/** Kills a whole job, whatever is left of it. For the end of a test. */
export function killAll(word: string): void {
  for (const { pid } of processesNaming(word))
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // Gone in the meantime.
    }
}
