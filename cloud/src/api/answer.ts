import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import type { Context } from "hono"
import { AppError } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import type { Logger } from "pino"
import { unavailableOf } from "../store/unavailable.ts"

/** What reaches the caller: an AppError as it is, anything else as `unavailable` or `internal`, with the cause in the log only. */
export function problemResponse(error: unknown, requestId: string, log: Logger): Response {
  const known =
    error instanceof AppError
      ? error
      : (unavailableOf(error) ??
        new AppError("internal", `something went wrong here; tell us the request id ${requestId}`))
  if (known !== error) log.error({ requestId, error: describe(error) }, "request failed")
  const problem = problemOf(known, requestId)
  const retryAfter = problem.retryAfterSeconds
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
      ...(problem.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  })
}

const describe = (error: unknown): { name: string; message: string; stack?: string | undefined } =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: typeof error, message: String(error) }

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === "*" ||
    header
      .split(",")
      .map((tag) => tag.trim().replace(/^W\//, ""))
      .includes(etag))

/** `packed` is made when somebody first asks for it. */
type Written = { body: string; etag: string; packed?: Uint8Array<ArrayBuffer> }

/** Below, packing costs more than it saves. Above, a graph of 2,000 services would not fit Lambda's 6 MB. */
const packFromBytes = 4_096
const takesGzip = (header: string | undefined): boolean =>
  /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/.test(header ?? "")

const write = (body: string): Written => ({
  body,
  etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
})

/** Answers that are the same object as before (a graph in which nothing changed) are not written again. */
const written = new WeakMap<object, Written>()

/** A GET's JSON with its ETag, or 304 when the caller has it already. */
export function taggedJson(c: Context, answer: object): Response {
  const held = written.get(answer) ?? write(JSON.stringify(answer))
  written.set(answer, held)
  return send(c, held, "application/json")
}

/** A GET's text with its ETag, or 304 when the caller has it already. */
export const tagged = (c: Context, body: string, contentType: string): Response =>
  send(c, write(body), contentType)

function send(c: Context, held: Written, contentType: string): Response {
  const { body, etag } = held
  const packs = body.length >= packFromBytes && takesGzip(c.req.header("accept-encoding"))
  const headers = {
    // Packed or not it says the same: a weak tag.
    etag: packs ? `W/${etag}` : etag,
    "cache-control": "private, no-cache",
    vary: "Authorization, Cookie, Smm-Org, Accept, Accept-Encoding",
  }
  if (matches(c.req.header("if-none-match"), etag)) return new Response(null, { status: 304, headers })
  if (!packs) return new Response(body, { status: 200, headers: { ...headers, "content-type": contentType } })
  held.packed ??= new Uint8Array(gzipSync(body, { level: 2 }))
  return new Response(held.packed, {
    status: 200,
    headers: { ...headers, "content-type": contentType, "content-encoding": "gzip" },
  })
}
