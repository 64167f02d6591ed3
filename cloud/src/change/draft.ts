import { createHash } from "node:crypto"
import type { ChangeRequest, ChangeStep, TrafficEffect } from "#shared/api/change.ts"
import { planOf } from "#shared/edit/controls.ts"
import type { Edit } from "#shared/edit/edit.ts"
import { inverseOf } from "#shared/edit/inverse.ts"
import { effectOf } from "#shared/edit/patch.ts"
import type { Plan, Warning } from "#shared/edit/plan.ts"
import { worldAfter } from "#shared/edit/overlay.ts"
import { type Live, callersOf, trafficEffect } from "#shared/edit/traffic-effect.ts"
import { type PlannedStep, stepsOf } from "#shared/edit/steps.ts"
import type { World } from "#shared/edit/world.ts"
import { AppError } from "#shared/error.ts"
import { canonicalJson } from "#shared/kube/bucket.ts"
import type { ObjectRef } from "#shared/kube/object.ts"
import type { WireStep } from "#shared/protocol/command.ts"
import type { Change as EngineChange, Engine } from "#shared/validation/engine/engine.ts"
import { type Sight, seesObject } from "../auth/sight.ts"
import type { Clusters } from "../store/cluster.ts"
import type { Undoing } from "./undo.ts"
import { worldOf } from "./world.ts"

/** What a change would be in one cluster. */
export type Part = { cluster: Clusters.Cluster; plan: Plan; steps: PlannedStep[] }
export type Refused = { cluster: Clusters.Cluster; error: AppError }
export type Draft = {
  /** Clusters in which something is to be done, in the order asked for. */
  parts: Part[]
  refused: Refused[]
  title: string
  services: string[]
  warnings: Warning[]
  /** Of the intent, and of everything it was planned on. */
  digest: string
}

export type Asked = {
  intent: ChangeRequest["intent"]
  undoing: Undoing | undefined
  sight: Sight
  /** What is measured of the calls in a cluster. */
  live(cluster: string): Live
}

export const wireOf = ({
  verb,
  object,
  apiVersion,
  resourceVersion,
  uid,
  patch,
  create,
  settleMs,
}: PlannedStep): WireStep => ({
  verb,
  object: { ...object },
  apiVersion,
  resourceVersion,
  uid,
  patch: patch && [...patch],
  create,
  ...(settleMs === 0 ? {} : { settleMs }),
})

export const toStep = (cluster: string, step: PlannedStep): ChangeStep => ({
  cluster,
  verb: step.verb,
  object: { ...step.object },
  resourceVersion: step.resourceVersion,
  before: step.before,
  after: step.after,
  why: step.why,
})

const nameOf = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind.split(".")[0] ?? kind} ${namespace === "" ? name : `${namespace}/${name}`}`

function undoPlan(undoing: Undoing, clusterId: string, world: World): Plan {
  const { edits, kept } = inverseOf(undoing.done.get(clusterId) ?? [], (ref) => world.object(ref))
  return {
    edits,
    title: `Undo: ${undoing.title}`,
    services: undoing.services,
    warnings: kept.map(({ object, path, message }) => ({
      code: "undo.kept",
      message: `${nameOf(object)} ${path}: ${message}`,
    })),
  }
}

/** What a caller does not read, it does not change either: what it would say of the object is more than it may know. */
function demandSight(sight: Sight, steps: readonly PlannedStep[]): void {
  const hidden = steps.find(({ object }) => !seesObject(sight, object))
  if (hidden)
    throw new AppError(
      "access.denied",
      `this change touches the namespace ${hidden.object.namespace}, which you do not read; an admin gives it to you in Settings, Members`,
    )
}

/** The calls are looked at when a control asks for them. */
const worldFor = (engine: Engine, { clusterId }: Clusters.Cluster, live: Asked["live"]): World =>
  worldOf(engine, clusterId, (service) => callersOf(live(clusterId))(service))

function partOf(engine: Engine, cluster: Clusters.Cluster, { intent, undoing, sight, live }: Asked): Part {
  const world = worldFor(engine, cluster, live)
  let plan: Plan
  if (intent.control !== "undo") plan = planOf(intent, world)
  else if (undoing) plan = undoPlan(undoing, cluster.clusterId, world)
  else throw new AppError("change.not_found", `no change ${intent.changeId} in this organization`)
  const steps = stepsOf(plan.edits, (ref) => world.object(ref))
  demandSight(sight, steps)
  return { cluster, plan, steps }
}

function digestOf(intent: Asked["intent"], parts: readonly Part[]): string {
  const basis = parts.map(({ cluster, steps }) => [cluster.clusterId, steps.map(wireOf)])
  return createHash("sha256")
    .update(canonicalJson([intent, basis]))
    .digest("base64url")
}

const unique = <T>(items: readonly T[], keyOf: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
]

/** Plans the change in each cluster. A cluster in which it cannot be is told of; when it can be in none, that is the error. @throws AppError */
export function draftOf(engine: Engine, clusters: readonly Clusters.Cluster[], asked: Asked): Draft {
  const refused: Refused[] = []
  const all = clusters.flatMap((cluster): Part[] => {
    try {
      return [partOf(engine, cluster, asked)]
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      refused.push({ cluster, error })
      return []
    }
  })
  const first = refused[0]
  if (all.length === 0 && first) throw first.error
  const parts = all.filter(({ steps }) => steps.length > 0)
  const told = parts.length > 0 ? parts : all
  return {
    parts,
    refused,
    title: told[0]?.plan.title ?? "",
    services: unique(
      told.flatMap(({ plan }) => plan.services),
      (name) => name,
    ),
    warnings: unique(
      all.flatMap(({ plan }) => plan.warnings),
      ({ code, message }) => `${code} ${message}`,
    ),
    digest: digestOf(asked.intent, parts),
  }
}

type Effect = NonNullable<ReturnType<typeof effectOf>>

const effectIn = (engine: Engine, { cluster, plan }: Part): Effect | undefined =>
  effectOf(plan.edits as Edit[], (ref) => engine.object(cluster.clusterId, ref))

/** What the edits make of the objects, in the words of the engine. */
export const effectsOf = (engine: Engine, parts: readonly Part[]): EngineChange[] =>
  parts.flatMap((part) => {
    const effect = effectIn(engine, part)
    return effect ? [{ cluster: part.cluster.clusterId, ...effect }] : []
  })

/** Where the requests to the services of a change go now, and would go. */
export const trafficOf = (engine: Engine, { parts, services }: Draft, live: Asked["live"]): TrafficEffect[] =>
  parts.flatMap((part) => {
    const { clusterId } = part.cluster
    const effect = effectIn(engine, part)
    if (!effect) return []
    const before = worldFor(engine, part.cluster, live)
    const after = worldAfter(before, effect)
    return trafficEffect({ cluster: clusterId, before, after, services, live: live(clusterId) })
  })
