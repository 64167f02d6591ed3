import type { KubeConfig } from "@kubernetes/client-node"
import http from "node:http"
import https from "node:https"
import { StringDecoder } from "node:string_decoder"
import { list, record, text as words } from "#shared/topology/fact/read.ts"
import type { KubeIdentity } from "#shared/act/policy.ts"
import { impersonation } from "./impersonation.ts"

/** One reason of a refusal. Source: Kubernetes, `Status.details.causes`. */
export type KubeCause = { reason: string; message: string; field: string }
type Details = { retryAfterMs?: number; causes?: readonly KubeCause[] }

/** What the API server refused: its status, reason and words, and after how long it wants to be asked again. */
export class KubeError extends Error {
  readonly status: number
  readonly reason: string
  readonly retryAfterMs: number
  readonly causes: readonly KubeCause[]
  constructor(status: number, reason: string, message: string, details: Details = {}) {
    super(message)
    this.name = "KubeError"
    this.status = status
    this.reason = reason
    this.retryAfterMs = details.retryAfterMs ?? 0
    this.causes = details.causes ?? []
  }
}

/** How a body is to be read. `apply` is server-side apply. */
const contentTypes = {
  json: "application/json",
  "json-patch": "application/json-patch+json",
  "merge-patch": "application/merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const

export type KubeCall = {
  path: string
  method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE"
  body?: unknown
  content?: keyof typeof contentTypes
  accept?: string
  signal: AbortSignal
  /** As whom: an identity that the gate gave, and nothing else. Absent: the agent's own account. */
  as?: KubeIdentity
  /** Told each warning of the API server. */
  warn?: (words: string) => void
}

/** The few calls that the agent makes of a Kubernetes API server. */
export type KubeApi = {
  /** The server's address, for messages. */
  server: string
  /** The parsed JSON answer. @throws KubeError on an answer of 400 or more; any Error when the connection fails */
  json(call: KubeCall): Promise<unknown>
  /** Opens a stream of lines (a watch). Resolves when the server has accepted it. `onBytes` is told about every arrival. @throws as json */
  lines(call: KubeCall & { onBytes: () => void }): Promise<AsyncIterable<string>>
  close(): void
}

/** No answer to a plain call for so long means that the connection is dead. */
const idleMs = 30_000
const maxAnswerBytes = 256 * 1024 * 1024

const plainJson = contentTypes.json

function errorOf(status: number, headers: http.IncomingHttpHeaders, text: string): KubeError {
  const retryAfterMs = Number(headers["retry-after"] ?? 0) * 1000 || 0
  try {
    const body = record(JSON.parse(text))
    const message = typeof body["message"] === "string" ? body["message"] : `answer ${status}`
    const causes = list(record(body["details"])["causes"])
      .map(record)
      .map((cause) => ({
        reason: words(cause["reason"]),
        message: words(cause["message"]),
        field: words(cause["field"]),
      }))
    return new KubeError(status, words(body["reason"]), message, { retryAfterMs, causes })
  } catch {
    return new KubeError(status, "", `answer ${status}: ${text.slice(0, 200)}`, { retryAfterMs })
  }
}

/** The words of `Warning: 299 - "words"` headers. Source: RFC 7234, 5.5. */
export const warningsOf = (headers: readonly string[]): string[] =>
  headers.flatMap((header) =>
    [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1")),
  )

async function textOf(answer: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxAnswerBytes) throw new Error(`answer of more than ${maxAnswerBytes} bytes`)
  }
  return Buffer.concat(chunks).toString("utf8")
}

async function* linesOf(answer: http.IncomingMessage, onBytes: () => void): AsyncIterable<string> {
  const decoder = new StringDecoder("utf8")
  let rest: string[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    onBytes()
    const parts = decoder.write(chunk).split("\n")
    const last = parts.pop() ?? ""
    for (const part of parts) {
      rest.push(part)
      const line = rest.join("")
      rest = []
      if (line !== "") yield line
    }
    if (last !== "") rest.push(last)
  }
}

/**
 * Calls through what a kubeconfig or the service account says: certificates, tokens, exec and proxies are client-node's; the
 * connections are our own, kept alive, one agent for all of them.
 */
export function createKubeApi(config: KubeConfig): KubeApi {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error("the kubeconfig has no current context; choose one with --context")
  const secure = cluster.server.startsWith("https:")
  // client-node refuses plain http unless it is told not to verify, which has no meaning without TLS.
  if (!secure) Object.assign(cluster, { skipTLSVerify: true })
  const base = cluster.server.replace(/\/+$/, "")
  const keepAlive = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4 }
  const agent = secure ? new https.Agent(keepAlive) : new http.Agent(keepAlive)

  async function open(call: KubeCall): Promise<http.IncomingMessage> {
    const options: https.RequestOptions = { method: call.method ?? "GET", signal: call.signal }
    await config.applyToHTTPSOptions(options)
    if (!cluster?.proxyUrl) options.agent = agent
    // As bytes: beside a string Node would write the headers in the encoding of the body.
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body), "utf8")
    const content = contentTypes[call.content ?? "json"]
    options.headers = {
      ...(options.headers as http.OutgoingHttpHeaders | undefined),
      accept: call.accept ?? plainJson,
      "user-agent": "smm-agent",
      ...(body === undefined ? {} : { "content-type": content, "content-length": String(body.length) }),
      ...(call.as ? impersonation(call.as) : {}),
    }
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request(new URL(base + call.path), options, resolve)
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer in ${idleMs / 1000} s`)))
      request.on("error", reject)
      request.end(body)
    })
  }

  async function opened(call: KubeCall): Promise<http.IncomingMessage> {
    const answer = await open(call)
    const status = answer.statusCode ?? 0
    if (call.warn) warningsOf(answer.headersDistinct["warning"] ?? []).forEach(call.warn)
    if (status >= 400) throw errorOf(status, answer.headers, await textOf(answer))
    return answer
  }

  return {
    server: base,
    json: async (call) => JSON.parse(await textOf(await opened(call))) as unknown,
    async lines({ onBytes, ...call }) {
      const answer = await opened(call)
      // A watch may be silent; its reader has its own watchdog.
      answer.socket.setTimeout(0)
      return linesOf(answer, onBytes)
    },
    close: () => agent.destroy(),
  }
}
