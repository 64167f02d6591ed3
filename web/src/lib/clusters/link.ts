import type { ClusterInfo } from "#shared/api/cluster.ts"
import { formatCount } from "#shared/format/number.ts"
import { formatAge, formatSince, formatTime } from "#shared/format/time.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import type { HealthState } from "#shared/topology/document.ts"
import { stagesOf } from "./join.ts"

export type LinkText = { tone: "" | "watch" | "degraded" | "failing"; text: string; more: string }

const today = (at: number, now: number): string =>
  now - at < 20 * 3_600_000 ? formatTime(at) : formatSince(at, now)

/** The state of a link in words, with its age. `now` in ms. */
export function linkText(cluster: ClusterInfo, now: number): LinkText {
  const { link, linkSince, lastSeenAt, lastTickAt, tickMs } = cluster
  const age = formatAge(now - (lastTickAt ?? lastSeenAt ?? linkSince))
  const tick = `tick ${formatAge(tickMs)}`
  switch (link) {
    case "live":
      return { tone: "", text: `live, ${age}`, more: lastTickAt === null ? "no metrics yet" : tick }
    case "late":
      return { tone: "watch", text: `late, ${age}`, more: tick }
    case "stale":
      return {
        tone: "degraded",
        text: `since ${today(linkSince, now)}`,
        more: `last seen ${formatSince(lastSeenAt ?? linkSince, now)} ago`,
      }
    case "revoked":
      return { tone: "failing", text: "revoked", more: `since ${today(linkSince, now)}` }
    case "waiting":
      return waitingText(cluster, now)
  }
}

function waitingText(cluster: ClusterInfo, now: number): LinkText {
  const { tokenExpiresAt, connectedAt, inventory } = cluster.join
  if (connectedAt === null && tokenExpiresAt !== null && tokenExpiresAt < now)
    return { tone: "watch", text: "token expired", more: "not joined" }
  const stage = stagesOf(cluster).find(({ state }) => state === "current")
  return {
    tone: "",
    text: (stage?.title ?? "joining").toLowerCase(),
    more:
      stage?.name === "inventory"
        ? `${formatCount(inventory.objects)} of ${formatCount(inventory.expected)}`
        : "joining",
  }
}

/** The list of clusters hears of ticks once a minute; a tick in hand is newer. */
export function withTicks(clusters: readonly ClusterInfo[], sources: TopologySources): ClusterInfo[] {
  const newest = new Map(sources.clusters.map((source) => [source.cluster, source.ticks.at(-1)?.at ?? 0]))
  return clusters.map((cluster) => {
    const at = newest.get(cluster.clusterId) ?? 0
    return at > (cluster.lastTickAt ?? 0)
      ? { ...cluster, lastTickAt: at, lastSeenAt: Math.max(at, cluster.lastSeenAt ?? 0) }
      : cluster
  })
}

/** Joins that are not over: the wizard can be opened again for them. */
export const isJoining = (cluster: ClusterInfo): boolean =>
  cluster.link !== "revoked" &&
  (cluster.join.inventory.doneAt === null || cluster.join.firstMetricsAt === null)

/** `text` counts the worst state, `more` the next one. */
export type HealthCount = { worst: HealthState; text: string; more: string }

/** `1 failing` and `2 degraded`; no words when nothing is wrong; unknown without rows. */
export function healthCount(states: readonly HealthState[]): HealthCount {
  const bad = (["failing", "degraded", "watch"] as const).flatMap((state) => {
    const count = states.filter((other) => other === state).length
    return count > 0 ? [{ state, text: `${count} ${state}` }] : []
  })
  const [first, second] = bad
  if (first) return { worst: first.state, text: first.text, more: second?.text ?? "" }
  const worst = states.includes("ok") ? "ok" : states.includes("idle") ? "idle" : "unknown"
  return { worst, text: "", more: "" }
}
