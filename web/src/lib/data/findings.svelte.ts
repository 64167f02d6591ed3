import type { Client } from "#shared/api/client.ts"
import type { FindingItem, FindingList } from "#shared/api/validation.ts"
import { findingKind } from "#shared/validation/finding-kind.ts"
import { type Counted, worstByObject } from "../validation/finding-place.ts"
import { findingsByNode } from "../validation/node-findings.ts"
import type { Live } from "./live.svelte.ts"
import type { Mesh } from "./mesh.svelte.ts"

/** As many as the server gives in one answer. */
export const mostFindings = 2_000
/** A change seldom comes alone; what is broken is on the page within a second all the same. */
const settleMs = 150
/** A large mesh that changes all the time is not read all the time. */
const restOfRead = 2
/** Suppressions end and certificates expire without a change of any object. */
const anewMs = 60_000

/** What validation finds in every cluster of the organization, live. */
export class Findings {
  #api: Client
  #now: () => number
  #mesh: Mesh
  #turn = 0
  #reading = false
  #again = false
  #timer: ReturnType<typeof setTimeout> | undefined
  state = $state<"loading" | "ready" | "failed">("loading")
  list = $state.raw<FindingList>()
  error = $state.raw<unknown>()
  /** When the list was read, ms. */
  readAt = $state<number>()

  constructor(api: Client, mesh: Mesh, now: () => number) {
    this.#mesh = mesh
    this.#api = api
    this.#now = now
  }

  /** Those that somebody wants to be told of. */
  readonly told: readonly FindingItem[] = $derived.by(
    () => this.list?.items.filter(({ suppressed }) => suppressed === null) ?? [],
  )
  readonly errors = $derived(this.list?.counts.error ?? 0)
  /** Those of each object, by `objectKeyOf`. */
  readonly byObject: ReadonlyMap<string, Counted> = $derived.by(() => worstByObject(this.told))

  /** Those of each node of the graph, worst first: its own object's, and those of what applies there. */
  readonly byNode: ReadonlyMap<string, Counted> = $derived.by(() =>
    findingsByNode(this.byObject, this.#mesh.sources, this.#mesh.workloads.nodes),
  )

  async load(): Promise<void> {
    const turn = ++this.#turn
    this.#reading = true
    this.#again = false
    const begun = this.#now()
    try {
      const list = await this.#api.call("listFindings", {
        query: { suppressed: "true", limit: mostFindings },
      })
      if (turn !== this.#turn) return
      this.list = list
      this.readAt = this.#now()
      this.state = "ready"
      this.error = undefined
    } catch (error) {
      if (turn !== this.#turn) return
      this.error = error
      if (this.state !== "ready") this.state = "failed"
    }
    this.#reading = false
    if (this.#again) this.#soon(Math.max(settleMs, restOfRead * (this.#now() - begun)))
  }

  #soon(ms: number): void {
    if (this.#reading) this.#again = true
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        void this.load()
      }, ms)
  }

  /** @returns ends it */
  follow(live: Live): () => void {
    const end = live.subscribe({
      view: { type: "objects", kind: findingKind, clusters: [] },
      reload: () => this.#soon(0),
      patch: () => this.#soon(settleMs),
    })
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") this.#soon(0)
    }, anewMs)
    return () => {
      end()
      clearInterval(timer)
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }
}
