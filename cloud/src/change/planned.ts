import type { ChangeRequest } from "#shared/api/change.ts"
import type { Live } from "#shared/edit/traffic-effect.ts"
import type { Engine } from "#shared/validation/engine/engine.ts"
import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { type Listed, listedClusters } from "../mesh/finding-item.ts"
import { withEngine } from "../mesh/mesh-engine.ts"
import { liveOf } from "../mesh/live.ts"
import { sourcesOf } from "../mesh/sources.ts"
import type { Clusters } from "../store/cluster.ts"
import { type Asked, type Draft, draftOf } from "./draft.ts"
import { invalid } from "./invalid.ts"
import { type Undoing, undoingOf } from "./undo.ts"

/** What a request is about. */
export type Aim = { clusters: Clusters.Cluster[]; undoing: Undoing | undefined }

/** The clusters, each looked up, and the change that is undone. @throws AppError */
export async function aimOf(cloud: Cloud, actor: Actor, { intent, clusters }: ChangeRequest): Promise<Aim> {
  const undoing = intent.control === "undo" ? await undoingOf(cloud, actor, intent.changeId) : undefined
  const ids = undoing ? [...undoing.done.keys()] : [...new Set(clusters)]
  if (ids.length === 0) throw invalid("clusters", "name at least one cluster, by its id")
  return { clusters: await Promise.all(ids.map((id) => clusterFor(cloud, actor, id))), undoing }
}

export type Planned = { engine: Engine; draft: Draft; byId: Listed["byId"]; live: Asked["live"] }

/** plan: only what decides what is written. */
type Request = { request: ChangeRequest; aim: Aim; wants: "plan" | "traffic" }

/** Plans a request on what is there now. `body` has the engine to itself, and must not keep it. @throws AppError */
export async function planned<T>(
  cloud: Cloud,
  actor: Actor,
  { request, aim, wants }: Request,
  body: (planned: Planned) => T,
): Promise<T> {
  const { intent } = request
  const all = await clustersFor(cloud, actor)
  const isMeasured = wants === "traffic" || intent.control === "mtls"
  const [{ byId }, sources] = await Promise.all([
    listedClusters(cloud, actor),
    isMeasured ? sourcesOf(cloud, actor, all) : { clusters: [] },
  ])
  const live = (cluster: string): Live => liveOf(cloud, sources, cluster)
  const asked: Asked = { intent, undoing: aim.undoing, sight: actor.sight, live }
  return withEngine(cloud, actor.organizationId, all, (engine) =>
    body({ engine, draft: draftOf(engine, aim.clusters, asked), byId, live }),
  )
}
