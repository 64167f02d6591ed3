import type { ChangeRequest } from "#shared/api/change.ts"
import type { Engine } from "#shared/validation/engine/engine.ts"
import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { type Listed, listedClusters } from "../mesh/finding-item.ts"
import { withEngine } from "../mesh/mesh-engine.ts"
import { type SourceCluster, sourcesOf } from "../mesh/sources.ts"
import type { Clusters } from "../store/cluster.ts"
import { type Draft, draftOf } from "./draft.ts"
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

export type Planned = {
  engine: Engine
  draft: Draft
  byId: Listed["byId"]
  sources: ReadonlyMap<string, SourceCluster>
}

/** Signals decide about nothing but what is told of traffic: only where something is. */
async function measured(
  cloud: Cloud,
  actor: Actor,
  clusters: readonly Clusters.Cluster[],
): Promise<Map<string, SourceCluster>> {
  const sources = await sourcesOf(cloud, actor, clusters)
  return new Map(sources.clusters.map((source) => [source.cluster, source]))
}

/** Plans a request on what is there now. `body` has the engine to itself, and must not keep it. @throws AppError */
export async function planned<T>(
  cloud: Cloud,
  actor: Actor,
  { request, aim }: { request: ChangeRequest; aim: Aim },
  body: (planned: Planned) => T,
): Promise<T> {
  const [all, { byId }, sources] = await Promise.all([
    clustersFor(cloud, actor),
    listedClusters(cloud, actor),
    measured(cloud, actor, aim.clusters),
  ])
  const asked = {
    intent: request.intent,
    undoing: aim.undoing,
    sight: actor.sight,
    sources,
    now: cloud.now(),
  }
  return withEngine(cloud, actor.organizationId, all, (engine) =>
    body({ engine, draft: draftOf(engine, aim.clusters, asked), byId, sources }),
  )
}
