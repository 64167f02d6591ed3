import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { HttpRule, Match } from "#shared/edit/form.ts"
import { skipNote } from "../skip.ts"
import { bedMissing } from "./bed.ts"
import { ChangingMesh, type Meanwhile } from "./changing.ts"
import { namespace } from "./control-mesh.ts"
import { failures, waiting } from "./upstream.ts"

const service = { namespace, name: "reviews" }

const rule = (subset: string, more: Partial<HttpRule> = {}): HttpRule => ({
  matches: [],
  action: { type: "route", destinations: [{ destination: { subset } }] },
  ...more,
})
const uri = (prefix: string): Match[] => [{ uri: { prefix } }]

type Asked = { method?: string; path?: string; headers?: Record<string, string> }
/** A match, a request that it takes, and one that it does not. */
const matches: [string, Match, Asked, Asked][] = [
  ["a method", { method: { exact: "DELETE" } }, { method: "DELETE" }, { method: "GET" }],
  ["a path", { uri: { exact: "/exact" } }, { path: "/exact" }, { path: "/exact/more" }],
  ["a regular expression", { uri: { regex: "/v[0-9]+/.*" } }, { path: "/v12/x" }, { path: "/vx/x" }],
  [
    "a path in any case",
    { uri: { prefix: "/any" }, ignoreUriCase: true },
    { path: "/ANY/x" },
    { path: "/no" },
  ],
  [
    "a header",
    { headers: { "x-tier": { prefix: "gold" } } },
    { headers: { "x-tier": "gold-1" } },
    { headers: { "x-tier": "silver" } },
  ],
  [
    "a header that is there",
    { headers: { "x-debug": { present: true } } },
    { headers: { "x-debug": "" } },
    {},
  ],
  [
    "a header that is not there",
    { uri: { prefix: "/anonymous" }, withoutHeaders: { cookie: { present: true } } },
    { path: "/anonymous" },
    { path: "/anonymous", headers: { cookie: "a=b" } },
  ],
  ["a query", { queryParams: { page: { exact: "2" } } }, { path: "/?page=2" }, { path: "/?page=3" }],
  [
    "the client's labels",
    { uri: { prefix: "/client" }, sourceLabels: { app: "productpage" } },
    { path: "/client" },
    { path: "/" },
  ],
]
const others: Match = { uri: { prefix: "/nobody" }, sourceLabels: { app: "somebody-else" } }

describe.skipIf(skipNote("routing on istiod and Envoy", bedMissing()))("routes in a real Envoy", () => {
  let mesh: ChangingMesh

  beforeAll(async () => {
    mesh = await ChangingMesh.start()
  })
  afterAll(() => mesh.stop())
  afterEach(async () => {
    await mesh.undo()
    expect(mesh.written()).toEqual(mesh.untouched)
  })

  const route = (http: HttpRule[], meanwhile: Meanwhile = {}) =>
    mesh.change({ control: "routing", service, set: { http } }, meanwhile)

  test("a header leads one user to another version", async () => {
    await route([rule("v2", { matches: [{ headers: { "end-user": { exact: "jason" } } }] }), rule("v1")])
    const versions = async (headers: Record<string, string>) =>
      new Set((await mesh.many(24, { headers })).map(({ echo }) => echo?.version))
    expect(await versions({ "end-user": "jason" })).toEqual(new Set(["v2"]))
    expect(await versions({ "end-user": "anna" })).toEqual(new Set(["v1"]))
    await mesh.change({ control: "routing", service, set: null })
    expect(await versions({ "end-user": "jason" })).toEqual(new Set(["v1", "v2", "v3"]))
  })

  test("every kind of match takes what it says, and nothing else", async () => {
    const direct = (match: Match, at: number): HttpRule => ({
      matches: [match],
      action: { type: "direct", status: 230 + at },
    })
    const all = [...matches.map(([, match]) => match), others]
    await route([...all.map(direct), rule("v1")])
    for (const [at, [words, , hit, miss]] of matches.entries()) {
      expect((await mesh.ask(hit)).status, words).toBe(230 + at)
      expect((await mesh.ask(miss)).echo?.version, `not ${words}`).toBe("v1")
    }
    expect((await mesh.ask({ path: "/nobody" })).status).toBe(200)
  })

  test("a rewrite is what the pod is asked", async () => {
    await route([
      rule("v1", { matches: uri("/old/"), rewrite: { uri: "/new/", authority: "inside.test" } }),
      rule("v1", {
        matches: uri("/users/"),
        rewrite: { uriRegex: { match: "^/users/([0-9]+)/(.*)$", rewrite: String.raw`/\2/of/\1` } },
      }),
      rule("v1"),
    ])
    expect((await mesh.ask({ path: "/old/a?b=c" })).echo).toMatchObject({
      path: "/new/a?b=c",
      headers: { host: "inside.test" },
    })
    expect((await mesh.ask({ path: "/users/7/carts" })).echo?.path).toBe("/carts/of/7")
    expect((await mesh.ask({ path: "/other" })).echo?.path).toBe("/other")
  })

  test("retries hide so many failures, and no more", async () => {
    const failing = (times: number) => mesh.ask({ headers: { [failures]: String(times) } })
    expect((await failing(1)).status).toBe(500)
    await route([rule("v1", { retries: { attempts: 2, retryOn: "5xx", perTryTimeout: "1s" } })])
    const hidden = await failing(2)
    expect([hidden.status, mesh.upstreams.attempts(hidden.id)]).toEqual([200, 3])
    const seen = await failing(3)
    expect([seen.status, mesh.upstreams.attempts(seen.id)]).toEqual([500, 3])
    expect((await mesh.logged([seen])).map(({ flags }) => flags)).toEqual(["URX"])
  })

  test("a timeout ends what takes longer", async () => {
    const slow = { headers: { [waiting]: "600" } }
    expect((await mesh.ask(slow)).status).toBe(200)
    await route([rule("v1", { timeout: "150ms" })])
    const ended = await mesh.ask(slow)
    expect(ended.status).toBe(504)
    expect(ended.elapsedMs).toBeLessThan(600)
    expect((await mesh.logged([ended])).map(({ flags }) => flags)).toEqual(["UT"])
    expect((await mesh.ask()).status).toBe(200)
  })

  test("redirects and direct answers reach no pod", async () => {
    await route([
      {
        matches: uri("/moved"),
        action: { type: "redirect", uri: "/there", authority: "elsewhere.test", code: 308 },
      },
      { matches: uri("/teapot"), action: { type: "direct", status: 418, body: "short and stout" } },
      rule("v1"),
    ])
    mesh.upstreams.forget()
    const moved = await mesh.ask({ path: "/moved/x" })
    expect([moved.status, moved.headers["location"]]).toEqual([308, "http://elsewhere.test/there"])
    expect(await mesh.ask({ path: "/teapot" })).toMatchObject({ status: 418, body: "short and stout" })
    expect(mesh.upstreams.received("reviews-v1")).toEqual([])
  })

  test("headers are set, added and taken away, on the way there and back", async () => {
    expect((await mesh.ask()).headers["x-internal"]).toBe("1")
    await route([
      rule("v1", {
        headers: {
          request: { set: { "x-set": "ours" }, add: { "x-added": "more" }, remove: ["x-secret"] },
          response: { set: { "x-answered": "by-mesh" }, remove: ["x-internal"] },
        },
      }),
    ])
    const reply = await mesh.ask({ headers: { "x-set": "theirs", "x-secret": "1", "x-kept": "1" } })
    expect(reply.headers["x-answered"]).toBe("by-mesh")
    expect(reply.headers["x-internal"]).toBeUndefined()
    expect(reply.echo?.headers).toMatchObject({ "x-set": "ours", "x-added": "more", "x-kept": "1" })
    expect(reply.echo?.headers["x-secret"]).toBeUndefined()
  })

  test("a preflight of an origin that may ask is answered by the proxy", async () => {
    await route([
      rule("v1", {
        cors: {
          allowOrigins: [{ exact: "https://shop.test" }],
          allowMethods: ["PUT"],
          maxAge: "60s",
        },
      }),
    ])
    mesh.upstreams.forget()
    const preflight = (origin: string) =>
      mesh.ask({ method: "OPTIONS", headers: { origin, "access-control-request-method": "PUT" } })
    expect((await preflight("https://shop.test")).headers).toMatchObject({
      "access-control-allow-origin": "https://shop.test",
      "access-control-allow-methods": "PUT",
      "access-control-max-age": "60",
    })
    expect(mesh.upstreams.received("reviews-v1")).toEqual([])
    expect((await preflight("https://else.test")).headers["access-control-allow-origin"]).toBeUndefined()
  })

  test("a delegate routes what its root leaves to it, and both can go", async () => {
    const object = (name: string, spec: unknown) => ({
      ...{
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name, namespace },
        spec,
      },
    })
    const leaf = object("leaf", { http: [{ directResponse: { status: 222 } }] })
    const root = object("reviews", {
      hosts: ["reviews"],
      http: [
        { match: [{ uri: { prefix: "/leaf" } }], delegate: { name: "leaf", namespace } },
        { route: [{ destination: { host: "reviews" } }] },
      ],
    })
    const meanwhile = { asking: { path: "/leaf" }, statuses: [200, 222] }
    await mesh.change({ control: "objects", put: [root, leaf], remove: [] }, meanwhile)
    expect((await mesh.ask({ path: "/leaf" })).status).toBe(222)
    expect((await mesh.ask()).status).toBe(200)
    const kind = "VirtualService.networking.istio.io"
    const remove = ["leaf", "reviews"].map((name) => ({ kind, namespace, name }))
    await mesh.change({ control: "objects", put: [], remove }, meanwhile)
    expect((await mesh.ask({ path: "/leaf" })).echo).not.toBeNull()
  })
})
