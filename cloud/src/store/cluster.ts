import type { Who } from "#shared/act/policy.ts"
import { type ActInstall, LinkEvent, type WriteFamily } from "#shared/api/cluster.ts"
import { AppError } from "#shared/error.ts"
import type { Status } from "#shared/protocol/message/status.ts"
import { type Cloud, newId, secondsOf } from "../cloud.ts"
import { type IsNamed, claimName, freeName } from "./cluster-name.ts"
import { finishRemovals, isRemoved } from "./cluster-removal.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Clusters from "./cluster.ts"
export { remove, removeKeys } from "./cluster-removal.ts"

/** What a person decided, and the moments of the join. */
export type Cluster = {
  clusterId: string
  name: string
  createdAt: number
  createdBy: string
  write: WriteFamily[]
  act: ActInstall
  /** Whom the starting policy maps. */
  addedBy: Who[]
  /** The manifest carries a policy: only where none can be there, or where that was asked for. */
  carriesPolicy: boolean
  clusterUid: string | null
  agentVersion: string | null
  kubernetesVersion: string | null
  revokedAt: number | null
  tokenExpiresAt: number | null
  /** Hash of the newest join token: the one before it is taken out when another is made. */
  tokenHash: string | null
  manifestFetchedAt: number | null
  connectedAt: number | null
  identifiedAt: number | null
  inventoryDoneAt: number | null
  firstMetricsAt: number | null
}

export type StoredStatus = Omit<Status, "type" | "seq">

const noAct: ActInstall = { mode: "off", users: [], groups: [] }
const nothing: Omit<Cluster, "clusterId" | "name" | "createdAt" | "createdBy" | "write"> = {
  act: noAct,
  addedBy: [],
  carriesPolicy: false,
  clusterUid: null,
  agentVersion: null,
  kubernetesVersion: null,
  revokedAt: null,
  tokenExpiresAt: null,
  tokenHash: null,
  manifestFetchedAt: null,
  connectedAt: null,
  identifiedAt: null,
  inventoryDoneAt: null,
  firstMetricsAt: null,
}

const strip = ({ pk: _pk, sk: _sk, ttl: _ttl, ...rest }: Item): Record<string, unknown> => rest
const toCluster = (item: Item): Cluster => ({ ...nothing, ...strip(item) }) as unknown as Cluster
const isThere = { expression: "attribute_exists(pk) AND attribute_not_exists(removedAt)" }
const eventKeptMs = 30 * 24 * 60 * 60_000

/** @throws AppError cluster.name_taken */
export async function create(
  cloud: Cloud,
  organizationId: string,
  input: Pick<Cluster, "name" | "write" | "createdBy"> & Partial<Pick<Cluster, "act" | "addedBy">>,
): Promise<Cluster> {
  await finishRemovals(cloud, organizationId)
  const clusterId = newId("cls")
  await claimName(cloud, { organizationId, clusterId }, input.name, isNamed)
  const cluster: Cluster = { ...nothing, clusterId, ...input, createdAt: cloud.now(), carriesPolicy: true }
  await cloud.table.put({ ...key.clusterOwner(clusterId), organizationId })
  await cloud.table.put({ ...key.cluster(organizationId, clusterId), ...cluster })
  return cluster
}

const isNamed: IsNamed = async (cloud, { organizationId, clusterId }, name) =>
  (await find(cloud, organizationId, clusterId))?.name === name

export const notFound = (clusterId: string): AppError =>
  new AppError("cluster.not_found", `no cluster ${clusterId} in this organization`)

export async function find(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
): Promise<Cluster | undefined> {
  const { pk, sk } = key.cluster(organizationId, clusterId)
  const item = await cloud.table.get(pk, sk)
  return item && !isRemoved(item) ? toCluster(item) : undefined
}

/** @throws AppError cluster.not_found */
export async function read(cloud: Cloud, organizationId: string, clusterId: string): Promise<Cluster> {
  const cluster = await find(cloud, organizationId, clusterId)
  if (!cluster) throw notFound(clusterId)
  return cluster
}

export const list = async (cloud: Cloud, organizationId: string): Promise<Cluster[]> =>
  (await cloud.table.all(partition.organization(organizationId), { prefix: "cluster#" }))
    .filter((item) => !isRemoved(item))
    .map(toCluster)

/** The organization of a cluster that an agent names; undefined for none. */
export async function ownerOf(cloud: Cloud, clusterId: string): Promise<string | undefined> {
  const { pk, sk } = key.clusterOwner(clusterId)
  const item = await cloud.table.get(pk, sk)
  return item && String(item["organizationId"])
}

export async function change(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  set: Partial<Cluster>,
): Promise<Cluster> {
  const item = await cloud.table.update(key.cluster(organizationId, clusterId), set, { condition: isThere })
  if (!item) throw notFound(clusterId)
  return toCluster(item)
}

/** A new life for the cluster, granted by its newest join token; false when that was replaced or revoked meanwhile. */
export const rejoin = async (
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  tokenHash: string,
  set: Pick<Cluster, "clusterUid" | "agentVersion" | "kubernetesVersion">,
): Promise<boolean> => {
  const fresh = {
    revokedAt: null,
    connectedAt: null,
    identifiedAt: null,
    inventoryDoneAt: null,
    firstMetricsAt: null,
  }
  const condition = {
    expression: `${isThere.expression} AND tokenHash = :tokenHash`,
    values: { tokenHash },
  }
  const at = key.cluster(organizationId, clusterId)
  return (await cloud.table.update(at, { ...set, ...fresh }, { condition })) !== false
}

/** Sets a moment of the join once. */
export async function reached(
  cloud: Cloud,
  organizationId: string,
  cluster: Cluster,
  moment: "connectedAt" | "identifiedAt" | "inventoryDoneAt" | "firstMetricsAt" | "manifestFetchedAt",
): Promise<void> {
  if (cluster[moment] === null)
    await change(cloud, organizationId, cluster.clusterId, { [moment]: cloud.now() })
}

export async function rename(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  name: string,
): Promise<Cluster> {
  const before = await read(cloud, organizationId, clusterId)
  if (before.name === name) return before
  await claimName(cloud, { organizationId, clusterId }, name, isNamed)
  const after = await change(cloud, organizationId, clusterId, { name })
  await freeName(cloud, { organizationId, clusterId }, before.name)
  return after
}

export async function readStatus(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
): Promise<StoredStatus | undefined> {
  const { pk, sk } = key.status(organizationId, clusterId)
  const item = await cloud.table.get(pk, sk)
  return item && (JSON.parse(String(item["status"])) as StoredStatus)
}

export async function writeStatus(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  status: StoredStatus,
): Promise<void> {
  await cloud.table.put({ ...key.status(organizationId, clusterId), status: JSON.stringify(status) })
}

/** Events of one millisecond keep the order in which a link goes through them. */
const tailOf = (kind: LinkEvent["kind"]): string =>
  `${String(LinkEvent.shape.kind.options.indexOf(kind)).padStart(2, "0")}${newId("key").slice(-6)}`

/** Notes an event of the link, for 30 days. */
export async function note(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  event: Omit<LinkEvent, "at">,
): Promise<void> {
  const at = cloud.now()
  await cloud.table.put({
    ...key.event(organizationId, clusterId, at, tailOf(event.kind)),
    at,
    ...event,
    ttl: secondsOf(at + eventKeptMs),
  })
}

/** Whether this is where a page of events may end. */
export const isEventKey = (sk: unknown): sk is string =>
  typeof sk === "string" && /^event#\d{15}#\w{1,20}$/.test(sk)

export async function events(
  cloud: Cloud,
  organizationId: string,
  clusterId: string,
  page: { limit: number; after?: string },
): Promise<{ items: LinkEvent[]; last: string | undefined }> {
  const own = partition.cluster(organizationId, clusterId)
  const { items, last } = await cloud.table.page(own, { prefix: "event#", reverse: true, ...page })
  return {
    items: items.map((item) => ({
      at: Number(item["at"]),
      kind: item["kind"] as LinkEvent["kind"],
      message: String(item["message"]),
    })),
    last,
  }
}
