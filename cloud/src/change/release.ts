import type { Change } from "#shared/api/change.ts"
import { AppError } from "#shared/error.ts"
import { type Actor, clusterFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { ask } from "./ask.ts"
import { reachOf } from "./reach.ts"
import { changeFor } from "./undo.ts"

/** Lets go of guard and expiry in every cluster in which they are watched. @throws AppError */
export async function releaseChange(
  cloud: Cloud,
  actor: Actor,
  changeId: string,
  assertion: string | null,
): Promise<Change> {
  const { organizationId } = actor
  const { entry, change } = await changeFor(cloud, actor, changeId)
  if (change.watch?.state !== "watching") return change
  const open = change.clusters.filter(
    ({ cluster, state }) =>
      state === "done" && !entry.events.watched.has(cluster) && !entry.events.released.has(cluster),
  )
  const clusters = await Promise.all(open.map(({ cluster }) => clusterFor(cloud, actor, cluster)))
  for (const cluster of clusters) {
    const { away } = await reachOf(cloud, organizationId, cluster)
    if (away) throw new AppError("agent.away", away.message)
  }
  for (const cluster of clusters) {
    const owner = { organizationId, clusterId: cluster.clusterId }
    const outcome = await ask(cloud, owner, { type: "release", changeId }, { actor, assertion })
    if (!outcome)
      throw new AppError(
        "unavailable",
        `the agent of ${cluster.name} does not answer; the change is released as soon as it does`,
      )
    if (outcome.failure) throw new AppError("unavailable", `${cluster.name}: ${outcome.failure.message}`)
  }
  return (await changeFor(cloud, actor, changeId)).change
}
