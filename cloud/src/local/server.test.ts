import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { pino } from "pino"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { WebSocket } from "ws"
import { createSocketTicket } from "../api/session.ts"
import { freePorts } from "#test/real/kube/guarded-process.ts"
import { actorOf } from "../auth/actor.ts"
import { hashOf } from "../cloud.ts"
import { type LocalCloud, type LocalOptions, startLocal } from "./server.ts"

const log = pino({ level: "silent" })
let folder: string
const open: LocalCloud[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-local-"))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((local) => local.close()))
  await rm(folder, { recursive: true, force: true })
})

async function start(options: Partial<LocalOptions> = {}): Promise<LocalCloud> {
  const local = await startLocal({ port: 0, data: null, log, ...options })
  open.push(local)
  return local
}

async function socketUrl({ cloud, owner }: LocalCloud): Promise<string> {
  return (await createSocketTicket(cloud, await actorOf(cloud, hashOf(owner.token)))).url
}

const closed = (socket: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) => {
    socket.on("error", () => undefined)
    socket.once("close", (code, reason) => {
      resolve({ code, reason: reason.toString() })
    })
  })

/** A request whose headers are as written: fetch does not let the host be another one. */
const ask = (url: string, headers: Record<string, string> = {}, method = "GET") =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const call = request(url, { headers, method }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      })
    })
    call.on("error", reject)
    call.end()
  })

describe("a server whose database is not open yet", () => {
  test("tells who asks to come again, and leaves nobody waiting", async () => {
    const [port = 0] = await freePorts(1)
    const opening = Promise.withResolvers<never>()
    const database = { send: () => opening.promise } as unknown as DynamoDBClient
    const started = expect(startLocal({ port, data: null, log, database })).rejects.toThrow("enough")
    const answer = await vi.waitFor(() => ask(`http://127.0.0.1:${port}/api/v1/clusters`))
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"])
    opening.reject(new Error("enough"))
    await started
  })
})

describe("a websocket of the local server", () => {
  test("is closed with 1001 when nothing went over it for long, and lives while something does", async () => {
    const local = await start({ limits: { idleMs: 400 } })
    const idle = new WebSocket(await socketUrl(local))
    const busy = new WebSocket(await socketUrl(local))
    const talk = setInterval(() => {
      if (busy.readyState === WebSocket.OPEN) busy.send(JSON.stringify({ type: "ping" }))
    }, 50)
    expect(await closed(idle)).toMatchObject({
      code: 1001,
      reason: expect.stringContaining("idle") as string,
    })
    expect(busy.readyState).toBe(WebSocket.OPEN)
    clearInterval(talk)
    expect((await closed(busy)).code).toBe(1001)
  })

  test("is closed with 1001 at the end of its life, however busy", async () => {
    const local = await start({ limits: { lifeMs: 300 } })
    const socket = new WebSocket(await socketUrl(local))
    const talk = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "ping" }))
    }, 50)
    expect(await closed(socket)).toMatchObject({
      code: 1001,
      reason: expect.stringContaining("end of life") as string,
    })
    clearInterval(talk)
  })

  test("hears of a handler that takes too long, in API Gateway's words, and stays open", async () => {
    const local = await start({ limits: { integrationMs: 300 } })
    const { table } = local.cloud
    const socket = new WebSocket(await socketUrl(local))
    await new Promise((resolve) => socket.once("open", resolve))
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>()
    const get = table.get
    table.get = () => held
    socket.send(JSON.stringify({ type: "ping" }))
    const text = await new Promise<string>((resolve) => {
      socket.once("message", (data) => {
        resolve((data as Buffer).toString())
      })
    })
    expect(JSON.parse(text)).toMatchObject({ message: "Endpoint request timed out" })
    expect(socket.readyState).toBe(WebSocket.OPEN)
    table.get = get
    release(undefined)
    socket.close()
    await closed(socket)
  })

  test("is not compressed, and is refused beyond the connections of one address", async () => {
    const local = await start({ limits: { connectionsPerAddress: 1 } })
    const first = new WebSocket(await socketUrl(local))
    await new Promise((resolve) => first.once("open", resolve))
    expect(first.extensions).toBe("")
    const second = new WebSocket(await socketUrl(local))
    const status = await new Promise((resolve) => {
      second.on("error", () => undefined)
      second.once("unexpected-response", (_, response) => {
        resolve(response.statusCode)
      })
    })
    expect(status).toBe(429)
    const ended = closed(first)
    first.close()
    await ended
    const third = new WebSocket(await socketUrl(local))
    await new Promise((resolve) => third.once("open", resolve))
    third.close()
    await closed(third)
  })

  test("that is none after all counts for nobody", async () => {
    const local = await start({ limits: { connectionsPerAddress: 1 } })
    const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-key": "x" }
    const ticket = async () => (await socketUrl(local)).replace("ws:", "http:")
    expect((await ask(await ticket(), headers)).status).toBe(400)
    await vi.waitFor(async () => {
      const good = new WebSocket(await socketUrl(local))
      await new Promise((resolve, reject) => good.once("open", resolve).once("error", reject))
      good.close()
      await closed(good)
    })
  })

  test("is found at its two paths only", async () => {
    const local = await start()
    const socket = new WebSocket(`${local.cloud.socketUrl}/other?ticket=x`)
    const status = await new Promise((resolve) => {
      socket.on("error", () => undefined)
      socket.once("unexpected-response", (_, response) => {
        resolve(response.statusCode)
      })
    })
    expect(status).toBe(404)
  })
})

describe("the local server", () => {
  test.each(["0.0.0.0", "::", "192.168.1.2", "example.com"])("refuses to listen on %s", async (host) => {
    await expect(startLocal({ port: 0, data: null, log, host: host as "127.0.0.1" })).rejects.toThrow(
      /for this machine only/,
    )
  })

  test("answers to its own names only, so that no page elsewhere reaches it by a name that points here", async () => {
    const local = await start()
    expect((await ask(`${local.url}/healthz`)).status).toBe(200)
    expect((await ask(`${local.url}/healthz`, { host: `localhost:${local.port}` })).status).toBe(200)
    for (const host of ["evil.example", `evil.example:${local.port}`, "127.0.0.1"])
      expect((await ask(`${local.url}/api/v1/session`, { host })).status).toBe(421)
  })

  test("keeps owner, organization and script token over a restart; the link signs in once", async () => {
    const first = await start({ data: folder })
    const { owner } = first
    expect((await stat(join(folder, "token"))).mode & 0o777).toBe(0o600)
    const link = new URL(await first.signInLink())
    await open.splice(0)[0]?.close()
    const second = await start({ data: folder })
    expect(second.owner).toEqual(owner)
    const signIn = () =>
      fetch(`${second.url}/api/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: link.searchParams.get("code") }),
      })
    const answer = await signIn()
    expect(await answer.json()).toMatchObject({ role: "owner", organization: { name: "local" } })
    expect((await signIn()).status).toBe(401)
  })

  test("makes another script token when the kept one was removed", async () => {
    const first = await start({ data: folder })
    const { token } = first.owner
    await writeFile(join(folder, "token"), "smm_nonsense\n")
    await open.splice(0)[0]?.close()
    const second = await start({ data: folder })
    expect(second.owner.token).not.toBe(token)
    expect((await readFile(join(folder, "token"), "utf8")).trim()).toBe(second.owner.token)
  })

  test("says in one line that its port is taken, and leaves the other's data alone", async () => {
    const first = await start({ data: folder })
    await expect(startLocal({ port: first.port, data: folder, log })).rejects.toThrow(
      new RegExp(`^port ${first.port} of 127\\.0\\.0\\.1 is taken`),
    )
    await expect(startLocal({ port: 0, data: folder, log })).rejects.toThrow(/in use by another process/)
    expect((await ask(`${first.url}/healthz`)).status).toBe(200)
  })
})

describe("the console's files", () => {
  const page = '<!doctype html><script>start("console")</script><script src="/_app/a.js"></script>'
  beforeEach(async () => {
    await mkdir(join(folder, "web/_app/immutable"), { recursive: true })
    const put = (name: string, text: string | Buffer) => writeFile(join(folder, "web", name), text)
    await put("200.html", page)
    await put("_app/immutable/a.1234.js", "export const a = 1")
    await put("_app/immutable/a.1234.js.gz", gzipSync("export const a = 1"))
    await put("robots.txt", "User-agent: *")
    await writeFile(join(folder, "secret.txt"), "hunter2")
  })
  const serve = () => start({ consoleFolder: join(folder, "web") })

  test("hashed files are kept for a year, compressed for who takes it", async () => {
    const { url } = await serve()
    const plain = await ask(`${url}/_app/immutable/a.1234.js`)
    expect(plain.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
      "x-content-type-options": "nosniff",
      vary: "Accept-Encoding",
    })
    expect(plain.body.toString()).toBe("export const a = 1")
    const packed = await ask(`${url}/_app/immutable/a.1234.js`, { "accept-encoding": "br, gzip" })
    expect(packed.headers["content-encoding"]).toBe("gzip")
    expect(packed.body).toEqual(gzipSync("export const a = 1"))
    const refused = await ask(`${url}/_app/immutable/a.1234.js`, { "accept-encoding": "gzip;q=0" })
    expect(refused.headers["content-encoding"]).toBeUndefined()
  })

  test("every page is the application, checked each time, and runs its own scripts only", async () => {
    const { url, cloud } = await serve()
    for (const path of ["/", "/topology", "/clusters/cls_1?tab=yaml", "/services/shop/cart.v1"]) {
      const answer = await ask(url + path)
      expect(answer.body.toString()).toBe(page)
      expect(answer.headers["cache-control"]).toBe("no-cache")
      const policy = String(answer.headers["content-security-policy"])
      expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'(;|$)/)
      expect(policy).toContain(`connect-src 'self' ${cloud.socketUrl}`)
      expect(policy).toContain("frame-ancestors 'none'")
    }
    const first = await ask(`${url}/`)
    expect((await ask(`${url}/`, { "if-none-match": String(first.headers["etag"]) })).status).toBe(304)
    expect((await ask(`${url}/`, {}, "HEAD")).body).toHaveLength(0)
  })

  test("a missing file of the application is missing, and nothing outside of the folder is served", async () => {
    const { url } = await serve()
    expect((await ask(`${url}/_app/immutable/gone.js`)).status).toBe(404)
    for (const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%00", "/%zz"])
      expect((await ask(url + path)).body.toString()).not.toContain("hunter2")
    expect((await ask(`${url}/robots.txt`)).headers["content-type"]).toMatch(/^text\/plain/)
  })

  test("an API path that does not exist is a problem document, not a page", async () => {
    const { url } = await serve()
    const answer = await ask(`${url}/api/v1/nothing`)
    expect(answer.status).toBe(404)
    expect(answer.headers["content-type"]).toBe("application/problem+json")
  })
})
