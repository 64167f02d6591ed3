import { Agent, request } from "undici"
import { afterEach, describe, expect, test } from "vitest"
import { createKubeApi, type KubeApi } from "./kube-api.ts"
import type { ObjectInput } from "./store.ts"

const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

const clock = () => Date.parse("2026-11-24T10:00:00Z")

async function served(api: KubeApi = createKubeApi({ now: clock })) {
  const { url, close } = await api.listen()
  const dispatcher = new Agent()
  ending.push(close, () => dispatcher.destroy())
  const send = (
    path: string,
    options: { method?: "POST" | "PUT" | "PATCH"; body?: object; token?: string } = {},
  ) =>
    request(url + path, {
      dispatcher,
      method: options.method ?? "GET",
      headers: {
        authorization: `Bearer ${options.token ?? api.adminToken}`,
        "content-type": "application/json",
      },
      ...(options.body ? { body: JSON.stringify(options.body) } : {}),
    })
  const call = async (path: string, options?: Parameters<typeof send>[1]) => {
    const answer = await send(path, options)
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> }
  }
  return { api, url, send, call }
}

const pod = (index: number): ObjectInput => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `pod-${String(index).padStart(5, "0")}`,
    namespace: "default",
    labels: { app: `app-${index % 500}` },
  },
  spec: {
    nodeName: "node-1",
    containers: [{ name: "main", image: "none:1", ports: [{ containerPort: 8080 }] }],
  },
  status: { phase: "Running", podIP: `10.0.${index >> 8}.${index & 255}` },
})

describe("a large demo cluster", () => {
  test("pages through 5,000 pods and tells a watch about each change of them", async () => {
    const { api, call, send } = await served()
    for (let i = 0; i < 5000; i++) api.store.create(pod(i))
    let seen = 0
    let next = ""
    do {
      const { body } = await call(`/api/v1/pods?limit=500&continue=${next}`)
      seen += (body["items"] as unknown[]).length
      next = (body["metadata"] as { continue?: string }).continue ?? ""
    } while (next !== "")
    expect(seen).toBe(5000)
    const watch = await send(`/api/v1/pods?watch=true&resourceVersion=${api.store.version}`)
    for (let i = 0; i < 5000; i++) api.store.apply({ ...pod(i), status: { phase: "Failed" } })
    let changes = 0
    for await (const chunk of watch.body as AsyncIterable<Buffer>) {
      changes += chunk.toString().split("\n").length - 1
      if (changes === 5000) break
    }
    expect(changes).toBe(5000)
  })
})

describe("faults on demand", () => {
  test("dropWatches cuts a watch so that the reader sees an error", async () => {
    const { api, send } = await served()
    const watch = await send("/api/v1/pods?watch=true")
    const reading = watch.body.text()
    api.dropWatches()
    await expect(reading).rejects.toThrow()
  })

  test("after compact a watch from before says 410", async () => {
    const { api, send } = await served()
    const from = api.store.version
    api.store.create(pod(1))
    api.compact()
    const watch = await send(`/api/v1/pods?watch=true&resourceVersion=${from}`)
    expect(await watch.body.json()).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } })
  })

  test("bookmark reaches the watches that take bookmarks", async () => {
    const { api, send } = await served()
    const watch = await send("/api/v1/pods?watch=true&allowWatchBookmarks=true")
    api.bookmark()
    const first = await new Promise((resolve) => watch.body.once("data", resolve))
    expect(JSON.parse(String(first))).toMatchObject({
      type: "BOOKMARK",
      object: { metadata: { resourceVersion: String(api.store.version) } },
    })
  })
})

describe("what the demo cluster does not do", () => {
  test.each([
    ["/api/v1/namespaces/default/pods/pod-00001/log", 'subresource "log" of pods'],
    ["/api/v1/namespaces/default/pods/pod-00001/portforward", 'subresource "portforward" of pods'],
    ["/api/v1/watch/pods", "/watch/ paths"],
    ["/metrics", "/metrics"],
  ])("%s answers 501 and names it", async (path, feature) => {
    const { api, call } = await served()
    api.store.create(pod(1))
    const { status, body } = await call(path)
    expect({ status, reason: body["reason"] }).toEqual({ status: 501, reason: "NotImplemented" })
    expect(body["message"]).toContain(feature)
  })

  test("a token bound to an object answers 501", async () => {
    const { call } = await served()
    const { status, body } = await call("/api/v1/namespaces/default/serviceaccounts/default/token", {
      method: "POST",
      body: { spec: { boundObjectRef: { kind: "Pod", name: "a" } } },
    })
    expect(status).toBe(501)
    expect(body["message"]).toContain("boundObjectRef")
  })

  test("rules in CEL are taken with a warning that nobody evaluates them", async () => {
    const { send } = await served()
    const rule = { rule: "self.a > 1", message: "too small" }
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-validations": [rule] } }
    const answer = await send("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      method: "POST",
      body: {
        metadata: { name: "things.example.com" },
        spec: {
          group: "example.com",
          scope: "Namespaced",
          names: { kind: "Thing", plural: "things" },
          versions: [{ name: "v1", served: true, storage: true, schema }],
        },
      },
    })
    expect(answer.statusCode).toBe(201)
    expect(answer.headers["warning"]).toContain("CEL")
    await answer.body.dump()
  })
})

describe("access", () => {
  test("a kubeconfig carries its token in the address, for clients that send none over plain HTTP", async () => {
    const { api, url } = await served()
    const [, server] = /server: "([^"]+)"/.exec(api.kubeconfig(url)) ?? []
    const answer = await request(`${server}/api/v1/namespaces/kube-system`)
    expect(await answer.body.json()).toMatchObject({ metadata: { name: "kube-system" } })
  })

  test("a token of a service account ends with the hour", async () => {
    let now = clock()
    const { api, call } = await served(createKubeApi({ now: () => now }))
    const token = await api.createToken({ namespace: "default", name: "default" })
    expect((await call("/api", { token })).status).toBe(200)
    now += 3_601_000
    expect((await call("/api", { token })).status).toBe(401)
  })

  test("there is no token for an account that is not there", async () => {
    const api = createKubeApi({ now: clock })
    await expect(api.createToken({ namespace: "default", name: "nobody" })).rejects.toMatchObject({
      code: 404,
    })
  })

  test("a port that is taken is an error", async () => {
    const { url } = await served()
    const other = createKubeApi({ now: clock })
    await expect(other.listen(Number(new URL(url).port))).rejects.toThrow("EADDRINUSE")
  })
})
