import { Source, type Tracker } from "../../incremental/tracker.ts"
import type { MeshSettings } from "../../istio/mesh.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { Index } from "../check.ts"

const none: readonly KubeObject[] = []

const order = (a: string | undefined, b: string | undefined): number => {
  const [left, right] = [a ?? "", b ?? ""]
  return left < right ? -1 : left > right ? 1 : 0
}

/** By namespace and name: one order, whatever order objects came in. */
const byName = (a: KubeObject, b: KubeObject): number =>
  order(a.metadata.namespace, b.metadata.namespace) || order(a.metadata.name, b.metadata.name)

/** Objects under keys; each key a source. Built over what is there when first asked for. */
class ObjectIndex {
  readonly #kinds: readonly string[]
  readonly #keysOf: (object: KubeObject) => readonly string[]
  readonly #items = new Map<string, KubeObject[]>()
  readonly #unsorted = new Set<string>()
  readonly #sources = new Map<string, Source>()

  constructor(kind: string, keysOf: (object: KubeObject) => readonly string[]) {
    this.#kinds = [kind]
    this.#keysOf = keysOf
  }

  add(object: KubeObject): void {
    for (const key of new Set(this.#keysOf(object))) {
      const items = this.#items.get(key)
      if (items === undefined) this.#items.set(key, [object])
      else {
        items.push(object)
        this.#unsorted.add(key)
      }
      this.#sources.get(key)?.changed()
    }
  }

  remove(object: KubeObject): void {
    for (const key of new Set(this.#keysOf(object))) {
      // A copy: whoever holds the old list keeps what he read.
      const rest = (this.#items.get(key) ?? none).filter((item) => item !== object)
      if (rest.length === 0) this.#items.delete(key)
      else this.#items.set(key, rest)
      this.#sources.get(key)?.changed()
    }
  }

  get(key: string, tracker: Tracker): readonly KubeObject[] {
    if (tracker.recording) {
      let source = this.#sources.get(key)
      if (source === undefined) {
        source = new Source(this.#kinds)
        this.#sources.set(key, source)
      }
      tracker.record(source)
    }
    if (this.#unsorted.delete(key)) this.#items.set(key, (this.#items.get(key) ?? []).toSorted(byName))
    return this.#items.get(key) ?? none
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
    this.#sorted ??= [...this.#objects.values()].sort(byName)
    return this.#sorted
  }

  #index(name: string, keysOf: (object: KubeObject) => readonly string[]): ObjectIndex {
    const known = this.#indexes.get(name)
    if (known !== undefined) return known
    const built = new ObjectIndex(this.#kind, keysOf)
    for (const object of this.#objects.values()) built.add(object)
    this.#indexes.set(name, built)
    return built
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    return this.#index("", byNamespace).get(namespace, this.#tracker)
  }

  find(index: Index, key: string): readonly KubeObject[] {
    const settings = this.#settings
    return this.#index(index.name, (object) => index.keysOf(object, settings())).get(key, this.#tracker)
  }
}
