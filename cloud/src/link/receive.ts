import { gunzipSync } from "node:zlib"
import { z } from "zod"
import { AppError } from "#shared/error.ts"
import { fromParts, parseFrame } from "#shared/protocol/frame.ts"
import { Up } from "#shared/protocol/up.ts"
import type { Cloud } from "../cloud.ts"
import { Connections } from "../store/connection.ts"

/** gzip stops at the cap: a bomb costs the memory of the cap, not of what it would become. */
const inflate = (base64: string, maxBytes: number): string =>
  gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength: maxBytes }).toString("utf8")

/** A message of a newer agent: it has a number to acknowledge and a type that we do not know. */
export type Unknown = { type: "unknown"; seq: number; name: string }

const Numbered = z.object({ type: z.string().max(64), seq: z.int().positive() })
const knownTypes: readonly string[] = Up.options.map((option) => option.shape.type.value)

/** The message as the schema wants it. @throws AppError link.protocol */
export function parseUp(value: unknown): Up | Unknown {
  const parsed = Up.safeParse(value)
  if (parsed.success) return parsed.data
  const numbered = Numbered.safeParse(value)
  if (numbered.success && !knownTypes.includes(numbered.data.type))
    return { type: "unknown", seq: numbered.data.seq, name: numbered.data.type }
  const issue = parsed.error.issues[0]
  throw new AppError(
    "link.protocol",
    `message ${numbered.success ? numbered.data.type : "without type and seq"} is not understood: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  )
}

/** The message that this frame completes; undefined while parts are missing. Nothing of it stays in this process. @throws AppError */
export async function receive(
  cloud: Cloud,
  connection: string,
  text: string,
): Promise<Up | Unknown | undefined> {
  const frame = parseFrame(text)
  const parts =
    frame.n === 1
      ? [frame.d]
      : await Connections.addPart(cloud, connection, {
          group: frame.g,
          index: frame.i,
          n: frame.n,
          text: frame.d,
        })
  return parts && parseUp(fromParts(parts, inflate))
}
