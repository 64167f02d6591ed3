import { type BucketSum, emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import { type KindSpec, inventoryKinds } from "#shared/kube/kinds.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { KindState } from "#shared/protocol/message/status.ts"
import { byCodeUnit } from "#shared/order.ts"

type Entry = { object: KubeObject; hash: number }
type KindCache = {
  spec: KindSpec
  /** namespace -> name -> object; cluster-wide objects are in namespace "". */
  buckets: Map<string, Map<string, Entry>>
  sums: Map<string, BucketSum>
  /** Whether all of it was listed once, or is known not to be installed: then its buckets may be compared. */
  known: boolean
  state: KindState["state"]
  since: number
  reason: string
  count: number
  /** Objects that the API server announced for the list that runs. */
  expected: number
}

export type ObjectKey = { kind: string; namespace: string; name: string }

export type CacheListener = {
  /** An object of a known kind changed, came or went. `before` is the hash it had, undefined: it was not there. */
  changed(key: ObjectKey, before: number | undefined): void
  /** A kind became known or stopped being known: sums have to be compared again. */
  known(kind: string): void
  /** State or reason of a kind is another one. */
  state(kind: string): void
}

/** All that the agent holds of the cluster: each object once, trimmed, with its hash, and the sum of every bucket. */
export type Cache = {
  put(kind: string, object: KubeObject): void
  remove(kind: string, namespace: string, name: string): void
  /** Removes what a finished list did not contain. */
  keepOnly(kind: string, seen: ReadonlySet<string>): void
  clear(kind: string): void
  setState(kind: string, state: KindState["state"], reason: string): void
  setKnown(kind: string, known: boolean): void
  setExpected(kind: string, expected: number): void
  get(key: ObjectKey): KubeObject | undefined
  hashOf(key: ObjectKey): number | undefined
  /** Names of a bucket in the order of the wire (UTF-16 code units). */
  names(kind: string, namespace: string): string[]
  objects(kind: string): Iterable<KubeObject>
  isKnown(kind: string): boolean
  stateOf(kind: string): KindState["state"]
  sums(): { kind: string; namespace: string; sum: BucketSum }[]
  root(): BucketSum
  kinds(): KindState[]
  unknown(): string[]
  progress(): { objects: number; expected: number }
  listen(listener: CacheListener): () => void
}

/** An API server, or a proxy before it, may explain itself at length. */
const maxReason = 500

export const seenKey = (namespace: string, name: string): string => `${namespace}/${name}`

export function createCache(now: () => number, specs: readonly KindSpec[] = inventoryKinds): Cache {
  const kinds = new Map<string, KindCache>()
  for (const spec of specs)
    kinds.set(spec.key, {
      spec,
      buckets: new Map(),
      sums: new Map(),
      known: false,
      state: "syncing",
      since: now(),
      reason: "",
      count: 0,
      expected: 0,
    })
  const listeners = new Set<CacheListener>()
  const of = (kind: string): KindCache => {
    const found = kinds.get(kind)
    if (!found) throw new Error(`"${kind}" is not a watched kind`)
    return found
  }

  function move(
    cache: KindCache,
    { namespace, name }: { namespace: string; name: string },
    before: number | undefined,
    after: number | undefined,
  ): void {
    const sum = moveSum(cache.sums.get(namespace) ?? emptySum, before, after)
    if (sum.count === 0) cache.sums.delete(namespace)
    else cache.sums.set(namespace, sum)
    cache.count += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
    if (!cache.known) return
    for (const listener of listeners) listener.changed({ kind: cache.spec.key, namespace, name }, before)
  }

  function drop(cache: KindCache, namespace: string, name: string): void {
    const bucket = cache.buckets.get(namespace)
    const entry = bucket?.get(name)
    if (!bucket || !entry) return
    bucket.delete(name)
    if (bucket.size === 0) cache.buckets.delete(namespace)
    move(cache, { namespace, name }, entry.hash, undefined)
  }

  function dropUnless(kind: string, stays: (namespace: string, name: string) => boolean): void {
    const cache = of(kind)
    for (const [namespace, bucket] of [...cache.buckets])
      for (const name of [...bucket.keys()]) if (!stays(namespace, name)) drop(cache, namespace, name)
  }

  return {
    put(kind, object) {
      const cache = of(kind)
      const namespace = object.metadata.namespace ?? ""
      const { name } = object.metadata
      let bucket = cache.buckets.get(namespace)
      if (!bucket) cache.buckets.set(namespace, (bucket = new Map()))
      const before = bucket.get(name)?.hash
      const hash = objectHash(object)
      if (hash === before) return
      bucket.set(name, { object, hash })
      move(cache, { namespace, name }, before, hash)
    },
    remove: (kind, namespace, name) => drop(of(kind), namespace, name),
    keepOnly: (kind, seen) => dropUnless(kind, (namespace, name) => seen.has(seenKey(namespace, name))),
    clear: (kind) => dropUnless(kind, () => false),
    setState(kind, state, words) {
      const cache = of(kind)
      const reason = words.slice(0, maxReason)
      if (cache.state === state && cache.reason === reason) return
      if (cache.state !== state) cache.since = now()
      cache.state = state
      cache.reason = reason
      for (const listener of listeners) listener.state(kind)
    },
    setKnown(kind, known) {
      const cache = of(kind)
      if (cache.known === known) return
      cache.known = known
      for (const listener of listeners) listener.known(kind)
    },
    setExpected: (kind, expected) => {
      of(kind).expected = expected
    },
    get: ({ kind, namespace, name }) => kinds.get(kind)?.buckets.get(namespace)?.get(name)?.object,
    hashOf: ({ kind, namespace, name }) => kinds.get(kind)?.buckets.get(namespace)?.get(name)?.hash,
    names: (kind, namespace) => [...(kinds.get(kind)?.buckets.get(namespace)?.keys() ?? [])].sort(byCodeUnit),
    *objects(kind) {
      for (const bucket of of(kind).buckets.values()) for (const { object } of bucket.values()) yield object
    },
    isKnown: (kind) => kinds.get(kind)?.known ?? false,
    stateOf: (kind) => of(kind).state,
    sums: () =>
      [...kinds.values()]
        .filter(({ known }) => known)
        .flatMap(({ spec, sums }) =>
          [...sums].map(([namespace, sum]) => ({ kind: spec.key, namespace, sum })),
        ),
    root() {
      let root = emptySum
      for (const { known, sums } of kinds.values())
        if (known)
          for (const { hash, count } of sums.values())
            root = { hash: moveSum(root, undefined, hash).hash, count: root.count + count }
      return root
    },
    kinds: () =>
      [...kinds.values()].map(({ spec, state, since, count, reason }) => ({
        kind: spec.key,
        state,
        since,
        count,
        reason,
      })),
    unknown: () => [...kinds.values()].filter(({ known }) => !known).map(({ spec }) => spec.key),
    progress() {
      let objects = 0
      let expected = 0
      for (const { count, state, expected: announced } of kinds.values()) {
        objects += count
        expected += state === "syncing" ? Math.max(count, announced) : count
      }
      return { objects, expected }
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
