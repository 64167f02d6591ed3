import type { Client } from "#shared/api/client.ts"
import type { ClusterInfo, LinkEvent } from "#shared/api/cluster.ts"
import type { InventoryItem } from "#shared/api/inventory.ts"
import { changeKinds } from "./changes.ts"

export type ChangeSources = {
  items: InventoryItem[]
  events: { cluster: string; clusterName: string; event: LinkEvent }[]
}

const mostEvents = 10
/** Events that say nothing of the mesh itself. */
const quiet: readonly LinkEvent["kind"][] = ["token", "manifest", "rotated"]

/** Objects whose appearance or edit is a change, and the newest events of the links. A kind that cannot be read is left out. */
export async function readChanges(client: Client, clusters: readonly ClusterInfo[]): Promise<ChangeSources> {
  const [pages, events] = await Promise.all([
    Promise.allSettled(
      changeKinds.map((kind) => client.call("listObjects", { params: { kind }, query: { limit: 1000 } })),
    ),
    Promise.allSettled(
      clusters.map(async ({ clusterId, name }) => {
        const { items } = await client.call("listClusterEvents", {
          params: { cluster: clusterId },
          query: { limit: mostEvents },
        })
        return items
          .filter((event) => !quiet.includes(event.kind))
          .map((event) => ({ cluster: clusterId, clusterName: name, event }))
      }),
    ),
  ])
  const failed = [...pages, ...events].find((answer) => answer.status === "rejected")
  if (failed && pages.every((answer) => answer.status === "rejected")) throw failed.reason
  return {
    items: pages.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.items : [])),
    events: events.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : [])),
  }
}
