import { emptySum, moveSum } from "#shared/kube/bucket.ts"
import { type KubeObject, kindKeyOf, refOf } from "#shared/kube/object.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { factId, factKinds, factsOf } from "#shared/topology/facts.ts"
import type { Cloud } from "../cloud.ts"
import { type BucketName, type Moves, addSum, noteMove, writeSum } from "./bucket-sum.ts"
import { each } from "./each.ts"
import { key, partition } from "./key.ts"
import { type StoredObject, objectItem, toObject } from "./object-item.ts"
import type { Owner } from "./owner.ts"
import { Previous } from "./previous.ts"
import type { Item } from "./table.ts"

export * as Inventory from "./inventory.ts"
export { readSum, sums } from "./bucket-sum.ts"
export type { StoredObject } from "./object-item.ts"
export type { Owner } from "./owner.ts"

export type Ref = { kind: string; namespace: string; name: string }

/** What a write did, for the consoles that watch: only what really changed. */
export type Changes = { put: KubeObject[]; remove: Ref[]; facts: { put: TopologyFact[]; remove: string[] } }

export const noChanges = (): Changes => ({ put: [], remove: [], facts: { put: [], remove: [] } })

/** Behind every name. */
const last = "\u{10ffff}"

const factItem = ({ organizationId, clusterId }: Owner, fact: TopologyFact, v: number): Item => ({
  ...key.fact(organizationId, clusterId, fact.id),
  f: JSON.stringify(fact),
  v,
})

/** Of a deployment more is derived than its fact (the control plane's version and cluster id). */
const concernsGraph = ({ facts, put, remove }: Changes): boolean =>
  facts.put.length > 0 ||
  facts.remove.length > 0 ||
  put.some((object) => kindKeyOf(object) === "Deployment.apps") ||
  remove.some(({ kind }) => kind === "Deployment.apps")

/** What processes remember of the facts is old from here on. After the facts, so that who reads the new version reads them. */
async function bumpFacts(cloud: Cloud, owner: Owner): Promise<void> {
  await cloud.table.update(
    key.factsVersion(owner.organizationId, owner.clusterId),
    {},
    { add: { version: 1 } },
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
  const moves = new Map<string, Moves>()
  const replaced: Previous.Replaced[] = []
  const newer = { expression: "attribute_not_exists(v) OR v <= :v", values: { v } }
  await each(delta.put, async (object) => {
    const item = objectItem(cloud, owner, object, v)
    const done = await cloud.table.put(item, newer)
    if (!done) return
    const before = done.before?.["h"] as number | undefined
    noteMove(moves, refOf(object), before, item["h"] as number)
    if (before === item["h"]) return
    changes.put.push(object)
    const version = object.metadata.resourceVersion ?? ""
    if (done.before) replaced.push({ ref: refOf(object), item: done.before, version })
    noteFacts(changes, object, done.before)
  })
  await each(delta.remove, async (ref) => {
    const at = key.object(owner.organizationId, owner.clusterId, ref.kind, ref.namespace, ref.name)
    const before = await cloud.table.remove(at.pk, at.sk, newer)
    if (!before) return
    noteMove(moves, ref, before["h"] as number, undefined)
    changes.remove.push(ref)
    replaced.push({ ref, item: before, version: Previous.gone })
    if (factKinds.includes(ref.kind)) changes.facts.remove.push(factId(ref.kind, ref.namespace, ref.name))
  })
  await Previous.keep(cloud, owner, replaced)
  await each(changes.facts.put, async (fact) => {
    await cloud.table.put(factItem(owner, fact, v), newer)
  })
  await each(changes.facts.remove, async (id) => {
    const at = key.fact(owner.organizationId, owner.clusterId, id)
    await cloud.table.remove(at.pk, at.sk, newer)
  })
  if (concernsGraph(changes)) await bumpFacts(cloud, owner)
  await each([...moves.values()], (bucket) => addSum(cloud, owner, bucket))
  return changes
}

/** Facts of this object that are not as before; one that leaves none any more has its old one removed. */
function noteFacts(changes: Changes, object: KubeObject, before: Item | undefined): void {
  const { kind, namespace, name } = refOf(object)
  const facts = factsOf(object)
  const old = before ? factsOf(toObject(before).object) : []
  if (facts.length === 0 && old.length > 0) changes.facts.remove.push(factId(kind, namespace, name))
  else if (JSON.stringify(facts) !== JSON.stringify(old)) changes.facts.put.push(...facts)
}

const prefixOf = (owner: Owner, kind: string, namespace: string): string =>
  key.object(owner.organizationId, owner.clusterId, kind, namespace, "").sk

export type BucketRange = BucketName & {
  after: string
  upTo: string | null
  objects: readonly KubeObject[]
}

/** Makes the facts of a range equal to what its objects leave, whatever was there. */
async function settleFacts(
  cloud: Cloud,
  owner: Owner,
  v: number,
  { kind, namespace, after, upTo, objects }: BucketRange,
): Promise<Changes["facts"]> {
  if (!factKinds.includes(kind)) return { put: [], remove: [] }
  const at = (name: string) =>
    key.fact(owner.organizationId, owner.clusterId, factId(kind, namespace, name)).sk
  const stored = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), {
    from: at(after),
    to: at(upTo ?? last),
  })
  const left = new Map(stored.map((item) => [item.sk, item]))
  left.delete(at(after))
  const put = objects.flatMap(factsOf).filter((fact) => {
    const { sk } = key.fact(owner.organizationId, owner.clusterId, fact.id)
    const before = left.get(sk)
    left.delete(sk)
    return before?.["f"] !== JSON.stringify(fact)
  })
  const gone = [...left.values()]
  await cloud.table.batch(
    put.map((fact) => factItem(owner, fact, v)),
    gone.map(({ pk, sk }) => ({ pk, sk })),
  )
  return { put, remove: gone.map(({ sk }) => sk.slice("fact#".length)) }
}

/**
 * Makes the names in `(after, upTo]` of a bucket equal to the list. The last range of a bucket derives its sum again from what is
 * stored, so that whatever went wrong before is over.
 */
export async function applyBucket(
  cloud: Cloud,
  owner: Owner,
  v: number,
  range: BucketRange,
): Promise<Changes> {
  const changes = noChanges()
  const own = partition.cluster(owner.organizationId, owner.clusterId)
  const prefix = prefixOf(owner, range.kind, range.namespace)
  const stored = await cloud.table.all(own, {
    from: prefix + range.after,
    to: prefix + (range.upTo ?? last),
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
  }
  for (const name of left.keys()) changes.remove.push({ kind: range.kind, namespace: range.namespace, name })
  await cloud.table.batch(
    put,
    [...left.values()].map(({ pk, sk }) => ({ pk, sk })),
  )
  changes.facts = await settleFacts(cloud, owner, v, range)
  // Also when nothing differed: whoever wrote these facts may have died before it said so.
  if (concernsGraph(changes) || (range.upTo === null && factKinds.includes(range.kind)))
    await bumpFacts(cloud, owner)
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
