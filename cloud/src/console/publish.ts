import { kindsNamed } from "#shared/kube/kinds.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { refOf } from "#shared/kube/object.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import { seesObject } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { watchesTopology } from "../link/pace.ts"
import { clusterInfo } from "../mesh/cluster-info.ts"
import { restrictedTick, seesFact, seesFactId } from "../mesh/restricted.ts"
import { Clusters } from "../store/cluster.ts"
import type { Inventory } from "../store/inventory.ts"
import { Watches } from "../store/watch.ts"
import { sendPatch } from "./patch.ts"

/** What came from a cluster and may concern a console. */
export type News =
  { type: "tick"; tick: PackedTick; late: boolean } | { type: "changes"; changes: Inventory.Changes }

const sees = ({ clusters }: Watches.Watch, clusterId: string): boolean =>
  clusters === null || clusters.includes(clusterId)

type ObjectFilter = (ref: Inventory.Ref) => boolean

/** Which objects of this cluster a subscription shows; undefined for none. */
function filterOf({ view }: Watches.Watch, clusterId: string): ObjectFilter | undefined {
  if (view.type === "objects") {
    if (view.clusters.length > 0 && !view.clusters.includes(clusterId)) return undefined
    const kinds = kindsNamed(view.kind).map(({ key }) => key)
    return ({ kind, namespace }) =>
      kinds.includes(kind) && (view.namespace === undefined || view.namespace === namespace)
  }
  if (view.type !== "object" || view.cluster !== clusterId) return undefined
  const kinds = kindsNamed(view.kind).map(({ key }) => key)
  return ({ kind, namespace, name }) =>
    kinds.includes(kind) && view.namespace === namespace && view.name === name
}

async function sendObjects(
  cloud: Cloud,
  { organizationId, clusterId }: Inventory.Owner,
  watch: Watches.Watch,
  changes: Inventory.Changes,
): Promise<void> {
  const wanted = filterOf(watch, clusterId)
  if (!wanted) return
  const shown = (ref: Inventory.Ref): boolean => wanted(ref) && seesObject(watch.sight, ref)
  const put = changes.put
    .filter((object: KubeObject) => shown(refOf(object)))
    .map((object) => ({ cluster: clusterId, object }))
  const remove = changes.remove.filter(shown).map((ref) => ({ cluster: clusterId, ...ref }))
  if (put.length + remove.length > 0)
    await sendPatch(cloud, organizationId, watch, { type: "objects", put, remove })
}

async function tell(cloud: Cloud, owner: Inventory.Owner, watch: Watches.Watch, news: News): Promise<void> {
  const { organizationId, clusterId } = owner
  if (!sees(watch, clusterId)) return
  if (!watchesTopology(watch, clusterId)) {
    if (news.type === "changes") await sendObjects(cloud, owner, watch, news.changes)
    return
  }
  if (news.type === "tick") {
    const { late } = news
    const tick = restrictedTick(watch.sight, news.tick)
    return sendPatch(cloud, organizationId, watch, { type: "tick", cluster: clusterId, late, tick })
  }
  const { facts } = news.changes
  const put = facts.put.filter((fact) => seesFact(watch.sight, fact))
  const remove = facts.remove.filter((id) => seesFactId(watch.sight, id))
  if (put.length + remove.length > 0)
    await sendPatch(cloud, organizationId, watch, { type: "facts", cluster: clusterId, put, remove })
}

/** One console that cannot be reached is no reason to fail for whoever brought the news, nor for the other consoles. */
export async function toEach(
  cloud: Cloud,
  watches: readonly Watches.Watch[],
  send: (watch: Watches.Watch) => Promise<void>,
): Promise<void> {
  await Promise.all(
    watches.map((watch) =>
      send(watch).catch((error: unknown) => {
        cloud.log.warn({ err: error, connection: watch.connection }, "a console was not told")
      }),
    ),
  )
}

/** Sends news of a cluster to the consoles of its organization that show it. `watches`: when the caller has them already. */
export async function publish(
  cloud: Cloud,
  owner: Inventory.Owner,
  news: News,
  watches?: readonly Watches.Watch[],
): Promise<void> {
  const all = watches ?? (await Watches.list(cloud, owner.organizationId))
  await toEach(cloud, all, (watch) => tell(cloud, owner, watch, news))
}

/** Sends what is known of a cluster now (or that it is gone) to the consoles that list clusters. */
export async function publishCluster(
  cloud: Cloud,
  owner: Inventory.Owner,
  watches?: readonly Watches.Watch[],
): Promise<void> {
  const all = watches ?? (await Watches.list(cloud, owner.organizationId))
  const listing = all.filter((watch) => watch.view.type === "clusters" && sees(watch, owner.clusterId))
  if (listing.length === 0) return
  const cluster = await Clusters.find(cloud, owner.organizationId, owner.clusterId)
  const put: ClusterInfo[] = cluster ? [await clusterInfo(cloud, owner.organizationId, cluster)] : []
  const remove = cluster ? [] : [owner.clusterId]
  await toEach(cloud, listing, (watch) =>
    sendPatch(cloud, owner.organizationId, watch, { type: "clusters", put, remove }),
  )
}
