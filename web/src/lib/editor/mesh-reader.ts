import type { KubeObject } from "#shared/kube/object.ts"
import type { KindState } from "#shared/validation/engine/cluster.ts"
import { unreadKinds } from "#shared/validation/unread-kinds.ts"

/** The parts of the API's answers that are used; the client with its schemas would be larger than the engine. */
type Page = { items: { cluster: string; object: KubeObject }[]; cursor: string | null }
type Kinds = { items: { kind: string; clusters: { cluster: string; state: KindState }[] }[] }
type ClusterList = { items: { clusterId: string }[] }

export type ReadJson = (path: string) => Promise<unknown>

/** What no agent told of. */
const untold = (kind: string): KindState => ({
  state: "denied",
  reason: unreadKinds[kind] ?? "the agent does not read this kind",
})

export type Take = {
  state: (cluster: string, kind: string, state: KindState) => void
  objects: (cluster: string, objects: readonly KubeObject[]) => void
  progress: (kinds: number, of: number) => void
}

const pageSize = 1_000

/** Reads all objects of these kinds, page by page, and what may be read of them in each cluster. */
export async function readMesh(read: ReadJson, kinds: readonly string[], take: Take): Promise<void> {
  const [known, clusters] = (await Promise.all([read("/kinds"), read("/clusters")])) as [Kinds, ClusterList]
  const byKind = new Map(known.items.map((item) => [item.kind, item.clusters]))
  for (const kind of kinds)
    for (const { clusterId } of clusters.items) {
      const told = byKind.get(kind)?.find(({ cluster }) => cluster === clusterId)?.state
      take.state(clusterId, kind, told ?? untold(kind))
    }
  const wanted = kinds.filter((kind) => byKind.has(kind))
  take.progress(0, wanted.length)
  for (const [index, kind] of wanted.entries()) {
    let cursor: string | null = null
    do {
      const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`
      const page = (await read(`/objects/${encodeURIComponent(kind)}?limit=${pageSize}${after}`)) as Page
      const byCluster = Map.groupBy(page.items, ({ cluster }) => cluster)
      for (const [cluster, items] of byCluster)
        take.objects(
          cluster,
          items.map(({ object }) => object),
        )
      cursor = page.cursor
    } while (cursor !== null)
    take.progress(index + 1, wanted.length)
  }
}
