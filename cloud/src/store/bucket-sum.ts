import { type BucketSum, emptySum, normalSum } from "#shared/kube/bucket.ts"
import type { Cloud } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Owner } from "./owner.ts"
import type { Item } from "./table.ts"

export type BucketName = { kind: string; namespace: string }

const half = 2 ** 24

/**
 * A sum as it is stored: the hash in two halves, each a counter. Two writers that add at once are both counted, and the counters stay
 * exact numbers however many objects there are.
 */
const toSum = (item: Item): BucketSum =>
  normalSum({
    hash: (Number(item["hi"] ?? 0) % half) * half + Number(item["lo"] ?? 0),
    count: Number(item["n"] ?? 0),
  })

const halves = (hash: number): { hi: number; lo: number } => ({
  hi: Math.floor(hash / half),
  lo: hash % half,
})

export async function readSum(
  cloud: Cloud,
  owner: Owner,
  kind: string,
  namespace: string,
): Promise<BucketSum> {
  const { pk, sk } = key.bucket(owner.organizationId, owner.clusterId, kind, namespace)
  const item = await cloud.table.get(pk, sk)
  return item ? toSum(item) : emptySum
}

export async function writeSum(
  cloud: Cloud,
  owner: Owner,
  bucket: BucketName,
  sum: BucketSum,
): Promise<void> {
  const at = key.bucket(owner.organizationId, owner.clusterId, bucket.kind, bucket.namespace)
  if (sum.count <= 0) await cloud.table.remove(at.pk, at.sk)
  else
    await cloud.table.put({
      ...at,
      kind: bucket.kind,
      namespace: bucket.namespace,
      n: sum.count,
      ...halves(sum.hash),
    })
}

/** What a message moves in one bucket, ready to be added. */
export type Moves = BucketName & { hi: number; lo: number; n: number }

/** Notes that an object with hash `before` (undefined: was not there) became `after` (undefined: is gone). */
export function noteMove(
  all: Map<string, Moves>,
  { kind, namespace }: BucketName,
  before: number | undefined,
  after: number | undefined,
): void {
  const at = `${kind}#${namespace}`
  const bucket = all.get(at) ?? { kind, namespace, hi: 0, lo: 0, n: 0 }
  const [old, next] = [halves(before ?? 0), halves(after ?? 0)]
  bucket.hi += next.hi - old.hi
  bucket.lo += next.lo - old.lo
  bucket.n += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
  all.set(at, bucket)
}

export async function addSum(
  cloud: Cloud,
  owner: Owner,
  { kind, namespace, hi, lo, n }: Moves,
): Promise<void> {
  if (hi === 0 && lo === 0 && n === 0) return
  const at = key.bucket(owner.organizationId, owner.clusterId, kind, namespace)
  const item = await cloud.table.update(at, { kind, namespace }, { add: { hi, lo, n } })
  if (item && Number(item["n"]) <= 0)
    await cloud.table.remove(at.pk, at.sk, { expression: "n <= :none", values: { none: 0 } })
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
    sum: toSum(item),
  }))
}
