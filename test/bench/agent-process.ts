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

/** How the image starts the agent. */
export type Image = { file: string; flags: string[]; env: Record<string, string> }

/** Bundles the agent into the folder, as the image has it, and reads from the Dockerfile how it starts there. */
export async function buildAgent(folder: string): Promise<Image> {
  const file = join(folder, "smm-agent.mjs")
  await promisify(execFile)(process.execPath, [join(root, "agent/build.mjs"), file])
  const dockerfile = await readFile(join(root, "agent/Dockerfile"), "utf8")
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1]
  if (entry === undefined) throw new Error("agent/Dockerfile has no ENTRYPOINT in one line")
  const env = [...dockerfile.matchAll(/^ENV (\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value])
  return { file, flags: (JSON.parse(entry) as string[]).slice(1, -1), env: Object.fromEntries(env) }
}

/** Starts Node with these arguments; its output goes to `<folder>/<name>.log`. */
export async function startNode(
  name: string,
  folder: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Measured> {
  const running = await launchGuarded({ name, program: process.execPath, args, folder, env })
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
