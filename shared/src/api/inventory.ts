import { z } from "zod"
import { Instant } from "../id.ts"
import { KubeObject } from "../kube/object-schema.ts"
import { KindState } from "../protocol/message/status.ts"

export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z
    .object({
      items: z.array(item),
      cursor: z.string().nullable(),
      notices: z.array(z.object({ code: z.string(), cluster: z.string(), message: z.string() })),
    })
    .meta({ id })

/** One inventory object with where it is and since when the cloud knows this version. Fields the mesh view does not need were dropped in the agent. */
export const InventoryItem = z
  .object({
    cluster: z.string(),
    clusterName: z.string(),
    seenAt: Instant,
    stale: z.boolean(),
    object: KubeObject,
  })
  .meta({ id: "InventoryItem" })
export type InventoryItem = z.infer<typeof InventoryItem>

/** Objects and state of a kind per cluster. */
export const KindSummary = z
  .object({
    kind: z.string(),
    family: z.string(),
    namespaced: z.boolean(),
    clusters: z.array(z.object({ cluster: z.string(), state: KindState })),
  })
  .meta({ id: "KindSummary" })
export type KindSummary = z.infer<typeof KindSummary>
