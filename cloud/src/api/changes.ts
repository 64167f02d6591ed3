import type { Answer } from "#shared/api/client.ts"
import { AppError } from "#shared/error.ts"
import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import { seesNamespace } from "../auth/sight.ts"
import { accessOf } from "../change/access.ts"
import { trafficAround } from "../change/around.ts"
import { callersOf } from "#shared/edit/traffic-effect.ts"
import { readControl } from "#shared/edit/controls.ts"
import * as Create from "../change/create.ts"
import { advance } from "../change/deliver.ts"
import { historyPage } from "../change/history.ts"
import * as Preview from "../change/preview.ts"
import * as Release from "../change/release.ts"
import { notFound } from "../change/undo.ts"
import { seenBy } from "../change/view.ts"
import { worldOf } from "../change/world.ts"
import type { Cloud } from "../cloud.ts"
import { withEngine } from "../mesh/mesh-engine.ts"
import { liveOf } from "../mesh/live.ts"
import { sourcesOf } from "../mesh/sources.ts"
import type { Call } from "./call.ts"
import { chosenClusters } from "./chosen.ts"
import { cursorInvalid, fromCursor, toCursor } from "./cursor.ts"

export async function getControl(
  cloud: Cloud,
  actor: Actor,
  { params, query }: Call<"getControl">,
): Promise<Answer<"getControl">> {
  const cluster = await clusterFor(cloud, actor, params.cluster)
  if (query.namespace !== undefined && !seesNamespace(actor.sight, query.namespace))
    throw new AppError(
      "service.not_found",
      `no service ${query.namespace}/${query.service ?? ""} in ${cluster.name}`,
    )
  const clusters = await clustersFor(cloud, actor)
  const live = liveOf(cloud, await sourcesOf(cloud, actor, clusters), cluster.clusterId)
  return withEngine(cloud, actor.organizationId, clusters, (engine) => {
    const world = worldOf(engine, cluster.clusterId, callersOf(live))
    const reading = readControl(params.control, world, query)
    // What the engine holds is not handed out.
    return structuredClone({ ...reading, cluster: cluster.clusterId }) as Answer<"getControl">
  })
}

export const getAccess = async (
  cloud: Cloud,
  actor: Actor,
  { params, query }: Call<"getAccess">,
): Promise<Answer<"getAccess">> =>
  accessOf(cloud, actor, await clusterFor(cloud, actor, params.cluster), query.namespace)

export const previewChange = (
  cloud: Cloud,
  actor: Actor,
  { query, body }: Call<"previewChange">,
): Promise<Answer<"previewChange">> =>
  Preview.previewChange(cloud, actor, body, query.check === "false" ? "know" : "ask")

export const createChange = (
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createChange">,
): Promise<Answer<"createChange">> => Create.createChange(cloud, actor, body)

/** Whether this is where a page may end. */
const isPlace = (place: unknown): place is string =>
  typeof place === "string" && /^chg_[0-9A-HJKMNP-TV-Z]{26}$/.test(place)

export async function listChanges(
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"listChanges">,
): Promise<Answer<"listChanges">> {
  const { cluster, cursor, limit = 100, ...rest } = query
  const chosen = cluster && (await chosenClusters(cloud, actor, cluster))
  const scope = { organizationId: actor.organizationId, operation: "listChanges", query }
  const place = fromCursor(scope, cursor)
  if (place && !isPlace(place[0])) throw cursorInvalid()
  const { items, last } = await historyPage(cloud, actor, {
    ...rest,
    clusters: chosen?.map(({ clusterId }) => clusterId),
    limit,
    after: place && String(place[0]),
  })
  return { items, cursor: last === undefined ? null : toCursor(scope, [last]), notices: [] }
}

export async function getChange(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"getChange">,
): Promise<Answer<"getChange">> {
  // Who looks at it also brings it on, should whoever was to do so have died.
  const now = await advance(cloud, actor.organizationId, params.change)
  const change = now && seenBy(actor, now.change)
  if (!change) throw notFound(params.change)
  return { ...change, traffic: await trafficAround(cloud, actor, change) }
}

export const releaseChange = (
  cloud: Cloud,
  actor: Actor,
  { params, body }: Call<"releaseChange">,
): Promise<Answer<"releaseChange">> => Release.releaseChange(cloud, actor, params.change, body.assertion)
