import { z } from "zod"
import { Instant } from "../id.ts"

/**
 * One tick as it goes over the wire and into the store: dictionary ids and columns, log-quantised (error below 0.5 %), at most 4 KB
 * for 300 edges after gzip and base64. Only `pack.ts` and `unpack.ts` look inside `d` and `c`.
 */
export const PackedTick = z
  .object({
    v: z.literal(1),
    at: Instant,
    windowMs: z.int().positive(),
    source: z.enum(["prometheus", "scrape"]),
    gaps: z.array(z.string()),
    /** Dictionary of the strings that the columns refer to. */
    d: z.array(z.string().max(2_000)).max(200_000),
    /** Columns of integers as text (columns.ts); their meaning is in layout.ts. */
    c: z.string().max(3_000_000),
  })
  .meta({ id: "PackedTick" })
export type PackedTick = z.infer<typeof PackedTick>
