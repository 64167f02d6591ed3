import { Source, type Reader, type Tracker } from "../../incremental/tracker.ts"
import type { MeshSettings } from "../../istio/mesh.ts"
import { MeshModel } from "../../istio/model.ts"
import { type KubeObject, kindKeyOf } from "../../kube/object.ts"
import { type Derived, type Index, type View, meshConfigKind } from "../check.ts"
import type { Evaluation } from "./evaluation.ts"
import { settingsOf } from "./settings.ts"
import { KindStore } from "./store.ts"

/** As the agent reports a kind; `absent` also means: not among the files given. */
export type KindState = { state: "live" | "syncing" | "stale" | "denied" | "absent"; reason: string }
export const live: KindState = { state: "live", reason: "" }

/** A derived value with what it read; forgotten as soon as that changes. */
class Memo extends Source implements Reader {
  alive = true
  value: unknown
  readonly #forget: () => void

  constructor(forget: () => void) {
    super([])
    this.#forget = forget
  }

  invalidate(): void {
    this.alive = false
    this.#forget()
    this.changed()
  }
}

export const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`

/** One cluster of the mesh: its objects, what may be read of it, and the view that checks get. */
export class ClusterState implements View {
  readonly cluster: string
  readonly istioNamespace: string
  readonly #tracker: Tracker
  readonly #given: MeshSettings
  readonly #stores = new Map<string, KindStore>()
  readonly #memos = new Map<object, Map<string, Memo>>()
  /** Off where a test must see every read of every check, not only of the first. */
  readonly #remembers: boolean
  readonly states = new Map<string, KindState>()
  /** Whether nothing may not be read. */
  allLive = true
  readonly #time = new Source([])
  #now: number | undefined
  #model: MeshModel
  others: readonly View[] = []
  /** What was answered from something that has changed since. */
  readonly old = new Set<Evaluation>()

  constructor(
    cluster: string,
    tracker: Tracker,
    options: { settings: MeshSettings; istioNamespace: string; remembers: boolean },
  ) {
    this.cluster = cluster
    this.istioNamespace = options.istioNamespace
    this.#tracker = tracker
    this.#remembers = options.remembers
    this.#given = options.settings
    this.#model = new MeshModel(options.settings, tracker)
  }

  get settings(): MeshSettings {
    return this.#model.settings
  }

  now(): number | undefined {
    this.#tracker.record(this.#time)
    return this.#now
  }

  setTime(now: number): void {
    this.#now = now
    this.#time.changed()
  }

  get mesh(): MeshModel {
    return this.#model
  }

  setState(kind: string, state: KindState): void {
    this.states.set(kind, state)
    this.allLive = this.states.values().every((known) => known.state === "live")
  }

  store(kind: string): KindStore {
    const known = this.#stores.get(kind)
    if (known !== undefined) return known
    const store = new KindStore(kind, this.#tracker, () => this.settings)
    this.#stores.set(kind, store)
    return store
  }

  *stores(): Iterable<[string, KindStore]> {
    yield* this.#stores
  }

  /** Adds or replaces. True when it changed what every answer of this cluster rests on (MeshConfig): all must be asked anew. */
  set(object: KubeObject, kind: string, key: string): boolean {
    this.store(kind).set(key, object)
    this.#model.put(object, kind, key)
    return kind === meshConfigKind && this.#resettle()
  }

  delete(kind: string, namespace: string, name: string): boolean {
    this.store(kind).delete(keyOf(namespace, name))
    this.#model.remove(kind, namespace, name)
    return kind === meshConfigKind && this.#resettle()
  }

  #resettle(): boolean {
    const [config] = [...this.store(meshConfigKind).objects()]
    const settings = settingsOf(config?.["spec"], this.#given)
    if (JSON.stringify(settings) === JSON.stringify(this.settings)) return false
    this.#model = new MeshModel(settings, this.#tracker)
    const stores = [...this.#stores]
    this.#stores.clear()
    this.#memos.clear()
    for (const [, store] of stores)
      for (const object of store.objects()) {
        this.store(kindKeyOf(object)).set(keyOf(object.metadata.namespace, object.metadata.name), object)
        this.#model.put(object)
      }
    return true
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.store(kind).get(keyOf(namespace, name))
  }

  inNamespace(kind: string, namespace: string): readonly KubeObject[] {
    return this.store(kind).inNamespace(namespace)
  }

  all(kind: string): readonly KubeObject[] {
    return this.store(kind).all()
  }

  find(index: Index, key: string): readonly KubeObject[] {
    return this.store(index.kind).find(index, key)
  }

  derive<T>(derived: Derived<T>, key: string): T {
    if (!this.#remembers) return derived.compute(this, key)
    let memos = this.#memos.get(derived)
    if (memos === undefined) {
      memos = new Map()
      this.#memos.set(derived, memos)
    }
    const known = memos.get(key)
    if (known !== undefined) {
      this.#tracker.record(known)
      return known.value as T
    }
    const keys = memos
    const memo: Memo = new Memo(() => {
      if (keys.get(key) === memo) keys.delete(key)
    })
    memo.value = this.#tracker.run(memo, () => derived.compute(this, key))
    // What it reads may not change while it is read: computing is pure.
    keys.set(key, memo)
    this.#tracker.record(memo)
    return memo.value as T
  }
}
