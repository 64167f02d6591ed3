import { type BucketSum, emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { factId, factsOf } from "#shared/topology/facts.ts"
import type { Cloud } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Inventory from "./inventory.ts"

/** A cluster of an organization: whose inventory this is. */
export type Owner = { organizationId: string; clusterId: string }
export type Ref = { kind: string; namespace: string; name: string }
export type StoredObject = { object: KubeObject; seenAt: number }

/** What a write did, for the consoles that watch: only what really changed. */
export type Changes = { put: KubeObject[]; remove: Ref[]; facts: { put: TopologyFact[]; remove: string[] } }

export const noChanges = (): Changes => ({ put: [], remove: [], facts: { put: [], remove: [] } })

const parallel = 16

const toObject = (item: Item): StoredObject => ({
  object: JSON.parse(String(item["o"])) as KubeObject,
  seenAt: Number(item["at"]),
})

const objectItem = (
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  object: KubeObject,
  v: number,
): Item => {
  const { kind, namespace, name } = refOf(object)
  return {
    ...key.object(organizationId, clusterId, kind, namespace, name),
    o: JSON.stringify(object),
    h: objectHash(object),
    v,
    at: cloud.now(),
  }
}

const factItem = ({ organizationId, clusterId }: Owner, fact: TopologyFact): Item => ({
  ...key.fact(organizationId, clusterId, fact.id),
  f: JSON.stringify(fact),
})

/** Runs `work` over the items, some at a time, keeping the order of each key's own calls out of it: items must be independent. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: Math.min(parallel, queue.length) }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}

export async function readSum(
  cloud: Cloud,
  owner: Owner,
  kind: string,
  namespace: string,
): Promise<BucketSum> {
  const { pk, sk } = key.bucket(owner.organizationId, owner.clusterId, kind, namespace)
  const item = await cloud.table.get(pk, sk)
  return item ? { hash: Number(item["hash"]), count: Number(item["count"]) } : emptySum
}

async function writeSum(
  cloud: Cloud,
  owner: Owner,
  bucket: { kind: string; namespace: string },
  sum: BucketSum,
): Promise<void> {
  const at = key.bucket(owner.organizationId, owner.clusterId, bucket.kind, bucket.namespace)
  if (sum.count <= 0) await cloud.table.remove(at.pk, at.sk)
  else await cloud.table.put({ ...at, ...bucket, ...sum })
}

/** All buckets that hold something. */
export async function sums(
  cloud: Cloud,
  owner: Owner,
): Promise<{ kind: string; namespace: string; sum: BucketSum }[]> {
  const items = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), {
    prefix: "bucket#",
  })
  return items.map((item) => ({
    kind: String(item["kind"]),
    namespace: String(item["namespace"]),
    sum: { hash: Number(item["hash"]), count: Number(item["count"]) },
  }))
}

async function writeFacts(cloud: Cloud, owner: Owner, changes: Changes): Promise<void> {
  await cloud.table.batch(
    changes.facts.put.map((fact) => factItem(owner, fact)),
    changes.facts.remove.map((id) => key.fact(owner.organizationId, owner.clusterId, id)),
  )
}

/**
 * Live changes. `v` orders writers: what a later session or message wrote is never overwritten by an earlier one. The objects are
 * written before the sums, so that a crash between them leaves a sum that differs and is put right by the next comparison.
 */
export async function applyDelta(
  cloud: Cloud,
  owner: Owner,
  v: number,
  delta: { put: readonly KubeObject[]; remove: readonly Ref[] },
): Promise<Changes> {
  const changes = noChanges()
  const moves = new Map<
    string,
    { kind: string; namespace: string; moved: [number | undefined, number | undefined][] }
  >()
  const moved = (ref: Ref, before: number | undefined, after: number | undefined): void => {
    const at = `${ref.kind}#${ref.namespace}`
    const bucket = moves.get(at) ?? { kind: ref.kind, namespace: ref.namespace, moved: [] }
    bucket.moved.push([before, after])
    moves.set(at, bucket)
  }
  const newer = { expression: "attribute_not_exists(v) OR v <= :v", values: { v } }
  await each(delta.put, async (object) => {
    const item = objectItem(cloud, owner, object, v)
    const done = await cloud.table.put(item, newer)
    if (!done) return
    const before = done.before?.["h"] as number | undefined
    moved(refOf(object), before, item["h"] as number)
    if (before === item["h"]) return
    changes.put.push(object)
    noteFacts(changes, object, done.before)
  })
  await each(delta.remove, async (ref) => {
    const at = key.object(owner.organizationId, owner.clusterId, ref.kind, ref.namespace, ref.name)
    const before = await cloud.table.remove(at.pk, at.sk, newer)
    if (!before) return
    moved(ref, before["h"] as number, undefined)
    changes.remove.push(ref)
    changes.facts.remove.push(factId(ref.kind, ref.namespace, ref.name))
  })
  await writeFacts(cloud, owner, changes)
  for (const bucket of moves.values()) {
    const sum = await readSum(cloud, owner, bucket.kind, bucket.namespace)
    const after = bucket.moved.reduce((total, [old, next]) => moveSum(total, old, next), sum)
    await writeSum(cloud, owner, bucket, after)
  }
  return changes
}

/** Facts that this object leaves; one that leaves none any more has its old one removed. */
function noteFacts(changes: Changes, object: KubeObject, before: Item | undefined): void {
  const { kind, namespace, name } = refOf(object)
  const facts = factsOf(object)
  changes.facts.put.push(...facts)
  if (facts.length > 0 || !before) return
  if (factsOf(toObject(before).object).length > 0) changes.facts.remove.push(factId(kind, namespace, name))
}

const prefixOf = (owner: Owner, kind: string, namespace: string): string =>
  key.object(owner.organizationId, owner.clusterId, kind, namespace, "").sk

/**
 * Makes the names in `(after, upTo]` of a bucket equal to the list. The last range of a bucket derives its sum again from what is
 * stored, so that whatever went wrong before is over.
 */
export async function applyBucket(
  cloud: Cloud,
  owner: Owner,
  v: number,
  range: {
    kind: string
    namespace: string
    after: string
    upTo: string | null
    objects: readonly KubeObject[]
  },
): Promise<Changes> {
  const changes = noChanges()
  const own = partition.cluster(owner.organizationId, owner.clusterId)
  const prefix = prefixOf(owner, range.kind, range.namespace)
  const stored = await cloud.table.all(own, {
    from: prefix + range.after,
    to: prefix + (range.upTo ?? "\u{10ffff}"),
  })
  const left = new Map(stored.map((item) => [item.sk.slice(prefix.length), item]))
  left.delete(range.after)
  const put: Item[] = []
  for (const object of range.objects) {
    const item = objectItem(cloud, owner, object, v)
    const before = left.get(object.metadata.name)
    left.delete(object.metadata.name)
    if (before?.["h"] === item["h"]) continue
    put.push(item)
    changes.put.push(object)
    noteFacts(changes, object, before)
  }
  for (const name of left.keys()) {
    const ref = { kind: range.kind, namespace: range.namespace, name }
    changes.remove.push(ref)
    changes.facts.remove.push(factId(ref.kind, ref.namespace, ref.name))
  }
  await cloud.table.batch(
    put,
    [...left.values()].map(({ pk, sk }) => ({ pk, sk })),
  )
  await writeFacts(cloud, owner, changes)
  if (range.upTo === null) {
    const all = await cloud.table.all(own, { prefix })
    const sum = all.reduce((total, item) => moveSum(total, undefined, item["h"] as number), emptySum)
    await writeSum(cloud, owner, range, sum)
  }
  return changes
}

/** Empties a bucket that the agent no longer has. */
export const clearBucket = (
  cloud: Cloud,
  owner: Owner,
  v: number,
  bucket: { kind: string; namespace: string },
): Promise<Changes> => applyBucket(cloud, owner, v, { ...bucket, after: "", upTo: null, objects: [] })

/** The version of the facts. Read it before them: what is read afterwards is at least as new. */
export async function factsVersion(cloud: Cloud, owner: Owner): Promise<number> {
  const { pk, sk } = key.factsVersion(owner.organizationId, owner.clusterId)
  const item = await cloud.table.get(pk, sk)
  return Number(item?.["version"] ?? 0)
}

export async function facts(cloud: Cloud, owner: Owner): Promise<TopologyFact[]> {
  const items = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), {
    prefix: "fact#",
  })
  return items.map((item) => JSON.parse(String(item["f"])) as TopologyFact)
}

/** A page of a kind, in order of namespace and name. `after` is the last object's `namespace#name`. */
export async function page(
  cloud: Cloud,
  owner: Owner,
  kind: string,
  { namespace, after, limit }: { namespace?: string; after?: string; limit: number },
): Promise<{ items: StoredObject[]; last: string | undefined }> {
  const all = `object#${kind}#`
  const prefix = namespace === undefined ? all : prefixOf(owner, kind, namespace)
  const { items, last } = await cloud.table.page(partition.cluster(owner.organizationId, owner.clusterId), {
    prefix,
    limit,
    ...(after === undefined ? {} : { after: all + after }),
  })
  return { items: items.map(toObject), last: last?.slice(all.length) }
}

export async function read(cloud: Cloud, owner: Owner, ref: Ref): Promise<StoredObject | undefined> {
  const at = key.object(owner.organizationId, owner.clusterId, ref.kind, ref.namespace, ref.name)
  const item = await cloud.table.get(at.pk, at.sk)
  return item && toObject(item)
}

/** All objects of a kind, of one namespace or of all. */
export async function all(
  cloud: Cloud,
  owner: Owner,
  kind: string,
  namespace?: string,
): Promise<KubeObject[]> {
  const prefix = namespace === undefined ? `object#${kind}#` : prefixOf(owner, kind, namespace)
  const items = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), { prefix })
  return items.map((item) => toObject(item).object)
}

/** All objects of a kind and namespace whose name begins as given. */
export async function beginning(cloud: Cloud, owner: Owner, ref: Ref): Promise<KubeObject[]> {
  const prefix = prefixOf(owner, ref.kind, ref.namespace) + ref.name
  const items = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), { prefix })
  return items.map((item) => toObject(item).object)
}
