import type { ClusterInfo, LinkEvent } from "#shared/api/cluster.ts"
import type { InventoryItem } from "#shared/api/inventory.ts"
import { kindKeyOf } from "#shared/kube/object.ts"

/** Kinds whose appearance or edit changes how the mesh behaves; replica sets stand for rollouts. */
export const changeKinds = [
  "VirtualService.networking.istio.io",
  "DestinationRule.networking.istio.io",
  "Gateway.networking.istio.io",
  "ServiceEntry.networking.istio.io",
  "Sidecar.networking.istio.io",
  "AuthorizationPolicy.security.istio.io",
  "PeerAuthentication.security.istio.io",
  "RequestAuthentication.security.istio.io",
  "HTTPRoute.gateway.networking.k8s.io",
  "Gateway.gateway.networking.k8s.io",
  "Service",
  "ReplicaSet.apps",
] as const

export type Change = {
  key: string
  at: number
  mark: "config" | "deploy" | "link"
  title: string
  detail: string
  /** Its own page, and the way to undo it. */
  href?: string
  undo?: string
  /** Where the object is, for its link; undefined for a link event. */
  object: { cluster: string; kind: string; namespace: string; name: string } | undefined
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function imageOf(item: InventoryItem): string {
  const containers = list(record(record(record(item.object["spec"])["template"])["spec"])["containers"]).map(
    record,
  )
  const image = containers.find((container) => container["name"] !== "istio-proxy")?.["image"]
  return typeof image === "string" ? image.slice(image.lastIndexOf("/") + 1) : ""
}

const ownerName = (item: InventoryItem): string => {
  const owner = record(list(item.object.metadata["ownerReferences"])[0])
  return typeof owner["name"] === "string" ? owner["name"] : item.object.metadata.name
}

/** Seen with a new version well after it was made and after the cluster's first inventory: somebody changed it. */
const slack = 60_000
function moment(
  item: InventoryItem,
  cluster: ClusterInfo | undefined,
): { at: number; word: string } | undefined {
  const created = Date.parse(item.object.metadata.creationTimestamp ?? "")
  const listed = cluster?.join.inventory.doneAt ?? null
  if (listed !== null && item.seenAt > listed + slack && !(item.seenAt < created + slack))
    return { at: item.seenAt, word: "changed" }
  return Number.isNaN(created) ? undefined : { at: created, word: "created" }
}

function objectChange(item: InventoryItem, clusters: ReadonlyMap<string, ClusterInfo>): Change | undefined {
  const { object } = item
  const rollout = object.kind === "ReplicaSet"
  const found = moment(item, clusters.get(item.cluster))
  if (!found) return undefined
  // Status and scale of a replica set change all the time: only its making is a rollout.
  const created = Date.parse(object.metadata.creationTimestamp ?? "")
  const { at, word } = rollout ? { at: created, word: "created" } : found
  if (Number.isNaN(at)) return undefined
  const place = [object.metadata.namespace, clusters.size > 1 ? item.clusterName : ""]
    .filter(Boolean)
    .join(", ")
  const kind = kindKeyOf(object)
  const image = imageOf(item)
  return {
    key: `${item.cluster}/${kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`,
    at,
    mark: rollout ? "deploy" : "config",
    title: rollout
      ? `${ownerName(item)} rolled out${image ? ` ${image}` : ""}`
      : `${object.kind} ${object.metadata.name}`,
    detail: rollout ? place : `${word} in ${place}`,
    object: {
      cluster: item.cluster,
      kind,
      namespace: object.metadata.namespace ?? "",
      name: object.metadata.name,
    },
  }
}

/** What changed, newest first: objects of the inventory and events of the links. Nothing later than `now` is believed. */
export function changesOf(
  items: readonly InventoryItem[],
  events: readonly { cluster: string; clusterName: string; event: LinkEvent }[],
  clusters: readonly ClusterInfo[],
  now: number,
): Change[] {
  const byId = new Map(clusters.map((cluster) => [cluster.clusterId, cluster]))
  return [
    ...items.flatMap((item) => {
      const change = objectChange(item, byId)
      return change ? [change] : []
    }),
    ...events.map(({ cluster, clusterName, event }, i): Change => ({
      key: `${cluster}/event/${event.at}/${i}`,
      at: event.at,
      mark: "link",
      title: event.message,
      detail: clusterName,
      object: undefined,
    })),
  ]
    .filter((change) => change.at <= now + 60_000)
    .sort((a, b) => b.at - a.at || (a.key < b.key ? -1 : 1))
}
