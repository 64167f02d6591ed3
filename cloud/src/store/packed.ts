import { gunzipSync, gzipSync } from "node:zlib"
import { AppError } from "#shared/error.ts"
import { limits } from "#shared/protocol/limits.ts"
import { type Item, mostItemBytes } from "./table.ts"

/** Longer ones are compressed: DynamoDB bills by the kilobyte. */
const packedFrom = 4 * 1024

/** A value as attributes of an item. `what` names it. @throws AppError input.too_large when no item can hold it */
export function packed(value: unknown, what: string): { o: string } | { z: Uint8Array } {
  const o = JSON.stringify(value)
  if (o.length <= packedFrom) return { o }
  const z = gzipSync(o)
  if (z.byteLength > mostItemBytes)
    throw new AppError(
      "input.too_large",
      `${what} is too large to be kept (${z.byteLength} bytes packed, at most ${mostItemBytes}): make it smaller, one after the other`,
    )
  return { z }
}

/** What was packed; it was checked when it came in. */
export const unpacked = <T>(item: Item): T =>
  JSON.parse(
    item["z"] === undefined
      ? String(item["o"])
      : gunzipSync(item["z"] as Uint8Array, { maxOutputLength: limits.maxInflatedBytes }).toString("utf8"),
  ) as T
