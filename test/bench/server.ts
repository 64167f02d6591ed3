import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { z } from "zod"

const main = fileURLToPath(new URL("../../cloud/src/local/main.ts", import.meta.url))
const Ready = z.object({ url: z.string(), token: z.string(), org: z.string() })

/** The cloud as its own process. */
export type CloudProcess = z.infer<typeof Ready> & {
  /** Resident memory in bytes now. */
  rss(): number
  /** Seconds of CPU used so far. */
  cpuSeconds(): number
  close(): Promise<void>
}

/** Resident memory of a process in bytes, from /proc. */
export const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024

/** The most resident memory it ever had, in bytes. */
export const peakRssOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024

/** CPU of a process in seconds, from /proc (ticks of 10 ms). */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Starts the cloud over memory, or over `data`. */
export async function startCloudProcess(data?: string): Promise<CloudProcess> {
  const where = data === undefined ? ["--memory"] : ["--data", data]
  const child = spawn(process.execPath, [main, "--port", "0", "--json", ...where], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const pid = child.pid
  if (pid === undefined) throw new Error("the cloud did not start")
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  if (first.done) throw new Error("the cloud ended before it was ready")
  return {
    ...Ready.parse(JSON.parse(first.value)),
    rss: () => rssOf(pid),
    cpuSeconds: () => cpuSecondsOf(pid),
    close: async () => {
      const closed = new Promise((resolve) => child.once("close", resolve))
      child.kill("SIGTERM")
      await closed
    },
  }
}
