import type { ElkNode } from "elkjs/lib/elk-api.js"
// The worker's own file, 1.6 MB: loaded when somebody asks for a new arrangement, never before.
import workerUrl from "elkjs/lib/elk-worker.min.js?url"
import type { Group } from "./arrange.ts"
import { onColumns } from "./columns.ts"
import type { Point } from "./layered.ts"

const optionsOf = (group: Group): Record<string, string> => ({
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "SPLINES",
  "elk.aspectRatio": "1.6",
  "elk.spacing.nodeNode": String(group.gaps.y),
  "elk.spacing.edgeNode": "10",
  "elk.spacing.componentComponent": String(group.gaps.y),
  "elk.layered.spacing.nodeNodeBetweenLayers": String(group.gaps.x),
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.thoroughness": "12",
})

export type Elk = { lay(group: Group): Promise<Map<string, Point>>; close(): void }

/** ELK in a worker of its own. @throws when a graph cannot be laid out */
export async function createElk(): Promise<Elk> {
  const { default: ELK } = await import("elkjs/lib/elk-api.js")
  const elk = new ELK({ workerFactory: () => new Worker(workerUrl) })
  return {
    lay: async (group) => {
      const laid: ElkNode = await elk.layout({
        id: "root",
        layoutOptions: optionsOf(group),
        children: group.children.map(({ id, w, h }) => ({ id, width: w, height: h })),
        edges: group.links.map(({ from, to }, i) => ({ id: `e${i}`, sources: [from], targets: [to] })),
      })
      return onColumns(
        (laid.children ?? []).map(({ id, x = 0, y = 0 }) => ({ id, x, y })),
        group.pitch,
      )
    },
    close: () => elk.terminateWorker(),
  }
}
