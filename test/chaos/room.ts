import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream } from "node:fs"
import { createInterface } from "node:readline"

/** A process that is killed at any moment and started again with the same arguments. It ends with this one at the latest. */
export type Room = {
  name: string
  /** Its first line of output, of this start. */
  start(): Promise<string>
  /** SIGKILL: nothing is said, nothing is put in order. */
  kill(): Promise<void>
}

export type RoomOptions = {
  name: string
  args: () => string[]
  env?: Record<string, string>
  log: string
  /** Whether its first line is to be waited for. */
  speaks: boolean
}

export function createRoom({ name, args, env = {}, log, speaks }: RoomOptions): Room {
  const output = createWriteStream(log, { flags: "a" })
  let child: ChildProcess | undefined

  async function firstLine(own: ChildProcess): Promise<string> {
    if (!own.stdout) throw new Error(`${name} has no output`)
    for await (const line of createInterface({ input: own.stdout })) return line
    throw new Error(`${name} ended before it was ready; its log is ${log}`)
  }

  return {
    name,
    async start() {
      // A pipe as standard input: the rooms end when it does.
      child = spawn(process.execPath, args(), {
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...process.env, NODE_NO_WARNINGS: "1", ...env },
      })
      child.stdin?.on("error", () => undefined)
      child.stderr?.pipe(output, { end: false })
      if (speaks) return firstLine(child)
      child.stdout?.pipe(output, { end: false })
      return ""
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, "close")
      child.kill("SIGKILL")
      await ended
    },
  }
}
