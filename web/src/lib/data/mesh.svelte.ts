import type { Client } from "#shared/api/client.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import { type TopologyOptions, buildTopology } from "#shared/topology/build.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import type { Clusters } from "./clusters.svelte.ts"
import type { Clock } from "./clock.svelte.ts"
import type { Patch } from "./link.ts"
import type { Live } from "./live.svelte.ts"
import { withFacts, withLinks, withTick } from "./sources.ts"

/**
 * What the graph is made from, live, and the documents built from it: one for services and one for workloads, both with everything
 * that is idle. Views narrow them; `build` gives what the API would answer.
 */
export class Mesh {
  #api: Client
  #clock: Clock
  #clusters: Clusters
  #turn = 0
  #reading = false
  #missed: Patch[] = []
  state = $state<"loading" | "ready" | "failed">("loading")
  error = $state.raw<unknown>()
  #sources = $state.raw<TopologySources>({ clusters: [] })

  constructor(api: Client, clock: Clock, clusters: Clusters) {
    this.#api = api
    this.#clock = clock
    this.#clusters = clusters
  }

  /** With link states and names as the list of clusters knows them, which hears of them first. */
  readonly sources = $derived.by(() =>
    this.#clusters.state === "ready" ? withLinks(this.#sources, this.#clusters.items) : this.#sources,
  )
  readonly services: TopologyDocument = $derived.by(() => this.build({ view: "service", idle: true }))
  readonly workloads: TopologyDocument = $derived.by(() => this.build({ view: "workload", idle: true }))
  /** End of the newest window; null when no cluster has sent a tick. */
  readonly at = $derived(
    this.sources.clusters.reduce<number | null>((newest, source) => {
      const at = source.ticks.at(-1)?.at
      return at === undefined ? newest : Math.max(newest ?? 0, at)
    }, null),
  )

  /** The document of `GET /topology` with the same question. */
  build(options: Omit<TopologyOptions, "now">): TopologyDocument {
    return buildTopology(this.sources, { ...options, now: this.#clock.exact() })
  }

  /** Reads the sources unless they are here or on their way. */
  async ensure(): Promise<void> {
    if (this.state !== "ready" && !this.#reading) await this.load()
  }

  async load(): Promise<void> {
    const turn = ++this.#turn
    this.#reading = true
    try {
      const sources = await this.#api.call("getTopologySources")
      if (turn !== this.#turn) return
      this.#reading = false
      const missed = this.#missed
      this.#missed = []
      this.#sources = missed.reduce(withPatch, sources)
      this.state = "ready"
      this.error = undefined
    } catch (error) {
      if (turn !== this.#turn) return
      this.#reading = false
      this.error = error
      this.state = this.state === "ready" ? "ready" : "failed"
    }
  }

  /** @returns ends it */
  follow(live: Live): () => void {
    return live.subscribe({
      view: { type: "topology", clusters: [] },
      reload: () => void this.load(),
      patch: (message) => {
        // Patches that come while the whole is read are newer than it, or in it already; both are fine to apply after it.
        if (this.#reading) this.#missed.push(message)
        this.#sources = withPatch(this.#sources, message)
        if (message.type === "tick" && !this.#knows(message.cluster) && !this.#reading) void this.load()
      },
    })
  }

  #knows(cluster: string): boolean {
    return this.#sources.clusters.some((source) => source.cluster === cluster)
  }
}

function withPatch(sources: TopologySources, message: Patch): TopologySources {
  if (message.type === "tick") return withTick(sources, message.cluster, message.tick)
  return message.type === "facts" ? withFacts(sources, message) : sources
}
