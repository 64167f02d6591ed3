import { limits } from "#shared/protocol/limits.ts"
import type { Cloud } from "../cloud.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { Watches } from "../store/watch.ts"
import { sendDown } from "./send.ts"

/** Whether this console draws the graph of the cluster, and may. */
export const watchesTopology = ({ view, clusters }: Watches.Watch, clusterId: string): boolean =>
  view.type === "topology" &&
  (view.clusters.length === 0 || view.clusters.includes(clusterId)) &&
  (clusters === null || clusters.includes(clusterId))

/** 10 s while somebody watches this cluster's graph, 60 s otherwise. */
export async function wantedTickMs(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  watches?: readonly Watches.Watch[],
): Promise<number> {
  const all = watches ?? (await Watches.list(cloud, organizationId))
  return all.some((watch) => watchesTopology(watch, clusterId)) ? limits.tickWatchedMs : limits.tickDefaultMs
}

/** Tells the agent when the pace that is wanted is not the one it has. */
export async function setPace(
  cloud: Cloud,
  owner: Owner,
  link: Links.Link | undefined,
  tickMs: number,
): Promise<void> {
  if (!link?.connection || link.tickMs === tickMs) return
  if (await Links.change(cloud, owner, link.session, { tickMs, pacedAt: cloud.now() }))
    await sendDown(cloud, link.connection, { type: "pace", tickMs })
}
