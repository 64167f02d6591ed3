import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** A room of the product in a process of its own. */
export type Room = {
  /** Its first line of standard output, as JSON. Rejects with its last words when it ends before. */
  ready: Promise<unknown>
  /** Resolves when it has ended, with its exit code. */
  ended: Promise<number>
  /** Asks it to end and waits; after 10 s it is killed. */
  stop(): Promise<void>
}

export type RoomFailure = Error & { exitCode: number }

const withParent = fileURLToPath(new URL("with-parent.mjs", import.meta.url))
const patienceMs = 10_000

/** Starts `main` under this Node. The room's log goes to `log`; it ends with this process. */
export function startRoom(
  main: string,
  args: readonly string[],
  { env, log }: { env?: Readonly<Record<string, string>>; log: (line: string) => void },
): Room {
  // A person's own SMM_SERVER and SMM_TOKEN are meant for `smm`, not for the rooms.
  const foreign = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SMM_")))
  const child = spawn(process.execPath, ["--import", withParent, main, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...foreign, ...env },
    // Of its own group: Ctrl-C reaches this process alone, and it stops the rooms in order.
    detached: true,
  })
  const words: string[] = []
  if (child.stderr)
    createInterface({ input: child.stderr }).on("line", (line) => {
      words.push(line)
      if (words.length > 20) words.shift()
      log(line)
    })
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)))
  return { ready: firstLine(child, ended, words, log), ended, stop: () => stop(child, ended) }
}

function firstLine(
  child: ChildProcess,
  ended: Promise<number>,
  words: readonly string[],
  log: (line: string) => void,
): Promise<unknown> {
  const ready = new Promise<unknown>((resolve, reject) => {
    let first = true
    if (child.stdout)
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (!first) return log(line)
        first = false
        try {
          resolve(JSON.parse(line))
        } catch {
          reject(new Error(`wanted a ready line, got "${line}"`))
        }
      })
    void ended.then((exitCode) =>
      reject(Object.assign(new Error(words.at(-1) ?? `ended with ${exitCode}`), { exitCode })),
    )
  })
  ready.catch(() => undefined)
  return ready
}

async function stop(child: ChildProcess, ended: Promise<number>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGTERM")
  const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs)
  await ended
  clearTimeout(patience)
}
