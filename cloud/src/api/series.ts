import type { SignalSeries } from "#shared/api/mesh.ts"
import { AppError } from "#shared/error.ts"
import { indexedCluster } from "#shared/topology/build.ts"
import { seriesOf } from "#shared/topology/series.ts"
import { type Actor, clusterFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { restrictedTick } from "../mesh/restricted.ts"
import { sourcesOf } from "../mesh/sources.ts"
import { Ticks } from "../store/tick.ts"
import type { Call } from "./call.ts"
import { chosenClusters } from "./chosen.ts"

const hourMs = 60 * 60_000
const mostSteps = 2_000
/** Packed ticks of one answer: about a second of a processor to read. */
const mostTickBytes = 6 * 1024 * 1024

const invalid = (path: string, message: string): AppError =>
  new AppError("input.invalid", `${path}: ${message}`, { issues: [{ path, message }] })

function rangeOf(
  cloud: Cloud,
  query: Call<"getSeries">["query"],
): { from: number; to: number; stepMs: number } {
  const to = query.to ?? cloud.now()
  const from = query.from ?? Math.max(0, to - hourMs)
  const stepMs = query.stepMs ?? 60_000
  if (from > to) throw invalid("from", `${from} is after to, ${to}`)
  if (to - from > Ticks.tickKeptMs)
    throw invalid(
      "from",
      `history is kept for ${Ticks.tickKeptMs / (24 * hourMs)} days; ask for at most that much`,
    )
  if ((to - from) / stepMs > mostSteps)
    throw invalid(
      "stepMs",
      `gives more than ${mostSteps} points; take at least ${Math.ceil((to - from) / mostSteps)}`,
    )
  return { from, to, stepMs }
}

/** Clusters that an id names: they must be there for the caller, as everywhere. */
const clustersIn = (id: string): string[] => id.match(/cls_[0-9A-Z]{26}/g) ?? []

export async function getSeries(
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"getSeries">,
): Promise<SignalSeries> {
  await Promise.all(clustersIn(query.id).map((cluster) => clusterFor(cloud, actor, cluster)))
  const range = rangeOf(cloud, query)
  const { organizationId } = actor
  const sources = await sourcesOf(cloud, actor, await chosenClusters(cloud, actor, query.cluster))
  const clusters = await Promise.all(
    sources.clusters.map(async (source) => ({
      indexed: indexedCluster(source),
      ticks: (
        await Ticks.sampled(
          cloud,
          { organizationId, clusterId: source.cluster },
          range,
          mostTickBytes / sources.clusters.length,
        )
      ).map(({ tick, late }) => ({ tick: restrictedTick(actor.sight, tick), late })),
    })),
  )
  return seriesOf(query.id, clusters, range)
}
