import { query } from "#lib/url/query.svelte.ts"
import type { Clusters } from "./clusters.svelte.ts"
import type { Mesh } from "./mesh.svelte.ts"
import { namespacesOf } from "./sources.ts"

/** The clusters and namespaces that the reader looks at: `?c=` (names) and `?ns=`. Empty: all. */
export class Scope {
  #clusters: Clusters
  #mesh: Mesh

  constructor(clusters: Clusters, mesh: Mesh) {
    this.#clusters = clusters
    this.#mesh = mesh
  }

  readonly clusterNames = $derived(query.list("c"))
  readonly namespaces = $derived(query.list("ns"))
  /** Ids of the chosen clusters that exist. */
  readonly clusters = $derived.by(() =>
    this.#clusters.items
      .filter((cluster) => this.clusterNames.includes(cluster.name))
      .map((cluster) => cluster.clusterId),
  )
  /** Names of the namespaces known in the chosen clusters, in order. */
  readonly knownNamespaces = $derived.by(() => namespacesOf(this.#mesh.sources, this.clusterNames))

  has(cluster: string, namespace: string): boolean {
    return (
      (this.clusterNames.length === 0 || this.clusters.includes(cluster)) &&
      (this.namespaces.length === 0 || this.namespaces.includes(namespace))
    )
  }
  setClusters(names: readonly string[]): void {
    query.set({ c: names })
  }
  setNamespaces(names: readonly string[]): void {
    query.set({ ns: names })
  }
}
