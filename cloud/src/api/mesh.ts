import type { Answer } from "#shared/api/client.ts"
import type { MeshDetail, MeshRow, TopologySources } from "#shared/api/mesh.ts"
import { AppError } from "#shared/error.ts"
import { isKubernetesName } from "#shared/kube/object.ts"
import { detailOf } from "#shared/topology/detail.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { rowsOf, worstFirst } from "#shared/topology/rows.ts"
import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import { seesNamespace } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { podsFor } from "../mesh/pods.ts"
import { sourcesOf } from "../mesh/sources.ts"
import { topologyOf } from "../mesh/topology.ts"
import type { Call } from "./call.ts"
import { chosenClusters } from "./chosen.ts"
import { type Place, fromCursor, toCursor } from "./cursor.ts"

type View = "service" | "workload"

const sourcesFor = async (
  cloud: Cloud,
  actor: Actor,
  ids: readonly string[] | undefined,
): Promise<TopologySources> => sourcesOf(cloud, actor, await chosenClusters(cloud, actor, ids))

export const getTopologySources = (
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"getTopologySources">,
): Promise<TopologySources> => sourcesFor(cloud, actor, query.cluster)

export async function getTopology(
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"getTopology">,
): Promise<TopologyDocument> {
  return topologyOf(cloud, await sourcesFor(cloud, actor, query.cluster), {
    view: query.view ?? "service",
    namespaces: [...new Set(query.namespace)].sort(),
    idle: query.idle === "true",
  })
}

type RowsQuery = Call<"listServices">["query"]

const filterOf = ({ namespace, q }: RowsQuery): ((row: MeshRow) => boolean) => {
  const namespaces = new Set(namespace ?? [])
  const text = q?.trim().toLowerCase() ?? ""
  return (row) =>
    (namespaces.size === 0 || namespaces.has(row.namespace)) &&
    (text === "" || row.name.toLowerCase().includes(text) || row.namespace.toLowerCase().includes(text))
}

const placeOf = ({ id, health, signals }: MeshRow): Place => [id, health.state, signals.requestsPerSecond]

/** Rows behind a place. The order moves with the traffic: the place is a position in the order, not the number of a row. */
function behind(rows: MeshRow[], place: Place | undefined): MeshRow[] {
  const [first] = rows
  if (!place || !first) return rows
  const [id, state, requestsPerSecond] = place
  const last: MeshRow = {
    ...first,
    id: String(id),
    health: { ...first.health, state: state as MeshRow["health"]["state"] },
    signals: {
      ...first.signals,
      requestsPerSecond: requestsPerSecond === null ? null : Number(requestsPerSecond),
    },
  }
  return rows.filter((row) => worstFirst(last, row) < 0 && row.id !== last.id)
}

async function listRows(
  cloud: Cloud,
  actor: Actor,
  view: View,
  query: RowsQuery,
): Promise<Answer<"listServices">> {
  const { organizationId } = actor
  const sources = await sourcesFor(cloud, actor, query.cluster)
  const document = topologyOf(cloud, sources, { view, idle: true })
  const scope = { organizationId, operation: `list ${view}`, query }
  const rows = behind(rowsOf(document).filter(filterOf(query)), fromCursor(scope, query.cursor))
  const items = rows.slice(0, query.limit ?? 1000)
  const last = items.at(-1)
  return {
    items,
    cursor: last && items.length < rows.length ? toCursor(scope, placeOf(last)) : null,
    notices: document.notices.map(({ code, cluster, message }) => ({ code, cluster, message })),
  }
}

export const listServices = (
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"listServices">,
): Promise<Answer<"listServices">> => listRows(cloud, actor, "service", query)

export const listWorkloads = (
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"listWorkloads">,
): Promise<Answer<"listWorkloads">> => listRows(cloud, actor, "workload", query)

async function detail(
  cloud: Cloud,
  actor: Actor,
  view: View,
  params: Call<"getService">["params"],
): Promise<MeshDetail> {
  const { clusterId } = await clusterFor(cloud, actor, params.cluster)
  const isName = isKubernetesName(params.namespace) && isKubernetesName(params.name)
  if (isName && seesNamespace(actor.sight, params.namespace)) {
    const { organizationId } = actor
    const sources = await sourcesOf(cloud, actor, await clustersFor(cloud, actor))
    const target = { view, ...params, now: cloud.now() }
    const pods = await podsFor(cloud, { organizationId, clusterId }, sources, target)
    const found = detailOf(sources, target, pods)
    if (found) return found
  }
  throw new AppError(
    `${view}.not_found`,
    `no ${view} ${params.namespace}/${params.name} in ${params.cluster}, neither in the inventory nor in the traffic`,
  )
}

export const getService = (cloud: Cloud, actor: Actor, { params }: Call<"getService">): Promise<MeshDetail> =>
  detail(cloud, actor, "service", params)

export const getWorkload = (
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"getWorkload">,
): Promise<MeshDetail> => detail(cloud, actor, "workload", params)
