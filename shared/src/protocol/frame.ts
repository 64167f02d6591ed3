import { z } from "zod"
import { AppError } from "../error.ts"
import { limits } from "./limits.ts"

/**
 * A message on the wire: JSON -> gzip -> base64 -> cut into text frames below 31 KB, each with its chunk header. API Gateway refuses
 * binary frames, and bills per 32 KB. gzip comes in as an argument: node:zlib in agent and cloud.
 */
export const Frame = z.object({
  /** Group: which message this is a part of; unique in its connection. */
  g: z.string().regex(/^[\w-]{1,32}$/),
  i: z.int().nonnegative(),
  n: z.int().positive().max(limits.maxParts),
  /** Base64 of this part of the gzipped JSON. */
  d: z.string(),
})
export type Frame = z.infer<typeof Frame>

export type Deflate = (text: string) => string
/** Base64 of gzip -> text; must stop and throw beyond `maxBytes` of output. */
export type Inflate = (base64: string, maxBytes: number) => string

/** Base64 characters that fit a frame beside the header. */
const room = limits.cutBytes - 96

/** The frames of a message. @throws AppError input.too_large beyond 64 frames: the sender must cut its message smaller. */
export function toFrames(message: unknown, group: string, deflate: Deflate): string[] {
  const data = deflate(JSON.stringify(message))
  const n = Math.max(1, Math.ceil(data.length / room))
  if (n > limits.maxParts)
    throw new AppError(
      "input.too_large",
      `message of ${data.length} bytes packed needs ${n} frames, at most ${limits.maxParts} are allowed`,
    )
  return Array.from({ length: n }, (_, i) =>
    JSON.stringify({ g: group, i, n, d: data.slice(i * room, (i + 1) * room) } satisfies Frame),
  )
}

/** One frame's text as a Frame. @throws AppError link.protocol */
export function parseFrame(text: string): Frame {
  if (text.length > limits.frameBytes)
    throw new AppError(
      "input.too_large",
      `frame of ${text.length} bytes, at most ${limits.frameBytes} are allowed`,
    )
  const frame = Frame.safeParse(safeJson(text))
  if (!frame.success) throw new AppError("link.protocol", "frame is not {g,i,n,d}")
  if (frame.data.i >= frame.data.n)
    throw new AppError("link.protocol", `part ${frame.data.i} of ${frame.data.n}`)
  return frame.data
}

/** The message of a complete group (`parts` in order), inflated under the cap and parsed as JSON, not yet checked by a schema. @throws AppError */
export function fromParts(parts: readonly string[], inflate: Inflate): unknown {
  let text: string
  try {
    text = inflate(parts.join(""), limits.maxInflatedBytes)
  } catch (cause) {
    throw new AppError(
      "link.protocol",
      `message does not inflate to at most ${limits.maxInflatedBytes} bytes of gzip`,
      {},
      { cause },
    )
  }
  const value = safeJson(text)
  if (value === undefined) throw new AppError("link.protocol", "message is not JSON")
  return value
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
