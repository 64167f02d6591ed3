/** What this process costs. */
export type Usage = { rssBytes: number; cpuMillicores: number }

/** Resident memory now, and processor time since the last question in thousandths of a core. */
export function createUsage(now: () => number): () => Usage {
  let at = now()
  let used = process.cpuUsage()
  let cpuMillicores = 0
  return () => {
    const elapsedMs = now() - at
    if (elapsedMs >= 1_000) {
      const spent = process.cpuUsage(used)
      cpuMillicores = Math.round((spent.user + spent.system) / elapsedMs)
      used = process.cpuUsage()
      at = now()
    }
    return { rssBytes: process.memoryUsage.rss(), cpuMillicores }
  }
}

/** What the process holds, for its own metrics: used heap and buffers, bytes. */
export const held = (): { heapBytes: number; externalBytes: number } => {
  const { heapUsed, external } = process.memoryUsage()
  return { heapBytes: heapUsed, externalBytes: external }
}
