import { Hono } from "hono"
import { bodyLimit } from "hono/body-limit"
import { ulid } from "ulid"
import type { z } from "zod"
import { AppError } from "#shared/error.ts"
import { ChallengeRequest, JoinRequest, KeyRequest, TicketRequest } from "#shared/protocol/join.ts"
import { problemResponse } from "../api/answer.ts"
import { limitStrangers } from "../auth/strangers.ts"
import type { Cloud } from "../cloud.ts"
import { join } from "./join.ts"
import { addKey, challenge, ticket } from "./ticket.ts"

const maxBody = 8 * 1024

/** The body as the schema wants it. What was sent is not repeated in the answer: it may hold a token. */
async function bodyOf<T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> {
  const body: unknown = await request.json().catch(() => undefined)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }))
  const token = issues.find(({ path }) => path === "token")
  if (token) throw new AppError("join.invalid", `the join token is not one: ${token.message}`, { issues })
  const first = issues[0]
  throw new AppError("input.invalid", `${first?.path || "body"}: ${first?.message ?? "is not JSON"}`, {
    issues,
  })
}

/** The steps over HTTPS before a websocket, below `/link`: join once, then challenge -> ticket before each connect. */
export function createLinkApi(cloud: Cloud): Hono {
  const app = new Hono()
  app.use(limitStrangers(cloud))
  app.use(
    bodyLimit({
      maxSize: maxBody,
      onError: () => {
        throw new AppError("input.too_large", `the body is larger than ${maxBody} bytes`)
      },
    }),
  )
  app.post("/join", async (c) => c.json(await join(cloud, await bodyOf(c.req.raw, JoinRequest))))
  app.post("/challenge", async (c) => {
    const { clusterId, keyId } = await bodyOf(c.req.raw, ChallengeRequest)
    return c.json(await challenge(cloud, clusterId, keyId))
  })
  app.post("/ticket", async (c) => c.json(await ticket(cloud, await bodyOf(c.req.raw, TicketRequest))))
  app.post("/keys", async (c) => c.json(await addKey(cloud, await bodyOf(c.req.raw, KeyRequest))))
  app.notFound(() => {
    throw new AppError("route.not_found", "below /link are join, challenge, ticket and keys, each with POST")
  })
  app.onError((error) => problemResponse(error, ulid(), cloud.log))
  return app
}
