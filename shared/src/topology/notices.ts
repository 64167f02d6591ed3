import type { TopologySources } from "../api/mesh.ts"
import { formatTimeSeconds } from "../format/time.ts"
import type { Notice } from "./document.ts"

type SourceCluster = TopologySources["clusters"][number]

const linkNotice: Partial<Record<SourceCluster["link"], (source: SourceCluster) => Omit<Notice, "cluster">>> =
  {
    waiting: ({ clusterName }) => ({
      level: "info",
      code: "cluster.waiting",
      message: `Waiting for the agent of ${clusterName}`,
    }),
    late: ({ clusterName }) => ({
      level: "warning",
      code: "cluster.late",
      message: `${clusterName} is late: no tick for more than two intervals`,
    }),
    stale: ({ clusterName }) => ({
      level: "error",
      code: "cluster.stale",
      message: `${clusterName} is not connected; shown is what was known then`,
    }),
    revoked: ({ clusterName }) => ({
      level: "error",
      code: "cluster.stale",
      message: `${clusterName} is revoked; shown is what was known then`,
    }),
  }

/** What a reader must know to trust this cluster's part of the graph. */
export function noticesOf(source: SourceCluster, isOld: boolean): Notice[] {
  const link = linkNotice[source.link]?.(source)
  const gaps = (source.ticks.at(-1)?.gaps ?? []).map((gap): Notice => ({
    level: "warning",
    code: "telemetry.gap",
    cluster: source.cluster,
    message: `${source.clusterName}: ${gap}`,
  }))
  const newest = source.ticks.at(-1)
  const speaks = source.link === "live" || source.link === "late"
  const old: Notice[] =
    isOld && speaks && newest
      ? [
          {
            level: "warning",
            code: "telemetry.gap",
            cluster: source.cluster,
            message: `${source.clusterName}: nothing was measured since ${formatTimeSeconds(newest.at)} UTC; shown are the numbers of then`,
          },
        ]
      : []
  return [...(link ? [{ ...link, cluster: source.cluster }] : []), ...source.notices, ...old, ...gaps]
}
