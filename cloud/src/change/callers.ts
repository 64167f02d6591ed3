import type { Caller, World } from "#shared/edit/world.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import { isOld } from "#shared/topology/build.ts"
import type { SourceCluster } from "../mesh/sources.ts"

type Callers = NonNullable<World["callers"]>

const none: readonly Caller[] = []

/** By `namespace/name` of the service that is called. */
function callersIn(tick: PackedTick): Map<string, Caller[]> {
  const callers = new Map<string, Caller[]>()
  for (const { source, destination, requestsPerSecond, mtlsRatio } of unpackTick(tick).edges) {
    if (destination.service === "") continue
    const at = `${destination.serviceNamespace}/${destination.service}`
    const caller = {
      name: source.workload,
      namespace: source.namespace,
      // Where no proxy says how it came, nobody says that it came in plain text.
      mtls: mtlsRatio === null || mtlsRatio > 0.999,
      requestsPerSecond,
    }
    callers.set(at, [...(callers.get(at) ?? []), caller])
  }
  return callers
}

/** A tick is the same object for as long as it is the newest (mesh/memory.ts). */
const known = new WeakMap<PackedTick, Map<string, Caller[]>>()

/** Who calls the services of a cluster, by its newest numbers; undefined when there are none, or they say nothing of now any more. */
export function callersOf(source: SourceCluster, now: number): Callers | undefined {
  const tick = source.ticks.at(-1)
  if (!tick || isOld(source, now)) return undefined
  const callers = known.get(tick) ?? callersIn(tick)
  known.set(tick, callers)
  return ({ namespace, name }) => callers.get(`${namespace}/${name}`) ?? none
}
