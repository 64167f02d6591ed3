import type { World } from "#shared/edit/world.ts"
import type { Engine } from "#shared/validation/engine/engine.ts"

/** A cluster as the engine of its mesh holds it: nothing is copied, and nothing is built. Good while the engine is lent (mesh-engine.ts). */
export function worldOf(engine: Engine, clusterId: string, callers?: World["callers"]): World {
  const cluster = engine.cluster(clusterId)
  return {
    object: (ref) => engine.object(clusterId, ref),
    list: (kind, namespace) =>
      namespace === undefined ? cluster.all(kind) : cluster.inNamespace(kind, namespace),
    mesh: cluster.mesh,
    ...(callers ? { callers } : {}),
    serves(kind) {
      const state = cluster.states.get(kind)?.state
      return state !== undefined && state !== "absent"
    },
  }
}
