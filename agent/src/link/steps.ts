import type { z } from "zod"
import { AppError, type ErrorCode, Problem } from "#shared/error.ts"
import {
  ChallengeAnswer,
  JoinAnswer,
  type JoinRequest,
  KeyAnswer,
  keyText,
  TicketAnswer,
  ticketText,
} from "#shared/protocol/join.ts"
import { createKeyPair, sign } from "./key.ts"

/** A cluster's credential: who it is, and the private key that proves it. */
export type Credential = { clusterId: string; keyId: string; privateKey: string }

/** The steps over HTTPS before a websocket. Each throws AppError with the cloud's code, `unavailable` when it cannot be reached. */
export type Steps = {
  join(request: JoinRequest): Promise<JoinAnswer>
  ticket(credential: Credential, who: { instance: string; epoch: number }): Promise<TicketAnswer>
  addKey(credential: Credential, publicKey: string): Promise<string>
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const answerMs = 30_000
const maxAnswer = 64 * 1024

export { createKeyPair }

async function errorOf(answer: Response, text: string, url: string): Promise<AppError> {
  const retryAfterSeconds = Number(answer.headers.get("retry-after")) || undefined
  const detail = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  try {
    const problem = Problem.pick({ code: true, detail: true }).parse(JSON.parse(text))
    return new AppError(problem.code, problem.detail, detail)
  } catch {
    const code: ErrorCode = answer.status === 429 ? "rate.limited" : "unavailable"
    return new AppError(
      code,
      `${url} answered ${answer.status}, and not as a Service Mesh Manager does`,
      detail,
    )
  }
}

export function createSteps(options: { server: string; fetch: Fetch; signal: AbortSignal }): Steps {
  const base = options.server.replace(/\/+$/, "")

  async function post<T extends z.ZodType>(step: string, body: unknown, schema: T): Promise<z.infer<T>> {
    const url = `${base}/link/${step}`
    let answer: Response
    let text: string
    try {
      answer = await options.fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(answerMs)]),
      })
      text = (await answer.text()).slice(0, maxAnswer)
    } catch (cause) {
      throw new AppError("unavailable", `cannot reach ${url}: ${wordsOf(cause)}`, {}, { cause })
    }
    if (!answer.ok) throw await errorOf(answer, text, url)
    const parsed = schema.safeParse(safeJson(text))
    if (!parsed.success)
      throw new AppError(
        "unavailable",
        `${url} answered what no Service Mesh Manager answers; is --server right?`,
      )
    return parsed.data
  }

  const nonceFor = async ({ clusterId, keyId }: Credential): Promise<string> =>
    (await post("challenge", { clusterId, keyId }, ChallengeAnswer)).nonce

  return {
    join: (request) => post("join", request, JoinAnswer),
    async ticket(credential, who) {
      const { clusterId, keyId, privateKey } = credential
      const request = { clusterId, keyId, nonce: await nonceFor(credential), ...who }
      return post("ticket", { ...request, signature: sign(privateKey, ticketText(request)) }, TicketAnswer)
    },
    async addKey(credential, publicKey) {
      const { clusterId, keyId, privateKey } = credential
      const request = { clusterId, keyId, nonce: await nonceFor(credential), publicKey }
      const signature = sign(privateKey, keyText(request))
      return (await post("keys", { ...request, signature }, KeyAnswer)).keyId
    },
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
