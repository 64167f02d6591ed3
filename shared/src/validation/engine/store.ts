import { Source, type Tracker } from "../../incremental/tracker.ts"
import type { MeshSettings } from "../../istio/mesh.ts"
import { type KubeObject, byPlace } from "../../kube/object.ts"
import type { Index } from "../check.ts"

const none: readonly KubeObject[] = []

/** Objects of one key; most hold one object, many are only looked at. */
class Bucket extends Source {
  items: readonly KubeObject[]
  sorted = true

  constructor(kinds: readonly string[], items: readonly KubeObject[]) {
    super(kinds)
    this.items = items
  }
}

/** Objects under keys; each key a source. Built over what is there when first asked for. */
class ObjectIndex {
  readonly #kinds: readonly string[]
  readonly #keysOf: (object: KubeObject) => readonly string[]
  readonly #buckets = new Map<string, Bucket>()

  constructor(kind: string, keysOf: (object: KubeObject) => readonly string[]) {
    this.#kinds = [kind]
    this.#keysOf = keysOf
  }

  /** Without repeats; of few keys these are found quicker than a set is made. */
  #keys(object: KubeObject): readonly string[] {
    const keys = this.#keysOf(object)
    if (keys.length > 8) return [...new Set(keys)]
    for (let at = 1; at < keys.length; at++) if (keys.indexOf(keys[at] ?? "") < at) return [...new Set(keys)]
    return keys
  }

  add(object: KubeObject): void {
    const keys = this.#keys(object)
    for (let at = 0; at < keys.length; at++) this.#enter(keys[at] ?? "", object)
  }

  #enter(key: string, object: KubeObject): void {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      this.#buckets.set(key, new Bucket(this.#kinds, [object]))
      return
    }
    // A list that somebody may hold is sorted, and replaced; one that is not sorted is held by nobody.
    if (bucket.items.length === 0) bucket.items = [object]
    else if (bucket.sorted) {
      bucket.items = [...bucket.items, object]
      bucket.sorted = false
    } else (bucket.items as KubeObject[]).push(object)
    bucket.changed()
  }

  remove(object: KubeObject): void {
    for (const key of this.#keys(object)) {
      const bucket = this.#buckets.get(key)
      if (bucket === undefined) continue
      bucket.items = bucket.items.filter((item) => item !== object)
      bucket.changed()
      if (bucket.items.length === 0) this.#buckets.delete(key)
    }
  }

  get(key: string, tracker: Tracker): readonly KubeObject[] {
    let bucket = this.#buckets.get(key)
    if (tracker.recording) {
      if (bucket === undefined) {
        bucket = new Bucket(this.#kinds, none)
        this.#buckets.set(key, bucket)
      }
      tracker.record(bucket)
    }
    if (bucket === undefined) return none
    if (!bucket.sorted) {
      bucket.items = bucket.items.toSorted(byPlace)
      bucket.sorted = true
    }
    return bucket.items
  }
}

const byNamespace = ({ metadata }: KubeObject): readonly string[] => [metadata.namespace ?? ""]

/** The objects of one kind in one cluster. */
export class KindStore {
  readonly #kind: string
  readonly #tracker: Tracker
  readonly #settings: () => MeshSettings
  readonly #objects = new Map<string, KubeObject>()
  readonly #sources = new Map<string, Source>()
  readonly #all: Source
  readonly #indexes = new Map<string, ObjectIndex>()
  #sorted: readonly KubeObject[] | undefined

  constructor(kind: string, tracker: Tracker, settings: () => MeshSettings) {
    this.#kind = kind
    this.#tracker = tracker
    this.#settings = settings
    this.#all = new Source([kind])
  }

  get size(): number {
    return this.#objects.size
  }

  objects(): Iterable<KubeObject> {
    return this.#objects.values()
  }

  #changed(key: string): void {
    this.#sorted = undefined
    this.#sources.get(key)?.changed()
    this.#all.changed()
  }

  set(key: string, object: KubeObject): void {
    const before = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) {
      if (before !== undefined) index.remove(before)
      index.add(object)
    }
    this.#changed(key)
  }

  delete(key: string): void {
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) index.remove(before)
    this.#changed(key)
    // Nobody reads it any more, and names of pods that came and went would pile up.
    this.#sources.delete(key)
  }

  /** Without recording: for the engine itself. */
  peek(key: string): KubeObject | undefined {
    return this.#objects.get(key)
  }

  get(key: string): KubeObject | undefined {
    if (this.#tracker.recording) {
      let source = this.#sources.get(key)
      if (source === undefined) {
        source = new Source([this.#kind])
        this.#sources.set(key, source)
      }
      this.#tracker.record(source)
    }
    return this.#objects.get(key)
  }

  all(): readonly KubeObject[] {
    this.#tracker.record(this.#all)
    this.#sorted ??= [...this.#objects.values()].sort(byPlace)
    return this.#sorted
  }

  #index(name: string, keysOf: (object: KubeObject) => readonly string[]): ObjectIndex {
    const built = new ObjectIndex(this.#kind, keysOf)
    for (const object of this.#objects.values()) built.add(object)
    this.#indexes.set(name, built)
    return built
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    const index = this.#indexes.get("") ?? this.#index("", byNamespace)
    return index.get(namespace, this.#tracker)
  }

  find(index: Index, key: string): readonly KubeObject[] {
    return (this.#indexes.get(index.name) ?? this.#built(index)).get(key, this.#tracker)
  }

  #built(index: Index): ObjectIndex {
    const settings = this.#settings
    return this.#index(index.name, (object) => index.keysOf(object, settings()))
  }
}
