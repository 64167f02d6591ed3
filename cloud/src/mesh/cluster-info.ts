import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { Notice } from "#shared/topology/document.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Inventory } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { istiods } from "./istiod.ts"

const staleAfterMs = 5 * 60_000

export type LinkView = Pick<ClusterInfo, "link" | "linkSince">

/** What the link is now. `late` and `stale` follow from silence, so that nobody has to be alive to say so. */
export function linkOf(
  cluster: Pick<Clusters.Cluster, "createdAt" | "revokedAt" | "connectedAt">,
  link: Links.Link | undefined,
  now: number,
): LinkView {
  if (cluster.revokedAt !== null) return { link: "revoked", linkSince: cluster.revokedAt }
  if (!link || link.connectedAt === null) return { link: "waiting", linkSince: cluster.createdAt }
  const seen = link.lastSeenAt ?? link.connectedAt
  if (link.connection === null) return { link: "stale", linkSince: link.disconnectedAt ?? seen }
  if (now - seen > staleAfterMs) return { link: "stale", linkSince: seen }
  const due = Math.max(seen, link.pacedAt ?? 0)
  if (now - due > 2 * link.tickMs + 5_000) return { link: "late", linkSince: seen }
  return { link: "live", linkSince: link.connectedAt }
}

/** Objects stored and expected: the cloud's own count until the first inventory is complete, the agent's afterwards. */
async function inventoryProgress(
  cloud: Cloud,
  owner: Inventory.Owner,
  cluster: Clusters.Cluster,
  status: Clusters.StoredStatus | undefined,
): Promise<ClusterInfo["join"]["inventory"]> {
  const known = objectsOf(status)
  const doneAt = cluster.inventoryDoneAt
  const expected = Math.max(known, status?.progress.expected ?? 0)
  if (doneAt !== null || cluster.connectedAt === null) return { objects: known, expected, doneAt }
  const stored = await Inventory.sums(cloud, owner)
  return { objects: stored.reduce((sum, bucket) => sum + bucket.sum.count, 0), expected, doneAt }
}

const objectsOf = (status: Clusters.StoredStatus | undefined): number =>
  (status?.kinds ?? []).reduce((sum, { count }) => sum + count, 0)

/** Nodes as counted by the agent; null when it may not read them. */
const nodesOf = (status: Clusters.StoredStatus | undefined): number | null =>
  status?.kinds.find(({ kind, state }) => kind === "Node" && (state === "live" || state === "stale"))
    ?.count ?? null

/** Everything the product says about a cluster. */
export async function clusterInfo(
  cloud: Cloud,
  organizationId: string,
  cluster: Clusters.Cluster,
): Promise<ClusterInfo> {
  const owner = { organizationId, clusterId: cluster.clusterId }
  const [link, status, planes] = await Promise.all([
    Links.read(cloud, owner),
    Clusters.readStatus(cloud, organizationId, cluster.clusterId),
    istiods(cloud, owner),
  ])
  return {
    clusterId: cluster.clusterId,
    name: cluster.name,
    createdAt: cluster.createdAt,
    createdBy: cluster.createdBy,
    write: cluster.write,
    ...linkOf(cluster, link, cloud.now()),
    lastSeenAt: link?.lastSeenAt ?? null,
    clusterUid: cluster.clusterUid,
    agentVersion: cluster.agentVersion,
    kubernetesVersion: cluster.kubernetesVersion,
    istioVersions: [...new Set(planes.map(({ version }) => version))].filter(Boolean).sort(),
    nodes: nodesOf(status),
    objects: objectsOf(status),
    tickMs: link?.tickMs ?? limits.tickDefaultMs,
    lastTickAt: link?.lastTickAt ?? null,
    kinds: status?.kinds ?? [],
    telemetry: status?.telemetry ?? null,
    act: status?.act ?? null,
    process: status?.process ?? null,
    join: {
      tokenExpiresAt: cluster.tokenExpiresAt,
      manifestFetchedAt: cluster.manifestFetchedAt,
      connectedAt: cluster.connectedAt,
      identifiedAt: cluster.identifiedAt,
      inventory: await inventoryProgress(cloud, owner, cluster, status),
      firstMetricsAt: cluster.firstMetricsAt,
    },
  }
}

/** `12:04:31` in UTC. */
export const time = (at: number): string => new Date(at).toISOString().slice(11, 19)

/** What a reader of this cluster's data must know to trust it, beside the state of its link. */
export function readingNotices(
  cluster: Pick<ClusterInfo, "clusterId" | "name">,
  status: Pick<Clusters.StoredStatus, "kinds" | "telemetry"> | undefined,
): Notice[] {
  const notices: Notice[] = []
  const warn = (code: Notice["code"], message: string) =>
    notices.push({ level: "warning", code, cluster: cluster.clusterId, message })
  for (const { kind, state, since, reason } of status?.kinds ?? []) {
    if (state === "denied") warn("kind.denied", `May not read ${kind} in ${cluster.name}: ${reason}`)
    if (state === "stale")
      warn("kind.stale", `${kind} of ${cluster.name} is stale since ${time(since)} UTC: ${reason}`)
  }
  const telemetry = status?.telemetry
  if (telemetry?.state === "failing")
    warn("telemetry.down", `${cluster.name} measures nothing: ${telemetry.target} ${telemetry.reason}`)
  return notices
}
