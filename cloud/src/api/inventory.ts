import type { Answer } from "#shared/api/client.ts"
import type { InventoryItem, KindSummary } from "#shared/api/inventory.ts"
import { AppError } from "#shared/error.ts"
import { type KindSpec, inventoryKinds, kindsNamed } from "#shared/kube/kinds.ts"
import { isKubernetesName } from "#shared/kube/object.ts"
import type { KindState } from "#shared/protocol/message/status.ts"
import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import { seesObject } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { type ListedCluster, listedCluster, noticesOf, stateOf } from "../mesh/listed-cluster.ts"
import { type ListPlace, listPage } from "../mesh/object-list.ts"
import { Inventory } from "../store/inventory.ts"
import type { Call } from "./call.ts"
import { chosenClusters } from "./chosen.ts"
import { type Place, cursorInvalid, fromCursor, toCursor } from "./cursor.ts"

const kindsFor = (name: string): readonly KindSpec[] => {
  const kinds = kindsNamed(name)
  if (kinds.length === 0)
    throw new AppError("kind.not_found", `no kind "${name}"; GET /api/v1/kinds lists those there are`)
  return kinds
}

export async function listKinds(cloud: Cloud, actor: Actor): Promise<{ items: KindSummary[] }> {
  const clusters = await Promise.all(
    (await clustersFor(cloud, actor)).map((cluster) => listedCluster(cloud, actor.organizationId, cluster)),
  )
  const items = inventoryKinds.map(({ key, family, namespaced }) => ({
    kind: key,
    family,
    namespaced,
    clusters: clusters.flatMap((listed) => {
      const state = stateOf(listed, key)
      return state ? [{ cluster: listed.cluster.clusterId, state }] : []
    }),
  }))
  return { items }
}

/** A cursor's place, when it is one of this query: anybody can write a cursor. @throws AppError cursor.invalid */
function placeOf(
  place: Place | undefined,
  clusters: readonly ListedCluster[],
  kinds: readonly KindSpec[],
): ListPlace | undefined {
  if (!place) return undefined
  const [cluster, kind, after] = place
  const listed = clusters.some((one) => one.cluster.clusterId === cluster)
  const known = kinds.find(({ key }) => key === kind)
  const [namespace, name, ...rest] = typeof after === "string" ? after.split("#") : []
  const isName = name !== undefined && isKubernetesName(name) && rest.length === 0
  const inScope = namespace === "" ? known?.namespaced === false : isKubernetesName(namespace ?? "")
  if (typeof cluster !== "string" || !listed || !known || !isName || !inScope) throw cursorInvalid()
  return { cluster, kind: known.key, after: `${namespace ?? ""}#${name}` }
}

export async function listObjects(
  cloud: Cloud,
  actor: Actor,
  { params, query }: Call<"listObjects">,
): Promise<Answer<"listObjects">> {
  const kinds = kindsFor(params.kind)
  const { organizationId } = actor
  const chosen = await chosenClusters(cloud, actor, query.cluster)
  const clusters = await Promise.all(chosen.map((cluster) => listedCluster(cloud, organizationId, cluster)))
  const scope = { organizationId, operation: `listObjects ${kinds.map(({ key }) => key).join()}`, query }
  const page = await listPage(cloud, organizationId, {
    clusters,
    kinds,
    namespaces: query.namespace?.filter(isKubernetesName),
    sight: actor.sight,
    selector: query.selector,
    q: query.q,
    limit: query.limit ?? 100,
    from: placeOf(fromCursor(scope, query.cursor), clusters, kinds),
  })
  const { last } = page
  return {
    items: page.items,
    cursor: last ? toCursor(scope, [last.cluster, last.kind, last.after]) : null,
    notices: noticesOf(clusters, kinds),
  }
}

/** Why there is nothing: what may not be read is never said to be absent. */
function missing(listed: ListedCluster, kinds: readonly KindSpec[], what: string): AppError {
  const states = kinds.map(({ key }) => stateOf(listed, key)).filter((state) => state !== undefined)
  const blind = states.find(({ state }: KindState) => state !== "live")
  const because =
    states.length === 0
      ? `; the agent of ${listed.cluster.name} has not reported yet`
      : blind
        ? `; ${blind.kind} is ${blind.state} there${blind.reason === "" ? "" : `: ${blind.reason}`}`
        : ""
  return new AppError("object.not_found", `no ${what} in ${listed.cluster.name}${because}`)
}

export async function getObject(
  cloud: Cloud,
  actor: Actor,
  { params, query }: Call<"getObject">,
): Promise<InventoryItem> {
  const cluster = await clusterFor(cloud, actor, params.cluster)
  const kinds = kindsFor(params.kind)
  const { organizationId } = actor
  const owner = { organizationId, clusterId: cluster.clusterId }
  if (query.namespace === undefined && kinds.every(({ namespaced }) => namespaced))
    throw new AppError("input.invalid", `${params.kind} is in a namespace; name it with ?namespace=`, {
      issues: [{ path: "namespace", message: "is missing" }],
    })
  const listed = await listedCluster(cloud, organizationId, cluster)
  const askable = isKubernetesName(params.name) && isKubernetesName(query.namespace ?? "none")
  if (!askable) throw missing(listed, kinds, `${params.kind} ${params.name}`)
  const refs = kinds.map(({ key, namespaced }) => ({
    kind: key,
    namespace: namespaced ? (query.namespace ?? "") : "",
    name: params.name,
  }))
  const found = (
    await Promise.all(
      refs.map(async (ref) => {
        const stored = seesObject(actor.sight, ref) ? await Inventory.read(cloud, owner, ref) : undefined
        return stored ? [{ ...stored, kind: ref.kind }] : []
      }),
    )
  ).flat()
  const [first, second] = found
  if (!first) throw missing(listed, kinds, `${params.kind} ${params.name}`)
  if (second)
    throw new AppError(
      "input.invalid",
      `"${params.kind}" may mean ${first.kind} or ${second.kind}; name one`,
      {
        issues: [{ path: "kind", message: `write ${first.kind} or ${second.kind}` }],
      },
    )
  return listed.item(first.kind, first)
}
