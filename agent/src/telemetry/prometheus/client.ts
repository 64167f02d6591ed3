import { Agent, request, type Dispatcher } from "undici"
import type { Clock } from "#agent/clock.ts"
import { TelemetryFailure } from "../source.ts"
import { readVector, type VectorRow } from "./rows.ts"

export type Query = {
  query: string
  /** Evaluation time in seconds, by the server's own clock. */ time?: string
}

export type PrometheusClient = {
  /** URL without credentials. */
  readonly url: string
  /** Streams an instant vector's rows. Tries once more when the server did not answer. @throws TelemetryFailure with the reason */
  vector(query: Query, onRow: (row: VectorRow) => void, signal: AbortSignal): Promise<{ rows: number }>
  /** The parsed `data` of a query with a small answer. @throws TelemetryFailure */
  small(query: Query, signal: AbortSignal): Promise<unknown>
  close(): Promise<void>
}

export type ClientOptions = {
  url: string
  clock: Clock
  /** Of one query, both tries together. */
  timeoutMs?: number
  maxBytes?: number
}

const retryAfterMs = 250
/** Of an answer that is read whole: raw samples of one relation, or words. */
const maxSmallBytes = 8_000_000
const maxWordsBytes = 16_000

/** The server could not be asked or did not come to an answer: the same query may work a moment later. */
class Unanswered extends TelemetryFailure {}

/** `http://user:secret@host/prefix/` as what is asked and what is shown. */
function splitUrl(text: string): { url: string; headers: Record<string, string> } {
  const url = new URL(text)
  const { username, password } = url
  url.username = ""
  url.password = ""
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    headers: username === "" ? {} : { authorization: `Basic ${Buffer.from(secret).toString("base64")}` },
  }
}

/** A client for `/api/v1/query` of Prometheus and what answers like it. */
export function createPrometheusClient(options: ClientOptions): PrometheusClient {
  const { url, headers } = splitUrl(options.url)
  const timeoutMs = options.timeoutMs ?? 10_000
  const maxBytes = options.maxBytes ?? 256_000_000
  const dispatcher = new Agent({ connections: 4, connect: { timeout: 3_000 }, keepAliveTimeout: 90_000 })

  const ask = async (
    { query, time }: Query,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData["body"]> => {
    const form = new URLSearchParams({
      query,
      timeout: `${Math.ceil(timeoutMs / 1000)}s`,
      ...(time ? { time } : {}),
    })
    const answer = await request(`${url}/api/v1/query`, {
      method: "POST",
      body: form.toString(),
      headers: {
        ...headers,
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
      },
      dispatcher,
      signal,
    })
    if (answer.statusCode === 200) return answer.body
    const words = await errorOf(answer.body)
    const message = `answered ${answer.statusCode}${words}`
    throw answer.statusCode >= 500 ? new Unanswered(message) : new TelemetryFailure(message)
  }

  /** Both tries end with the time that one query has. */
  const within = async <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const both = AbortSignal.any([signal, timeout])
    const attempt = () =>
      work(both).catch((error: unknown) => {
        if (timeout.aborted) throw new TelemetryFailure(`did not answer within ${timeoutMs / 1000} s`)
        if (error instanceof TelemetryFailure || signal.aborted) throw error
        throw new Unanswered(wordsOf(error))
      })
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      await options.clock.sleep(retryAfterMs, both)
      return attempt()
    }
  }

  return {
    url,
    vector: (query, onRow, signal) =>
      within(signal, async (limited) => {
        const body = await ask(query, limited)
        let rows = 0
        try {
          await readVector(body, (row) => (rows++, onRow(row)), maxBytes)
        } catch (error) {
          body.destroy()
          // rows were handed on: a second try would count them twice
          if (rows === 0 || error instanceof TelemetryFailure) throw error
          throw new TelemetryFailure(`the answer broke off: ${wordsOf(error)}`)
        }
        return { rows }
      }),
    small: (query, signal) =>
      within(signal, async (limited) => {
        const text = await textOf(await ask(query, limited), maxSmallBytes)
        const answer = JSON.parse(text) as { status?: string; data?: unknown; error?: string }
        if (answer.status !== "success")
          throw new TelemetryFailure(answer.error ?? "the answer has no status")
        return answer.data
      }),
    close: () => dispatcher.destroy(),
  }
}

/** Whoever answers may be anybody: nothing is read without an end. @throws TelemetryFailure */
async function textOf(body: Dispatcher.ResponseData["body"], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the body.
    if (size > maxBytes) throw new TelemetryFailure(`the answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/** Prometheus explains errors as JSON; a proxy in front of it as a page that nobody wants to read here. */
async function errorOf(body: Dispatcher.ResponseData["body"]): Promise<string> {
  try {
    const { error } = JSON.parse(await textOf(body, maxWordsBytes)) as { error?: string }
    return error ? `: ${error.slice(0, 500)}` : ""
  } catch {
    return ""
  }
}

/** Node's words for a broken connection, with the code that says which kind. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  const cause = error.cause instanceof Error ? error.cause.message : ""
  return [
    error.message || cause || error.name,
    typeof code === "string" && !error.message.includes(code) ? `(${code})` : "",
  ]
    .filter((part) => part !== "")
    .join(" ")
}
