import { type BucketSum, moveSum } from "#shared/kube/bucket.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Need } from "#shared/protocol/down.ts"
import type { Up } from "#shared/protocol/up.ts"
import type { Cache, ObjectKey } from "../cluster/cache.ts"
import { pack } from "./codec.ts"
import { createCutter } from "./cut.ts"
import type { Lane, Outgoing } from "./outgoing.ts"

type Dirty = ObjectKey & { before: number | undefined }
type Wanted = { kind: string; namespace: string; after: string }

export type StateLane = {
  /** Sums and changes: what keeps the cloud equal to the present. */
  nextChange: Lane["next"]
  /** Buckets that the cloud asked for. */
  nextBucket: Lane["next"]
  /** A connection begins: what the cloud holds is not known any more. */
  begin(): void
  need(need: Pick<Need, "buckets" | "hashes">): void
  /** Sum of all buckets as the cloud has it when it has taken all that was sent. */
  sentRoot(): BucketSum
  /** Buckets still to be sent. */
  pending(): number
  /** Milliseconds until something will be due that is not due now; undefined when nothing waits. */
  dueIn(): number | undefined
  close(): void
}

/** Changes wait so long for more of their kind. */
const coalesceMs = 50
/** Sums are not sent again sooner. */
const hashesApartMs = 1_000
/** How long the first sums wait for lists that run: a kind that is still unknown costs a second comparison. */
const patienceMs = 3_000
/** More changes than this (a link that is down for days) are found by their sums: nobody keeps a list of what came and went. */
const mostDirty = 20_000
/** Sums of one message: 1,500 buckets are about 20 KB packed. */
const sumsPerPart = 1_500

const textOf = ({ kind, namespace, name }: ObjectKey): string => `${kind}\n${namespace}\n${name}`
const bucketText = (kind: string, namespace: string): string => `${kind}\n${namespace}`

/**
 * Latest value per key. Nothing is queued: a change is only remembered as "this object differs from what was sent", and its content is read
 * from the cache when there is credit to send it. What a connection loses is found again by the sums of the next.
 */
export function createStateLane({
  cache,
  now,
  wake,
}: {
  cache: Cache
  now: () => number
  /** Something may be due, now or after `dueIn`. */
  wake: () => void
}): StateLane {
  const dirty = new Map<string, Dirty>()
  const wanted = new Map<string, Wanted>()
  const cutter = createCutter()
  let dirtyAt = 0
  let hashesDue = true
  /** Parts of the sums that are being sent; [] when none. */
  let parts: Omit<Extract<Up, { type: "hashes" }>, "seq">[] = []
  let compared = false
  let begunAt = now()
  let hashedAt = -Infinity

  const stopListening = cache.listen({
    changed(key, before) {
      const at = textOf(key)
      if (dirty.has(at)) return
      if (dirty.size >= mostDirty) {
        dirty.clear()
        compared = false
        hashesDue = true
      }
      const first = dirty.size === 0
      dirty.set(at, { ...key, before })
      if (!first) return
      dirtyAt = now()
      wake()
    },
    known(kind) {
      if (!cache.isKnown(kind)) for (const [at, key] of dirty) if (key.kind === kind) dirty.delete(at)
      hashesDue = true
      wake()
    },
    state: () => undefined,
  })

  const hashesWait = (): number => {
    const syncing = cache.kinds().some(({ state }) => state === "syncing")
    const patience = !compared && syncing ? begunAt + patienceMs - now() : 0
    return Math.max(patience, hashedAt + hashesApartMs - now(), 0)
  }

  function cutSums(): void {
    // What is dirty is in the sums already: before the first comparison nothing of it has to be told.
    if (!compared) dirty.clear()
    compared = true
    hashesDue = false
    hashedAt = now()
    const buckets = cache
      .sums()
      .map(({ kind, namespace, sum }): [string, string, number, number] => [
        kind,
        namespace,
        sum.hash,
        sum.count,
      ])
    const count = Math.max(1, Math.ceil(buckets.length / sumsPerPart))
    const unknown = cache.unknown()
    parts = Array.from({ length: count }, (_, part) => ({
      type: "hashes",
      part,
      parts: count,
      buckets: buckets.slice(part * sumsPerPart, (part + 1) * sumsPerPart),
      unknown,
    }))
  }

  function nextHashes(seq: number): Outgoing | undefined {
    if (parts.length === 0 && hashesDue && hashesWait() === 0) cutSums()
    const part = parts.shift()
    return part && { type: "hashes", frames: pack({ ...part, seq }) }
  }

  function nextDelta(seq: number): Outgoing | undefined {
    if (!compared || dirty.size === 0) return undefined
    const urgent = hashesDue && hashesWait() === 0
    if (!urgent && now() < dirtyAt + coalesceMs) return undefined
    const { frames, taken } = cutter.cut(
      [...dirty.values()],
      (key) => cache.get(key) ?? key,
      (keys) => {
        const put: KubeObject[] = []
        const remove: [string, string, string][] = []
        for (const key of keys) {
          const object = cache.get(key)
          if (object) put.push(object)
          else remove.push([key.kind, key.namespace, key.name])
        }
        return { type: "delta", seq, put, remove }
      },
    )
    for (const key of taken) dirty.delete(textOf(key))
    return { type: "delta", frames }
  }

  /** What a bucket message covers, it tells as it is now: changes and removals within its range need no delta. */
  function forgetCovered({ kind, namespace }: Wanted, after: string, upTo: string | null): void {
    for (const [at, key] of dirty)
      if (
        key.kind === kind &&
        key.namespace === namespace &&
        key.name > after &&
        (upTo === null || key.name <= upTo)
      )
        dirty.delete(at)
  }

  return {
    nextChange(seq) {
      if (parts.length > 0) return nextHashes(seq)
      return nextDelta(seq) ?? nextHashes(seq)
    },
    nextBucket(seq) {
      for (const [at, bucket] of wanted) {
        const { kind, namespace, after } = bucket
        if (!cache.isKnown(kind)) {
          wanted.delete(at)
          continue
        }
        const names = cache.names(kind, namespace).filter((name) => name > after)
        const objectOf = (name: string): KubeObject | undefined => cache.get({ kind, namespace, name })
        const { frames, taken } = cutter.cut(names, objectOf, (some) => ({
          type: "bucket",
          seq,
          kind,
          namespace,
          after,
          upTo: some.length === names.length ? null : (some.at(-1) ?? null),
          objects: some.map(objectOf).filter((object) => object !== undefined),
        }))
        const last = taken.at(-1)
        const ended = taken.length === names.length || last === undefined
        forgetCovered(bucket, after, ended ? null : last)
        if (ended) wanted.delete(at)
        else bucket.after = last
        return { type: "bucket", frames }
      }
      return undefined
    },
    begin() {
      dirty.clear()
      wanted.clear()
      parts = []
      hashesDue = true
      compared = false
      begunAt = now()
      hashedAt = -Infinity
    },
    need({ buckets, hashes }) {
      for (const [kind, namespace] of buckets)
        wanted.set(bucketText(kind, namespace), { kind, namespace, after: "" })
      if (hashes) hashesDue = true
    },
    sentRoot() {
      let root = cache.root()
      for (const key of dirty.values()) root = moveSum(root, cache.hashOf(key), key.before)
      return root
    },
    pending: () => wanted.size,
    dueIn() {
      const waits: number[] = []
      if (hashesDue) waits.push(hashesWait())
      if (compared && dirty.size > 0) waits.push(Math.max(0, dirtyAt + coalesceMs - now()))
      return waits.length === 0 ? undefined : Math.min(...waits)
    },
    close: () => stopListening(),
  }
}
