import { objectHash } from "#shared/kube/bucket.ts"
import { inventoryKinds } from "#shared/kube/kinds.ts"
import type { KindState } from "#shared/protocol/message/status.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families } from "#shared/validation/families.ts"
import { findingKind } from "#shared/validation/finding-object.ts"
import { unreadKinds } from "#shared/validation/unread-kinds.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Inventory } from "../store/inventory.ts"
import type { Table } from "../store/table.ts"

/** What an engine holds of one bucket: its sum as it was read, and the hash of each object. */
type Held = { hash: number; count: number; objects: Map<string, number> }
type Entry = { engine: Engine; clusters: Map<string, Map<string, Held>>; turn: Promise<unknown> }

/** Engines of a process. One of a large mesh is about 100 MB. */
const mostEngines = 4

/** What goes by the time (certificates that expire) goes by the hour. */
const hourMs = 3_600_000

const engines = new WeakMap<Table, Map<string, Entry>>()

/** Kinds that no rule reads, and that are many. */
const unused = new Set([findingKind, "EndpointSlice.discovery.k8s.io", "ReplicaSet.apps"])

function entryOf(cloud: Cloud, id: string): Entry {
  let known = engines.get(cloud.table)
  if (known === undefined) engines.set(cloud.table, (known = new Map()))
  const held = known.get(id)
  const entry = held ?? { engine: new Engine({ families }), clusters: new Map(), turn: Promise.resolve() }
  known.delete(id)
  known.set(id, entry)
  for (const oldest of known.keys()) {
    if (known.size <= mostEngines) break
    known.delete(oldest)
  }
  return entry
}

async function syncBucket(
  cloud: Cloud,
  entry: Entry,
  owner: Inventory.Owner,
  bucket: { kind: string; namespace: string },
  held: Held | undefined,
): Promise<Map<string, number>> {
  const objects = new Map<string, number>()
  for (const object of await Inventory.all(cloud, owner, bucket.kind, bucket.namespace)) {
    const { name } = object.metadata
    const hash = objectHash(object)
    objects.set(name, hash)
    if (held?.objects.get(name) !== hash) entry.engine.put(owner.clusterId, object)
  }
  for (const name of held?.objects.keys() ?? [])
    if (!objects.has(name)) entry.engine.remove(owner.clusterId, { ...bucket, name })
  return objects
}

/** Reads again what changed since the last time, bucket by bucket. */
async function syncCluster(cloud: Cloud, entry: Entry, owner: Inventory.Owner): Promise<void> {
  const { engine } = entry
  engine.cluster(owner.clusterId)
  let held = entry.clusters.get(owner.clusterId)
  if (held === undefined) entry.clusters.set(owner.clusterId, (held = new Map()))
  const sums = await Inventory.sums(cloud, owner)
  const seen = new Set<string>()
  for (const { kind, namespace, sum } of sums) {
    if (unused.has(kind)) continue
    const id = `${kind}#${namespace}`
    seen.add(id)
    const before = held.get(id)
    if (before?.hash === sum.hash && before.count === sum.count) continue
    held.set(id, { ...sum, objects: await syncBucket(cloud, entry, owner, { kind, namespace }, before) })
  }
  for (const [id, { objects }] of held) {
    if (seen.has(id)) continue
    const at = id.indexOf("#")
    const bucket = { kind: id.slice(0, at), namespace: id.slice(at + 1) }
    for (const name of objects.keys()) engine.remove(owner.clusterId, { ...bucket, name })
    held.delete(id)
  }
}

/** An agent that is older than a kind says nothing of it; what it does not send is not known to be absent. */
const older = "the agent of this cluster is older than this server and does not report it"

function setStates(engine: Engine, clusterId: string, kinds: readonly KindState[]): void {
  const told = new Set(kinds.map(({ kind }) => kind))
  if (told.size > 0)
    for (const { key, family } of inventoryKinds)
      if (!told.has(key) && !unused.has(key) && family === "derived")
        engine.setState(clusterId, key, { state: "denied", reason: older })
  for (const { kind, state, reason } of kinds)
    if (kind !== findingKind) engine.setState(clusterId, kind, { state, reason })
  for (const [kind, reason] of Object.entries(unreadKinds))
    engine.setState(clusterId, kind, { state: "denied", reason })
}

/**
 * All rules over all these clusters, as the inventory has them now. What the process remembers is brought up to date by the sums of the buckets: only
 * what changed is read again. `body` has the engine to itself, and must not keep it.
 */
export async function withEngine<T>(
  cloud: Cloud,
  organizationId: string,
  clusters: readonly Clusters.Cluster[],
  body: (engine: Engine) => T,
): Promise<T> {
  const ids = clusters.map(({ clusterId }) => clusterId).sort()
  const entry = entryOf(cloud, [organizationId, ...ids].join("#"))
  const turn = entry.turn.then(async () => {
    for (const clusterId of ids) {
      const [status] = await Promise.all([
        Clusters.readStatus(cloud, organizationId, clusterId),
        syncCluster(cloud, entry, { organizationId, clusterId }),
      ])
      setStates(entry.engine, clusterId, status?.kinds ?? [])
    }
    entry.engine.setTime(Math.floor(cloud.now() / hourMs) * hourMs)
    return body(entry.engine)
  })
  // A read that failed left the engine between two states; the next one starts where it stopped, by the sums it holds.
  entry.turn = turn.catch(() => undefined)
  return turn
}
