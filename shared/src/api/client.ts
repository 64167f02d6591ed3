import type { z } from "zod"
import { AppError } from "../error.ts"
import { Problem } from "../problem.ts"
import { type Operation, type OperationName, operations } from "./operations.ts"

type In<T, K extends string> = K extends keyof T ? (T[K] extends z.ZodType ? z.input<T[K]> : never) : never
type Part<T, K extends "params" | "query" | "body"> = K extends keyof T ? { [P in K]: In<T, K> } : object
type Optional<T> = T extends { query: infer Q } ? Omit<T, "query"> & { query?: Q } : T

/** What an operation is called with. */
export type Input<N extends OperationName> = Optional<
  Part<(typeof operations)[N], "params"> &
    Part<(typeof operations)[N], "query"> &
    Part<(typeof operations)[N], "body">
>
/** What an operation answers; undefined for 204. */
export type Answer<N extends OperationName> = (typeof operations)[N] extends {
  answer: infer A extends z.ZodType
}
  ? z.infer<A>
  : undefined

export type ClientOptions = {
  /** `https://mesh.example`, without a slash at the end; empty in the browser. */
  server: string
  /** The one of the platform; throws when the server cannot be reached. */
  fetch: (
    url: string,
    init: { method: string; headers: Record<string, string>; body?: string },
  ) => Promise<Response>
  token?: string
  organizationId?: string
}

export type Client = {
  /** @throws AppError with the server's code; `unavailable` when it cannot be reached. */
  call<N extends OperationName>(
    name: N,
    ...input: object extends Input<N> ? [Input<N>?] : [Input<N>]
  ): Promise<Answer<N>>
}

type Loose = { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown }

function pathOf(operation: Operation, input: Loose): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(input.params?.[name] ?? "")),
  )
  const query = Object.entries(input.query ?? {})
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((item) => [name, item]) : [[name, value]]))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(String(name))}=${encodeURIComponent(String(value))}`)
  return `/api/v1${path}${query.length > 0 ? `?${query.join("&")}` : ""}`
}

async function errorOf(response: Response): Promise<AppError> {
  const problem = Problem.safeParse(await response.json().catch(() => undefined))
  if (!problem.success)
    return new AppError("unavailable", `the server answered ${response.status} without a problem document`)
  const { code, detail, retryAfterSeconds, issues } = problem.data
  return new AppError(code, detail, {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(issues === undefined ? {} : { issues }),
  })
}

/** Calls the API by the operations' names. Answers are trusted: the cloud's tests check them against the same schemas. */
export function createClient(options: ClientOptions): Client {
  return {
    async call(name, ...[input]) {
      const operation: Operation = operations[name]
      const parts = (input ?? {}) as Loose
      const init = {
        method: operation.method.toUpperCase(),
        headers: {
          accept: "application/json",
          ...(parts.body === undefined ? {} : { "content-type": "application/json" }),
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(options.organizationId === undefined ? {} : { "smm-org": options.organizationId }),
        },
        ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
      }
      let response: Response
      try {
        response = await options.fetch(options.server + pathOf(operation, parts), init)
      } catch (cause) {
        throw new AppError("unavailable", `cannot reach ${options.server || "the server"}`, {}, { cause })
      }
      if (!response.ok) throw await errorOf(response)
      return (response.status === 204 ? undefined : await response.json()) as never
    },
  }
}
