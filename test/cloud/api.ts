import { type Operation, type OperationName, operations } from "#shared/api/operations.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { Problem } from "#shared/problem.ts"
import { type Api, createApi } from "#cloud/api/app.ts"
import { type Tenant, type TestCloud, startTestCloud } from "./harness.ts"

export type Sent = {
  params?: Record<string, string>
  query?: Record<string, string | string[]>
  body?: unknown
  headers?: Record<string, string>
}

export const names = Object.keys(operations) as OperationName[]
export const operationOf = (name: OperationName): Operation => operations[name]

function urlOf({ path }: Operation, { params = {}, query = {} }: Sent): string {
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((item) => [name, item])),
  ).toString()
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? name))
  return `http://127.0.0.1:8080/api/v1${filled}${search === "" ? "" : `?${search}`}`
}

export type TestApi = TestCloud & {
  api: Api
  /** Sends an operation as it would come over HTTP, with a bearer token (or none). */
  send(name: OperationName, token: string | null, sent?: Sent): Promise<Response>
  /** The client of CLI and console over the app in process. */
  client(token: string): Client
  /** As a browser of ours would: with the tenant's cookie and our Origin. */
  browse(name: OperationName, tenant: Tenant, sent?: Sent): Promise<Response>
}

export const cookieOf = (tenant: Tenant): string => `smm_8080=${tenant.cookie}`

export async function startTestApi(): Promise<TestApi> {
  const test = await startTestCloud()
  const api = createApi(test.cloud)
  const send: TestApi["send"] = async (name, token, sent = {}) => {
    const operation = operationOf(name)
    return api.request(urlOf(operation, sent), {
      method: operation.method.toUpperCase(),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(sent.body === undefined ? {} : { "content-type": "application/json" }),
        ...sent.headers,
      },
      ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
    })
  }
  return {
    ...test,
    api,
    send,
    browse: (name, tenant, sent = {}) =>
      send(name, null, {
        ...sent,
        headers: { cookie: cookieOf(tenant), origin: "http://127.0.0.1:8080", ...sent.headers },
      }),
    client: (token) =>
      createClient({
        server: "http://127.0.0.1:8080",
        token,
        fetch: (url, init) => Promise.resolve(api.request(url, init)),
      }),
  }
}

export const problemOf = async (response: Response): Promise<Problem> => (await response.json()) as Problem
