import type { z } from "zod"
import { AppError, type ErrorCode } from "#shared/error.ts"
import { Problem } from "#shared/problem.ts"
import {
  ChallengeAnswer,
  JoinAnswer,
  type JoinRequest,
  KeyAnswer,
  keyText,
  TicketAnswer,
  ticketText,
} from "#shared/protocol/join.ts"
import { sign } from "./key.ts"
import type { Post, PostAnswer } from "./post.ts"

/** A cluster's credential: who it is, and the private key that proves it. */
export type Credential = { clusterId: string; keyId: string; privateKey: string }

/** The steps over HTTPS before a websocket. Each throws AppError with the cloud's code, `unavailable` when it cannot be reached. */
export type Steps = {
  join(request: JoinRequest): Promise<JoinAnswer>
  ticket(credential: Credential, who: { instance: string; epoch: number }): Promise<TicketAnswer>
  addKey(credential: Credential, publicKey: string): Promise<string>
}

function errorOf({ status, retryAfterSeconds, text }: PostAnswer, url: string): AppError {
  const detail = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  const problem = Problem.pick({ code: true, detail: true }).safeParse(safeJson(text))
  if (problem.success) return new AppError(problem.data.code, problem.data.detail, detail)
  const code: ErrorCode = status === 429 ? "rate.limited" : "unavailable"
  return new AppError(code, `${url} answered ${status}, and not as a Service Mesh Manager does`, detail)
}

export function createSteps(options: { server: string; post: Post; signal: AbortSignal }): Steps {
  const base = options.server.replace(/\/+$/, "")

  async function ask<T extends z.ZodType>(step: string, body: unknown, schema: T): Promise<z.infer<T>> {
    const url = `${base}/link/${step}`
    const answer = await options.post(url, body, options.signal).catch((cause: unknown) => {
      throw new AppError("unavailable", `cannot reach ${url}: ${wordsOf(cause)}`, {}, { cause })
    })
    if (answer.status !== 200) throw errorOf(answer, url)
    const parsed = schema.safeParse(safeJson(answer.text))
    if (!parsed.success)
      throw new AppError(
        "unavailable",
        `${url} answered what no Service Mesh Manager answers; is --server right?`,
      )
    return parsed.data
  }

  const nonceFor = async ({ clusterId, keyId }: Credential): Promise<string> =>
    (await ask("challenge", { clusterId, keyId }, ChallengeAnswer)).nonce

  return {
    join: (request) => ask("join", request, JoinAnswer),
    async ticket(credential, who) {
      const { clusterId, keyId, privateKey } = credential
      const request = { clusterId, keyId, nonce: await nonceFor(credential), ...who }
      const signature = sign(privateKey, ticketText(request))
      const answer = await ask("ticket", { ...request, signature }, TicketAnswer)
      if (base.startsWith("https:") && !answer.url.startsWith("wss:"))
        throw new AppError(
          "unavailable",
          `${base} offers a websocket without TLS; the agent does not take it`,
        )
      return answer
    },
    async addKey(credential, publicKey) {
      const { clusterId, keyId, privateKey } = credential
      const request = { clusterId, keyId, nonce: await nonceFor(credential), publicKey }
      const signature = sign(privateKey, keyText(request))
      return (await ask("keys", { ...request, signature }, KeyAnswer)).keyId
    },
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || (error as NodeJS.ErrnoException).code || error.name
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
