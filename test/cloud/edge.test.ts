import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Problem } from "#shared/problem.ts"
import { createSignInCode } from "#cloud/auth/sign-in.ts"
import { type TestApi, cookieOf, problemOf, startTestApi } from "./api.ts"
import { putCluster } from "./mesh.ts"

let api: TestApi

beforeAll(async () => {
  api = await startTestApi()
  await putCluster(api.cloud, api.tenant.organizationId, "production")
})
afterAll(async () => {
  await api.close()
})

const json = { "content-type": "application/json" }
const bearer = () => ({ authorization: `Bearer ${api.tenant.tokens.owner}` })
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  api.api.request(`/api/v1${path}`, { method: "POST", body, headers: { ...bearer(), ...json, ...headers } })

describe("an error", () => {
  test("is a problem document with the request's id", async () => {
    const response = await api.send("getCluster", api.tenant.tokens.viewer, {
      params: { cluster: "cls_01J9Z3QK5V8E2M7C4T6B1N0PXA" },
      headers: { "x-request-id": "my-request.1" },
    })
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    expect(response.headers.get("x-request-id")).toBe("my-request.1")
    const problem = Problem.parse(await response.json())
    expect(problem).toMatchObject({ status: 404, code: "cluster.not_found", requestId: "my-request.1" })
  })

  test("of input names every bad field", async () => {
    const response = await post("/tokens", JSON.stringify({ name: "", role: "king", expiresInDays: 0 }))
    const { code, issues } = await problemOf(response)
    expect(code).toBe("input.invalid")
    expect(issues?.map(({ path }) => path).sort()).toEqual(["expiresInDays", "name", "role"])
  })

  test("of a query names the parameter", async () => {
    const sent = { query: { id: "overall", stepMs: "1", from: "soon" } }
    const { issues } = await problemOf(await api.send("getSeries", api.tenant.tokens.viewer, sent))
    expect(issues?.map(({ path }) => path).sort()).toEqual(["from", "stepMs"])
  })

  test.each([
    ["not JSON", "{", {}, 400],
    ["no JSON type", "{}", { "content-type": "text/plain" }, 400],
    ["larger than 64 KB", JSON.stringify({ name: "x".repeat(70_000) }), {}, 413],
  ])("of a body that is %s says so", async (_, body, headers, status) => {
    const response = await post("/clusters", body, headers)
    expect((await problemOf(response)).status).toBe(status)
  })

  test("of a body that does not say its size stops at the limit", async () => {
    let sent = 0
    const stream = new ReadableStream({
      pull(controller) {
        sent += 16_384
        controller.enqueue(new Uint8Array(16_384).fill(32))
      },
    })
    const request = new Request("http://127.0.0.1/api/v1/clusters", {
      method: "POST",
      headers: { ...bearer(), ...json },
      body: stream,
      duplex: "half",
    } as RequestInit)
    expect((await problemOf(await api.api.request(request))).code).toBe("input.too_large")
    expect(sent).toBeLessThan(300_000)
  })

  test("of ours says nothing of its cause, and logs it with the request's id", async () => {
    const broken = await startTestApi()
    broken.cloud.table.all = () => Promise.reject(new Error("the disk is on fire"))
    const response = await broken.send("listClusters", broken.tenant.tokens.viewer)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 500, code: "internal" })
    expect(JSON.stringify(problem)).not.toContain("fire")
    const line = broken.logs.find((text) => text.includes("the disk is on fire"))
    expect(line).toContain(problem.requestId)
    await broken.close()
  })

  test("of a store that is gone says when to try again", async () => {
    const dead = await startTestApi()
    await dead.close()
    const response = await dead.send("listClusters", dead.tenant.tokens.viewer)
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"])
    expect((await problemOf(response)).code).toBe("unavailable")
  })

  test("of a path that is not there names it", async () => {
    const response = await api.api.request("/api/v1/nothing", { headers: bearer() })
    expect(await problemOf(response)).toMatchObject({ status: 404, code: "route.not_found" })
  })

  test("of a request id that could break a log line is not repeated", async () => {
    const headers = { ...bearer(), "x-request-id": "a b{}" }
    const response = await api.api.request("/api/v1/session", { headers })
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9A-Z]{26}$/)
  })
})

describe("an answer", () => {
  test("has an ETag, and is not sent again to who has it", async () => {
    const first = await api.send("getTopology", api.tenant.tokens.viewer)
    const etag = first.headers.get("etag") ?? ""
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const headers = { "if-none-match": tag }
      const again = await api.send("getTopology", api.tenant.tokens.viewer, { headers })
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag])
    }
    const other = await api.send("getTopology", api.tenant.tokens.viewer, {
      headers: { "if-none-match": '"x"' },
    })
    expect(other.status).toBe(200)
  })

  test("is for nobody else: no CORS, no sniffing, no framing, no shared cache", async () => {
    const response = await api.send("getSession", api.tenant.tokens.viewer, {
      headers: { origin: "http://evil.example" },
    })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "private, no-cache",
      vary: expect.stringContaining("Authorization") as string,
    })
    expect(response.headers.get("access-control-allow-origin")).toBeNull()
  })

  test("of a call that changes something is not kept by anybody", async () => {
    const response = await api.send("createSocketTicket", api.tenant.tokens.viewer)
    expect(response.headers.get("cache-control")).toBe("no-store")
  })
})

describe("a session", () => {
  const signIn = async (headers: Record<string, string> = {}) => {
    const code = await createSignInCode(api.cloud, api.tenant.user.userId)
    return { code, response: await api.send("createSession", null, { body: { code }, headers }) }
  }

  test("begins with a code that works once, in a cookie that no script reads", async () => {
    const { code, response } = await signIn({ origin: "http://127.0.0.1:8080" })
    expect(response.status).toBe(200)
    const cookie = response.headers.get("set-cookie") ?? ""
    expect(cookie).toMatch(/^smm_8080=sms_[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/)
    const again = await api.send("createSession", null, { body: { code } })
    expect(await problemOf(again)).toMatchObject({ status: 401, code: "auth.required" })
  })

  test("of a server with https has a secure cookie that no subdomain sets", async () => {
    const secure = await startTestApi()
    secure.cloud.publicUrl = "https://mesh.example"
    secure.cloud.origins = ["https://mesh.example"]
    const code = await createSignInCode(secure.cloud, secure.tenant.user.userId)
    const response = await secure.send("createSession", null, { body: { code } })
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-smm=.*; HttpOnly; Secure; SameSite=Strict$/)
    await secure.close()
  })

  test("does not begin from another page", async () => {
    const { response } = await signIn({ origin: "http://evil.example" })
    expect(await problemOf(response)).toMatchObject({ status: 403, code: "auth.origin" })
  })

  test("does not begin with a code that is older than 15 minutes", async () => {
    const code = await createSignInCode(api.cloud, api.tenant.user.userId)
    api.clock.advance(15 * 60_000 + 1)
    const response = await api.send("createSession", null, { body: { code } })
    expect((await problemOf(response)).code).toBe("auth.required")
  })

  test("reads from any page's link, but changes only from our own origin", async () => {
    const cookie = cookieOf(api.tenant)
    const read = await api.send("getSession", null, { headers: { cookie } })
    expect(read.status).toBe(200)
    for (const headers of [
      { cookie },
      { cookie, origin: "http://evil.example" },
      { cookie, origin: "null" },
    ]) {
      const response = await api.send("createCluster", null, {
        body: { name: "forged" },
        headers: headers as Record<string, string>,
      })
      expect(await problemOf(response)).toMatchObject({ status: 403, code: "auth.origin" })
    }
  })

  test("ends when its person signs out, at once", async () => {
    const { response } = await signIn()
    const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
    const headers = { cookie, origin: "http://127.0.0.1:8080" }
    const out = await api.send("removeSession", null, { headers })
    expect(out.status).toBe(204)
    expect(out.headers.get("set-cookie")).toMatch(/^smm_8080=; Max-Age=0/)
    expect((await api.send("getSession", null, { headers })).status).toBe(401)
  })

  test("ends after 30 days", async () => {
    const late = await startTestApi()
    late.clock.advance(30 * 24 * 60 * 60_000 + 1)
    const response = await late.send("getSession", null, { headers: { cookie: cookieOf(late.tenant) } })
    expect((await problemOf(response)).code).toBe("auth.expired")
    await late.close()
  })

  test("gets a ticket for the socket that is good for 60 s", async () => {
    const response = await api.browse("createSocketTicket", api.tenant)
    const ticket = (await response.json()) as { url: string; expiresAt: number }
    expect(ticket.url).toMatch(/^ws:\/\/127\.0\.0\.1:8080\/socket\?ticket=smt_[\w-]{43}$/)
    expect(ticket.expiresAt).toBe(api.clock.at + 60_000)
  })
})

describe("too many calls", () => {
  test("of one credential are told when to come back, and others are not held up", async () => {
    const busy = await startTestApi()
    const call = () => busy.send("getOrganization", busy.tenant.tokens.viewer)
    for (let i = 0; i < 300; i++) expect((await call()).status).toBe(200)
    const refused = await call()
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"])
    expect(await problemOf(refused)).toMatchObject({ code: "rate.limited", retryAfterSeconds: 1 })
    expect((await busy.send("getOrganization", busy.tenant.tokens.admin)).status).toBe(200)
    busy.clock.advance(1000)
    expect((await call()).status).toBe(200)
    await busy.close()
  })

  test("of a stranger are refused by address, before anything is looked up", async () => {
    const busy = await startTestApi()
    const guess = (address: string) =>
      busy.api.request(
        "/api/v1/session",
        { headers: { authorization: `Bearer smm_${"g".repeat(43)}` } },
        { incoming: { socket: { remoteAddress: address } } },
      )
    const known = () =>
      busy.api.request(
        "/api/v1/session",
        { headers: { authorization: `Bearer ${busy.tenant.tokens.viewer}` } },
        { incoming: { socket: { remoteAddress: "10.0.0.1" } } },
      )
    expect((await known()).status).toBe(200)
    for (let i = 0; i < 60; i++) expect((await guess("10.0.0.1")).status).toBe(401)
    expect((await guess("10.0.0.1")).status).toBe(429)
    expect((await guess("10.0.0.2")).status).toBe(401)
    expect((await known()).status).toBe(200)
    busy.clock.advance(1000)
    expect((await guess("10.0.0.1")).status).toBe(401)
    await busy.close()
  })
})

describe("the log", () => {
  test("holds one line a request and no secret, payload or name of a person", async () => {
    const own = await startTestApi()
    const client = own.client(own.tenant.tokens.owner)
    const { secret } = await client.call("createToken", { body: { name: "ci", role: "viewer" } })
    const { token } = await client.call("createCluster", { body: { name: "hidden-name" } })
    const code = await createSignInCode(own.cloud, own.tenant.user.userId)
    await own.send("createSession", null, { body: { code } })
    await own.browse("createSocketTicket", own.tenant)
    await own.send("getSession", secret)
    await own.send("getSession", "smm_wrong")
    const log = own.logs.join("")
    expect(own.logs.filter((line) => line.includes('"operation":"getSession"'))).toHaveLength(2)
    for (const hidden of [
      secret,
      token,
      code,
      own.tenant.cookie,
      own.tenant.tokens.owner,
      "hidden-name",
      "smt_",
      "@example.com",
      "smm_wrong",
    ])
      expect([hidden, log.includes(hidden)]).toEqual([hidden, false])
    await own.close()
  })
})
