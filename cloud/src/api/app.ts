import { type Context, Hono } from "hono"
import { bodyLimit } from "hono/body-limit"
import { secureHeaders } from "hono/secure-headers"
import { ulid } from "ulid"
import type { InventoryItem } from "#shared/api/inventory.ts"
import type { Answer } from "#shared/api/client.ts"
import { type Operation, type OperationName, operations } from "#shared/api/operations.ts"
import { yamlText } from "#shared/document/write.ts"
import { AppError } from "#shared/error.ts"
import { type Actor, actorOf, credentialOf, demand } from "../auth/actor.ts"
import { type RateLimiter, createRateLimiter } from "../auth/rate.ts"
import { signIn } from "../auth/sign-in.ts"
import { type Cloud, hashOf } from "../cloud.ts"
import { Secret } from "../store/secret.ts"
import { addressOf } from "./address.ts"
import { problemResponse, tagged, taggedJson } from "./answer.ts"
import type { Handler, PlainOperation } from "./call.ts"
import {
  cookieName,
  demandOrigin,
  readSessionCookie,
  removeSessionCookie,
  setSessionCookie,
} from "./cookie.ts"
import { handlers } from "./handlers.ts"
import { inputOf } from "./input.ts"
import { openApi } from "./openapi.ts"
import { session } from "./session.ts"

type Variables = { requestId: string; actor?: Actor; operation?: string }
export type Api = Hono<{ Variables: Variables }>
type ApiContext = Context<{ Variables: Variables }>

const maxBodyBytes = 64 * 1024
const rates = {
  credential: { burst: 300, perSecond: 100 },
  /** Of one address: calls without a credential, or with one that is not known. */
  stranger: { burst: 60, perSecond: 5 },
}

/** The body is measured before it is read. */
const limitOf = ({ bodyBytes = maxBodyBytes }: Operation) =>
  bodyLimit({
    maxSize: bodyBytes,
    onError: () => {
      throw new AppError("input.too_large", `a body may have at most ${bodyBytes} bytes`)
    },
  })

type Edge = { cloud: Cloud; byCredential: RateLimiter; byAddress: RateLimiter; good: Recent }

/** Credentials that were good when they came last: a stranger at the same address does not lock them out. */
type Recent = { has(credential: string): boolean; note(credential: string, isGood: boolean): void }

function createRecent(most: number): Recent {
  const recent = new Set<string>()
  return {
    has: (credential) => recent.has(credential),
    note(credential, isGood) {
      recent.delete(credential)
      if (isGood) recent.add(credential)
      if (recent.size > most) recent.delete(recent.values().next().value ?? "")
    },
  }
}

async function authenticate(edge: Edge, c: ApiContext): Promise<Actor> {
  const { cloud, byCredential, byAddress, good } = edge
  const address = addressOf(c)
  const authorization = c.req.header("authorization")
  let credential: string | undefined
  try {
    credential = credentialOf(authorization, readSessionCookie(cloud, c))
    if (!good.has(credential)) byAddress(address, 0)
    byCredential(credential)
    if (authorization === undefined && !["GET", "HEAD"].includes(c.req.method)) demandOrigin(cloud, c)
    const actor = await actorOf(cloud, credential, c.req.header("smm-org"))
    good.note(credential, true)
    return actor
  } catch (error) {
    if (error instanceof AppError && error.code === "auth.required") {
      if (credential !== undefined) good.note(credential, false)
      byAddress(address)
    }
    throw error
  }
}

function demandPerson(actor: Actor, operation: Operation): void {
  if (operation.people && !actor.user)
    throw new AppError("auth.denied", `"${operation.summary}" is for people; ${actor.name} is an API token`)
}

/** As whom Kubernetes is asked is for the cluster's owner to say. What a caller sends of it is refused and not passed over, so that nobody believes that it works. */
function demandNoImpersonation(c: ApiContext): void {
  const name = [...c.req.raw.headers.keys()].find((header) => /^impersonate-/i.test(header))
  if (name !== undefined)
    throw new AppError(
      "input.invalid",
      `the header ${name} is not taken: whose rights count in a cluster is what its owner wrote into the ConfigMap smm-agent-policy; leave the header out`,
    )
}

const wantsLines = (c: ApiContext): boolean =>
  /\bapplication\/(x-)?ndjson\b/.test(c.req.header("accept") ?? "")

const wantsYaml = (c: ApiContext): boolean => /\bapplication\/(x-)?yaml\b/.test(c.req.header("accept") ?? "")

function respond(c: ApiContext, name: OperationName, operation: Operation, answer: unknown): Response {
  if (operation.status === 204) return c.body(null, 204)
  if (operation.method !== "get") {
    c.header("cache-control", "no-store")
    return c.json(answer as object, operation.status)
  }
  if (name === "getObject" && wantsYaml(c))
    return tagged(c, yamlText((answer as InventoryItem).object), "application/yaml")
  if (name === "listChanges" && wantsLines(c)) {
    const { items, cursor } = answer as Answer<"listChanges">
    const lines = items.map((item) => `${JSON.stringify(item)}\n`).join("")
    const response = tagged(c, lines, "application/x-ndjson")
    if (cursor !== null) response.headers.set("smm-cursor", cursor)
    return response
  }
  return taggedJson(c, answer as object)
}

async function createSession({ cloud, byAddress }: Edge, c: ApiContext): Promise<unknown> {
  byAddress(addressOf(c))
  if (c.req.header("origin") !== undefined) demandOrigin(cloud, c)
  const { body } = await inputOf(operations.createSession, c)
  const { cookie, expiresAt } = await signIn(cloud, (body as { code: string }).code)
  const answer = await session(cloud, await actorOf(cloud, hashOf(cookie)))
  setSessionCookie(cloud, c, cookie, expiresAt)
  return answer
}

async function run(edge: Edge, name: OperationName, operation: Operation, c: ApiContext): Promise<unknown> {
  demandNoImpersonation(c)
  if (name === "createSession") return createSession(edge, c)
  const actor = await authenticate(edge, c)
  c.set("actor", actor)
  demandPerson(actor, operation)
  if (operation.role) demand(actor, operation.role)
  if (name === "removeSession") {
    await Secret.remove(edge.cloud, actor.credential)
    removeSessionCookie(edge.cloud, c)
    return undefined
  }
  const handler = handlers[name] as Handler<PlainOperation>
  return handler(edge.cloud, actor, (await inputOf(operation, c)) as never)
}

const requestIdOf = (given: string | undefined): string =>
  given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : ulid()

const notFound = (c: ApiContext): never => {
  throw new AppError("route.not_found", `no ${c.req.method} ${c.req.path}; see /api/v1/openapi.json`)
}

/** `/api/v1`: each operation of the table, by its name. The caller mounts it or serves it alone. */
export function createApi(cloud: Cloud): Api {
  const app: Api = new Hono<{ Variables: Variables }>()
  const edge: Edge = {
    cloud,
    byCredential: createRateLimiter(rates.credential, cloud.now),
    byAddress: createRateLimiter(rates.stranger, cloud.now),
    good: createRecent(10_000),
  }
  app.use(async (c, next) => {
    const startedAt = cloud.now()
    c.set("requestId", requestIdOf(c.req.header("x-request-id")))
    await next()
    c.header("x-request-id", c.get("requestId"))
    const actor = c.get("actor")
    cloud.log.info({
      requestId: c.get("requestId"),
      operation: c.get("operation"),
      method: c.req.method,
      status: c.res.status,
      ms: cloud.now() - startedAt,
      organizationId: actor?.organizationId,
      actor: actor?.user?.userId ?? actor?.token?.tokenId,
    })
  })
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      strictTransportSecurity: cloud.publicUrl.startsWith("https:")
        ? "max-age=31536000; includeSubDomains"
        : false,
    }),
  )
  app.onError((error, c) => problemResponse(error, c.get("requestId"), cloud.log))
  let document: object | undefined
  app.get("/api/v1/openapi.json", (c) => {
    document ??= openApi(cloud.publicUrl, cookieName(cloud))
    return taggedJson(c, document)
  })
  for (const [name, operation] of Object.entries(operations) as [OperationName, Operation][])
    app.on(
      operation.method.toUpperCase(),
      `/api/v1${operation.path.replace(/\{(\w+)\}/g, ":$1")}`,
      limitOf(operation),
      async (c) => {
        c.set("operation", name)
        return respond(c, name, operation, await run(edge, name, operation, c))
      },
    )
  app.all("*", notFound)
  return app
}
