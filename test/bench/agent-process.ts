import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { type GuardedProcess, launchGuarded } from "../real/kube/guarded-process.ts"
import { root } from "../e2e/room.ts"
import { cpuSecondsOf, peakRssOf, rssOf } from "./server.ts"

/** A program whose cost is measured from outside of it. */
export type Measured = {
  process: GuardedProcess
  /** Resident memory in bytes now, and the most it ever was. */
  rss(): number
  peakRss(): number
  /** Seconds of CPU used so far, in steps of 10 ms. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Bundles the agent into the folder, as the image has it; returns the file and the flags of Node that the image starts it with. */
export async function buildAgent(folder: string): Promise<{ file: string; flags: string[] }> {
  const file = join(folder, "smm-agent.mjs")
  await promisify(execFile)(process.execPath, [join(root, "agent/build.mjs"), file])
  const dockerfile = await readFile(join(root, "agent/Dockerfile"), "utf8")
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1]
  if (entry === undefined) throw new Error("agent/Dockerfile has no ENTRYPOINT in one line")
  return { file, flags: (JSON.parse(entry) as string[]).slice(1, -1) }
}

/** Starts Node with these arguments; its output goes to `<folder>/<name>.log`. */
export async function startNode(name: string, folder: string, args: string[]): Promise<Measured> {
  const running = await launchGuarded({ name, program: process.execPath, args, folder })
  let pid = 0
  while (!pid) pid = await running.pid().catch(() => 0)
  return {
    process: running,
    rss: () => rssOf(pid),
    peakRss: () => peakRssOf(pid),
    cpuSeconds: () => cpuSecondsOf(pid),
    stop: () => running.stop(),
  }
}
