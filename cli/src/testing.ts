import type { Answer } from "#shared/api/client.ts"
import { type Operation, type OperationName, operations } from "#shared/api/operations.ts"
import { AppError, errorStatus } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import type { Io } from "./io.ts"
import { run } from "./program.ts"

/** For tests: a server in process that reads requests by the schemas of the operations, and answers as a test says. */

export type Call = { name: OperationName; params: unknown; query: unknown; body: unknown }
type Answers = { [N in OperationName]?: (call: Call) => Answer<N> }

const patternOf = ({ path }: Operation): RegExp =>
  new RegExp(`^/api/v1${path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`)

const routes = (Object.keys(operations) as OperationName[]).map((name) => {
  const operation: Operation = operations[name]
  return { name, operation, pattern: patternOf(operation) }
})

function queryOf(url: URL): Record<string, unknown> {
  const keys = [...new Set(url.searchParams.keys())]
  return Object.fromEntries(
    keys.map((key) => {
      const all = url.searchParams.getAll(key)
      return [key, all.length === 1 ? all[0] : all]
    }),
  )
}

const paramsOf = (pattern: RegExp, path: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(pattern.exec(path)?.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
  )

function callOf(address: string, init: { method: string; body?: string }): Call {
  const url = new URL(address)
  const route = routes.find(
    ({ operation, pattern }) => operation.method === init.method.toLowerCase() && pattern.test(url.pathname),
  )
  if (!route) throw new Error(`no operation is ${init.method} ${url.pathname}`)
  const { name, operation, pattern } = route
  return {
    name,
    params: operation.params?.parse(paramsOf(pattern, url.pathname)) ?? {},
    query: operation.query?.parse(queryOf(url)) ?? {},
    body: operation.body?.parse(JSON.parse(init.body ?? "null")),
  }
}

export type FakeServer = { fetch: Io["fetch"]; calls: Call[] }

export function fakeServer(answers: Answers): FakeServer {
  const calls: Call[] = []
  return {
    calls,
    fetch: (address, init) => {
      const call = callOf(address, init)
      calls.push(call)
      const answer = answers[call.name] as ((call: Call) => unknown) | undefined
      if (!answer) throw new Error(`the test answers no ${call.name}`)
      try {
        return Promise.resolve(Response.json(answer(call)))
      } catch (error) {
        if (error instanceof AppError)
          return Promise.resolve(Response.json(problemOf(error, "r"), { status: errorStatus[error.code] }))
        throw error
      }
    },
  }
}

/** What a person has: what they type, pipe in, and answer. */
export type Person = {
  input?: string
  answers?: readonly string[]
  env?: Record<string, string>
  now?: number
}

/** Nobody's process: it says nothing, has no network, and keeps nothing. */
export const noIo: Io = {
  out: () => undefined,
  err: () => undefined,
  env: {},
  fetch: () => Promise.reject(new Error("no network")),
  now: () => 0,
  sleep: () => Promise.resolve(),
  readInput: () => Promise.resolve(""),
  isTerminal: false,
  config: { path: "", read: () => ({}), write: () => undefined },
  readLocal: () => null,
}

/** Runs `smm` against a server. */
export async function smmOf(
  fetch: Io["fetch"],
  args: readonly string[],
  { input, answers, env, now = 0 }: Person = {},
): Promise<{ code: number; out: string; err: string; questions: string[] }> {
  const printed = { out: "", err: "" }
  const left = [...(answers ?? [])]
  const questions: string[] = []
  const io: Io = {
    ...noIo,
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    env: { SMM_SERVER: "http://mesh.example", SMM_TOKEN: "t", ...env },
    fetch,
    now: () => now,
    readInput: () => Promise.resolve(input ?? ""),
    isTerminal: answers !== undefined,
    ask: (question) => {
      questions.push(question)
      return Promise.resolve(left.shift() ?? "")
    },
  }
  return { code: await run(args, io), ...printed, questions }
}
