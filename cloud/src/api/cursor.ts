import { createHash } from "node:crypto"
import { z } from "zod"
import { AppError } from "#shared/error.ts"

/**
 * A cursor says where a page ended. It is bound to the organization, the operation and the query by a checksum: one of another query
 * does not fit. It needs no secret: the place it names is always looked up inside of the caller's own organization.
 */
export type CursorScope = { organizationId: string; operation: string; query: Record<string, unknown> }

const sumOf = ({ organizationId, operation, query }: CursorScope, place: string): string => {
  const { cursor: _cursor, limit: _limit, ...rest } = query
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash("sha256")
    .update(JSON.stringify([organizationId, operation, fields, place]))
    .digest("base64url")
    .slice(0, 16)
}

const Place = z.array(z.union([z.string().max(1024), z.number(), z.null()])).max(3)
export type Place = z.infer<typeof Place>

export const cursorInvalid = (): AppError =>
  new AppError(
    "cursor.invalid",
    "this cursor is not of this query; start again without one, and send the same query with each page",
  )

export function toCursor(scope: CursorScope, place: Readonly<Place>): string {
  const text = JSON.stringify(place)
  return `${Buffer.from(text).toString("base64url")}.${sumOf(scope, text)}`
}

/** The place of a cursor, undefined without one. Whether it is a place of the query is for the caller to say. @throws AppError cursor.invalid */
export function fromCursor(scope: CursorScope, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const [data = "", sum] = cursor.split(".")
  const text = Buffer.from(data, "base64url").toString("utf8")
  if (sum !== sumOf(scope, text)) throw cursorInvalid()
  const place = Place.safeParse(json(text))
  if (!place.success) throw cursorInvalid()
  return place.data
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
