import { gzipSync } from "node:zlib"
import type { AppError, ErrorCode } from "#shared/error.ts"
import type { Bye, Down } from "#shared/protocol/down.ts"
import { toFrames } from "#shared/protocol/frame.ts"
import { ulid } from "ulid"
import type { Cloud } from "../cloud.ts"

/** Most of what is sent is an acknowledgement: it needs no window of 256 KB to be set up and thrown away. */
const small = { windowBits: 10, memLevel: 3 }

const deflate = (text: string): string => gzipSync(text, text.length < 1024 ? small : {}).toString("base64")

/** Sends a message to an agent as frames. What does not arrive is made up for after the next hello. */
export async function sendDown(cloud: Cloud, connection: string, message: Down): Promise<"sent" | "gone"> {
  for (const frame of toFrames(message, ulid(), deflate))
    if ((await cloud.sockets.send(connection, frame)) === "gone") return "gone"
  return "sent"
}

/** When to come back; null: not with this identity. */
const retryAfterMs: Partial<Record<ErrorCode, number | null>> = {
  "link.revoked": null,
  "link.denied": null,
  "link.fenced": 60_000,
  "link.duplicate": 5 * 60_000,
  "link.protocol": 30_000,
  "input.too_large": 30_000,
}

export const byeOf = ({ code, message }: Pick<AppError, "code" | "message">): Bye => ({
  type: "bye",
  code,
  message,
  retryAfterMs: code in retryAfterMs ? (retryAfterMs[code] ?? null) : 5_000,
})

/** Says why and closes. 1008 is "policy violation". */
export async function sayBye(
  cloud: Cloud,
  connection: string,
  error: Pick<AppError, "code" | "message">,
): Promise<void> {
  await sendDown(cloud, connection, byeOf(error))
  await cloud.sockets.close(connection, 1008, error.code)
}
