import type { Change, ChangeDetail } from "#shared/api/change.ts"
import { indexedCluster } from "#shared/topology/build.ts"
import { seriesOf } from "#shared/topology/series.ts"
import { type Actor, clustersFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { sourcesOf } from "../mesh/sources.ts"
import { Ticks } from "../store/tick.ts"

type Around = ChangeDetail["traffic"][number]["before"]

const aroundMs = 5 * 60_000
const minuteMs = 60_000

const mean = (values: readonly (number | null)[], weights: readonly (number | null)[]): number | null => {
  let sum = 0
  let weight = 0
  values.forEach((value, i) => {
    const own = weights[i] ?? 0
    if (value === null || own <= 0) return
    sum += value * own
    weight += own
  })
  return weight === 0 ? null : sum / weight
}

const none: Around = { requestsPerSecond: null, errorRatio: null, p95Ms: null }

/** Signals of a change's services in the five minutes before it and after it, where they were measured. */
export async function trafficAround(
  cloud: Cloud,
  actor: Actor,
  { at, endedAt, clusters, services }: Change,
): Promise<ChangeDetail["traffic"]> {
  if (services.length === 0) return []
  const ids = clusters.map(({ cluster }) => cluster)
  const known = (await clustersFor(cloud, actor)).filter(({ clusterId }) => ids.includes(clusterId))
  const sources = await sourcesOf(cloud, actor, known)
  const windows = {
    before: [at - aroundMs, at - 1],
    after: [(endedAt ?? at) + 1, (endedAt ?? at) + aroundMs],
  } as const
  const found = await Promise.all(
    sources.clusters.map(async (source) => {
      const owner = { organizationId: actor.organizationId, clusterId: source.cluster }
      const indexed = indexedCluster(source)
      const [before, after] = await Promise.all(
        [windows.before, windows.after].map(async ([from, to]) => {
          // A tick has the key of its minute.
          const ticks = await Ticks.range(cloud, owner, from - minuteMs, to)
          return ticks.filter(({ tick }) => tick.at >= from && tick.at <= to)
        }),
      )
      const signalsOf = (
        service: string,
        ticks: typeof before,
        [from, to]: readonly [number, number],
      ): Around => {
        if (!ticks || ticks.length === 0) return none
        const id = `svc/${source.cluster}/${service}`
        const range = { from: Math.max(0, from), to, stepMs: minuteMs }
        const series = seriesOf(id, [{ indexed, ticks }], range)
        const rates = series.requestsPerSecond.filter((rate) => rate !== null)
        return {
          requestsPerSecond:
            rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
          errorRatio: mean(series.errorRatio, series.requestsPerSecond),
          p95Ms: mean(series.p95, series.requestsPerSecond),
        }
      }
      return services.map((service) => ({
        cluster: source.cluster,
        service,
        before: signalsOf(service, before, windows.before),
        after: signalsOf(service, after, windows.after),
      }))
    }),
  )
  return found.flat()
}
