import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import { formatAge, formatTime } from "#shared/format/time.ts"

/** `none`: nothing has been measured yet. */
export type FreshState = "live" | "late" | "stale" | "none"
export type Freshness = { state: FreshState; text: string; at: number | null }
export type SourceFreshness = Freshness & { cluster: string; name: string }

const order: readonly FreshState[] = ["live", "none", "late", "stale"]
const staleMs = 5 * 60_000
/** The pace of an agent that nobody watches, the slowest there is. */
const usualTickMs = 60_000
/** A tick is measured, sent and stored before it is here. */
const graceMs = 5_000

/** Freshness of one source by the age of its last tick: late beyond two ticks, stale beyond five minutes or with its link down. */
export function freshnessOf(
  source: { link: ClusterInfo["link"]; linkSince: number; lastTickAt: number | null; tickMs: number },
  now: number,
): Freshness {
  const { link, linkSince, lastTickAt: at, tickMs } = source
  if (link === "waiting") return { state: "none", text: "Waiting for the agent", at }
  if (link === "revoked") return { state: "stale", text: `Revoked since ${formatTime(linkSince)}`, at }
  if (link === "stale" || (at !== null && now - at > Math.max(staleMs, 2 * tickMs)))
    return { state: "stale", text: `Stale since ${formatTime(at ?? linkSince)}`, at }
  if (at === null) return { state: "none", text: "No metrics yet", at }
  const age = formatAge(now - at)
  return now - at > 2 * tickMs + graceMs
    ? { state: "late", text: `Late, ${age}`, at }
    : { state: "live", text: `Live, ${age}`, at }
}

/** Each cluster of the mesh. The tick in hand may be newer than what the list of clusters knows. */
export function sourceFreshness(
  sources: TopologySources,
  clusters: readonly ClusterInfo[],
  now: number,
): SourceFreshness[] {
  return clusters.map((info) => {
    const ticks = sources.clusters.find((source) => source.cluster === info.clusterId)?.ticks
    // A console that opens makes the agent faster: until its next tick, the pace it had counts; who has seen one tick only does not know it.
    const [older, newest] = ticks?.slice(-2) ?? []
    const before = older && newest ? newest.at - older.at : usualTickMs
    const tickMs = Math.max(info.tickMs, Math.min(usualTickMs, before))
    const at = Math.max(ticks?.at(-1)?.at ?? 0, info.lastTickAt ?? 0) || null
    return {
      cluster: info.clusterId,
      name: info.name,
      ...freshnessOf({ ...info, tickMs, lastTickAt: at }, now),
    }
  })
}

/** The worst of them, and of these the oldest: what the bar shows. */
export const oldestOf = (all: readonly SourceFreshness[]): SourceFreshness | undefined =>
  all.toSorted((a, b) => order.indexOf(b.state) - order.indexOf(a.state) || (a.at ?? 0) - (b.at ?? 0))[0]
