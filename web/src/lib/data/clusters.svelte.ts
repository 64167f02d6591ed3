import type { Client } from "#shared/api/client.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { Patch } from "./link.ts"
import { withClusters } from "./sources.ts"
import type { Live } from "./live.svelte.ts"

const byName = (a: ClusterInfo, b: ClusterInfo): number => (a.name < b.name ? -1 : 1)

/** The organization's clusters, live. */
export class Clusters {
  #api: Client
  #reading = 0
  state = $state<"loading" | "ready" | "failed">("loading")
  /** In order of name. */
  items = $state.raw<readonly ClusterInfo[]>([])
  error = $state.raw<unknown>()
  readAt = $state<number>()
  #now: () => number

  constructor(api: Client, now: () => number) {
    this.#api = api
    this.#now = now
  }

  async load(): Promise<void> {
    const turn = ++this.#reading
    try {
      const { items } = await this.#api.call("listClusters")
      if (turn !== this.#reading) return
      this.items = items.toSorted(byName)
      this.state = "ready"
      this.error = undefined
      this.readAt = this.#now()
    } catch (error) {
      if (turn !== this.#reading) return
      this.error = error
      this.state = "failed"
    }
  }

  /** @returns ends it */
  follow(live: Live): () => void {
    return live.subscribe({
      view: { type: "clusters" },
      reload: () => void this.load(),
      patch: (message) => this.apply(message),
    })
  }

  apply(message: Patch): void {
    if (message.type !== "clusters") return
    this.items = withClusters(this.items, message).sort(byName)
    this.state = "ready"
    this.readAt = this.#now()
  }

  /** What an own request answered, shown before the socket says so too. */
  put(info: ClusterInfo): void {
    this.items = [...this.items.filter((item) => item.clusterId !== info.clusterId), info].sort(byName)
  }
  remove(clusterId: string): void {
    this.items = this.items.filter((item) => item.clusterId !== clusterId)
  }

  find(clusterId: string): ClusterInfo | undefined {
    return this.items.find((item) => item.clusterId === clusterId)
  }
}
