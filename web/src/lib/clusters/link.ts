import type { ClusterInfo } from "#shared/api/cluster.ts"
import { formatCount } from "#shared/format/number.ts"
import { formatAge, formatSince, formatTime } from "#shared/format/time.ts"
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

/** Joins that are not over: the wizard can be opened again for them. */
export const isJoining = (cluster: ClusterInfo): boolean =>
  cluster.link !== "revoked" &&
  (cluster.join.inventory.doneAt === null || cluster.join.firstMetricsAt === null)

export type HealthCount = { worst: HealthState; text: string }

/** `1 failing, 2 degraded`; `ok` when nothing is wrong; unknown without rows. */
export function healthCount(states: readonly HealthState[]): HealthCount {
  const order: HealthState[] = ["failing", "degraded", "watch"]
  const bad = order.flatMap((state) => {
    const count = states.filter((other) => other === state).length
    return count > 0 ? [{ state, count }] : []
  })
  const first = bad[0]
  if (first)
    return {
      worst: first.state,
      text: bad
        .slice(0, 2)
        .map(({ state, count }) => `${count} ${state}`)
        .join(", "),
    }
  if (states.includes("ok")) return { worst: "ok", text: "" }
  return { worst: states.includes("idle") ? "idle" : "unknown", text: "" }
}
