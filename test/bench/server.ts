import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { z } from "zod"
import { logOf, root, until } from "../e2e/room.ts"
import { launchGuarded } from "../real/kube/guarded-process.ts"

const Ready = z.object({ url: z.string(), token: z.string(), org: z.string() })

/** The cloud as its own process. */
export type CloudProcess = z.infer<typeof Ready> & {
  /** Resident memory in bytes now. */
  rss(): number
  /** Seconds of CPU used so far. */
  cpuSeconds(): number
  close(): Promise<void>
}

/** Why memory and CPU of processes cannot be read here; null when they can. */
export const procMissing = (): string | null =>
  existsSync("/proc/self/stat") ? null : "no /proc here, which says what a process uses; run it on Linux"

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

/** Starts the cloud over memory; it ends with this process at the latest. */
export async function startCloudProcess(): Promise<CloudProcess> {
  const folder = await mkdtemp(join(tmpdir(), "smm-bench-cloud-"))
  const args = [join(root, "cloud/src/local/main.ts"), "--port", "0", "--json", "--memory"]
  const running = await launchGuarded({ name: "cloud", program: process.execPath, args, folder })
  const close = async () => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const line = await until(
      "the cloud's ready line",
      async () => /^\{"url".*\}$/m.exec(await logOf(running))?.[0],
      {
        room: running,
      },
    )
    const pid = await running.pid()
    return {
      ...Ready.parse(JSON.parse(line)),
      rss: () => rssOf(pid),
      cpuSeconds: () => cpuSecondsOf(pid),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
