import type { InventoryItem } from "#shared/api/inventory.ts"
import type { KindSpec } from "#shared/kube/kinds.ts"
import type { KindState } from "#shared/protocol/message/status.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import type { Inventory } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { type LinkView, linkOf, time } from "./cluster-info.ts"

/** A cluster as lists of objects need it: how far what is stored can be trusted. */
export type ListedCluster = LinkView & {
  cluster: Clusters.Cluster
  kinds: ReadonlyMap<string, KindState>
  item(kind: string, stored: Inventory.StoredObject): InventoryItem
}

export type ListNotice = { code: string; cluster: string; message: string }

export const stateOf = (listed: ListedCluster, kind: string): KindState | undefined => listed.kinds.get(kind)

export async function listedCluster(
  cloud: Cloud,
  organizationId: string,
  cluster: Clusters.Cluster,
): Promise<ListedCluster> {
  const [link, status] = await Promise.all([
    Links.read(cloud, { organizationId, clusterId: cluster.clusterId }),
    Clusters.readStatus(cloud, organizationId, cluster.clusterId),
  ])
  const view = linkOf(cluster, link, cloud.now())
  const kinds = new Map((status?.kinds ?? []).map((state) => [state.kind, state]))
  const linkStale = view.link === "stale" || view.link === "revoked"
  return {
    ...view,
    cluster,
    kinds,
    item: (kind, { object, seenAt }) => ({
      cluster: cluster.clusterId,
      clusterName: cluster.name,
      seenAt,
      stale: linkStale || kinds.get(kind)?.state === "stale",
      object,
    }),
  }
}

const because = (reason: string): string => (reason === "" ? "" : `: ${reason}`)

function kindNotice({ cluster }: ListedCluster, state: KindState): ListNotice | undefined {
  const at = { code: `kind.${state.state}`, cluster: cluster.clusterId }
  const where = `${state.kind} in ${cluster.name}`
  switch (state.state) {
    case "live":
      return undefined
    case "syncing":
      return { ...at, message: `${where} is being listed for the first time${because(state.reason)}` }
    case "stale":
      return { ...at, message: `${where} is stale since ${time(state.since)} UTC${because(state.reason)}` }
    case "denied":
      return { ...at, message: `May not read ${where}${because(state.reason)}` }
    case "absent":
      return { ...at, message: `${where} is not installed${because(state.reason)}` }
  }
}

function linkNotice({ cluster, link, linkSince }: ListedCluster): ListNotice | undefined {
  const at = { code: `cluster.${link}`, cluster: cluster.clusterId }
  if (link === "waiting") return { ...at, message: `Waiting for the agent of ${cluster.name}` }
  if (link === "stale")
    return {
      ...at,
      message: `${cluster.name} is not connected; shown is what was known at ${time(linkSince)} UTC`,
    }
  if (link === "revoked")
    return { ...at, message: `${cluster.name} is revoked; shown is what was known at ${time(linkSince)} UTC` }
  return undefined
}

/** What a reader of a list must know: no empty list goes without the reason. */
export function noticesOf(clusters: readonly ListedCluster[], kinds: readonly KindSpec[]): ListNotice[] {
  if (clusters.length === 0)
    return [
      { code: "cluster.none", cluster: "", message: "There is no cluster yet; add one on the page Clusters" },
    ]
  return clusters.flatMap((listed) => {
    const unknown: ListNotice = {
      code: "kind.unknown",
      cluster: listed.cluster.clusterId,
      message: `The agent of ${listed.cluster.name} has not said yet what it may read`,
    }
    const states = kinds.map(({ key }) => stateOf(listed, key))
    const found = states.some((state) => state !== undefined)
    const notices = states.map((state) => (state ? kindNotice(listed, state) : undefined))
    return [linkNotice(listed), ...notices, ...(found || listed.link === "waiting" ? [] : [unknown])].filter(
      (notice) => notice !== undefined,
    )
  })
}
