import { gunzipSync, gzipSync } from "node:zlib"
import { type Deflate, fromParts, type Inflate, parseFrame, toFrames } from "#shared/protocol/frame.ts"
import type { Up } from "#shared/protocol/up.ts"

export const deflate: Deflate = (text) => gzipSync(text, { level: 6 }).toString("base64")

export const inflate: Inflate = (base64, maxBytes) =>
  gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength: maxBytes }).toString("utf8")

/** The frames of a message; its group is its seq, which is unique in a connection. @throws AppError input.too_large */
export const pack = (message: Up): string[] => toFrames(message, String(message.seq), deflate)

/** Groups that may be under way at once; the cloud sends one message after the other. */
const maxGroups = 4

/** Puts frames together: the message that a frame completes, undefined before. @throws AppError on what is not a frame */
export function createAssembler(): (text: string) => unknown {
  const groups = new Map<string, string[]>()
  return (text) => {
    const { g, i, n, d } = parseFrame(text)
    const parts = groups.get(g) ?? []
    parts[i] = d
    groups.delete(g)
    if (Object.keys(parts).length === n) return fromParts(parts, inflate)
    groups.set(g, parts)
    const oldest = groups.keys().next().value
    if (groups.size > maxGroups && oldest !== undefined) groups.delete(oldest)
    return undefined
  }
}
