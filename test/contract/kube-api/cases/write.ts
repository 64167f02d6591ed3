import { describe, expect, test } from "vitest"
import { configMap, configMaps, names, type Context } from "../context.ts"

const merge = "application/merge-patch+json"
const strategic = "application/strategic-merge-patch+json"
const json = "application/json-patch+json"

export const deployment = (name: string, containers: object[] = [{ name: "main", image: "none:1" }]) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  },
})

export function writeCases(context: Context): void {
  const { client, namespace } = context

  describe("creating", () => {
    test("gives identity, version and time", async () => {
      const ns = await namespace()
      const object = await client().create(configMaps(ns), configMap("a", { k: "v" }))
      expect(object).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { k: "v" } })
      expect(object["metadata"]).toMatchObject({ name: "a", namespace: ns })
      expect(String(object["metadata"]?.["uid"])).toMatch(/^[0-9a-f-]{36}$/)
      expect(String(object["metadata"]?.["resourceVersion"])).toMatch(/^\d+$/)
      expect(String(object["metadata"]?.["creationTimestamp"])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    })

    test("completes a generateName", async () => {
      const ns = await namespace()
      const object = await client().create(configMaps(ns), { metadata: { generateName: "made-" } })
      expect(String(object["metadata"]?.["name"])).toMatch(/^made-[a-z0-9]{5}$/)
    })

    test.each([
      ["a name that is taken", configMap("a"), 409, "AlreadyExists"],
      ["a name that is none", configMap("No Name!"), 422, "Invalid"],
      ["no name", { metadata: {} }, 422, "Invalid"],
      ["another kind", { apiVersion: "v1", kind: "Secret", metadata: { name: "b" } }, 400, "BadRequest"],
      ["another namespace", { metadata: { name: "b", namespace: "default" } }, 400, "BadRequest"],
      ["half a body", "{", 400, "BadRequest"],
    ])("refuses %s", async (_, body, status, reason) => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const answer = await client().call("POST", configMaps(ns), { body })
      expect(answer).toMatchObject({
        status,
        body: { kind: "Status", status: "Failure", reason, code: status },
      })
    })

    test("needs its namespace", async () => {
      const answer = await client().call("POST", configMaps("no-such-namespace"), { body: configMap("a") })
      expect(answer).toMatchObject({ status: 404, body: { reason: "NotFound" } })
      expect(String(answer.body["message"])).toContain('namespaces "no-such-namespace" not found')
    })

    test("dry runs change nothing", async () => {
      const ns = await namespace()
      const answer = await client().call("POST", `${configMaps(ns)}?dryRun=All`, { body: configMap("a") })
      expect(answer.status).toBe(201)
      expect((await client().get(configMaps(ns, "a"))).status).toBe(404)
    })
  })

  describe("updating", () => {
    test("a stale version is a conflict, none is not", async () => {
      const ns = await namespace()
      const first = await client().create(configMaps(ns), configMap("a"))
      const put = (body: object) => client().call("PUT", configMaps(ns, "a"), { body })
      expect((await put({ ...configMap("a", { k: "1" }), metadata: first["metadata"] })).status).toBe(200)
      expect(await put({ ...configMap("a", { k: "2" }), metadata: first["metadata"] })).toMatchObject({
        status: 409,
        body: { reason: "Conflict", details: { name: "a", kind: "configmaps" } },
      })
      expect(await put(configMap("a", { k: "3" }))).toMatchObject({ status: 200, body: { data: { k: "3" } } })
    })

    test("the name of the path counts", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const answer = await client().call("PUT", configMaps(ns, "a"), { body: configMap("b") })
      expect(answer).toMatchObject({ status: 400, body: { reason: "BadRequest" } })
    })

    test("what changes nothing keeps the version", async () => {
      const ns = await namespace()
      const first = await client().create(configMaps(ns), configMap("a", { k: "v" }))
      const second = await client().call("PATCH", configMaps(ns, "a"), {
        body: { data: { k: "v" } },
        type: merge,
      })
      expect(second.body["metadata"]?.["resourceVersion"]).toBe(first["metadata"]?.["resourceVersion"])
    })

    test("identity stays", async () => {
      const ns = await namespace()
      const first = await client().create(configMaps(ns), configMap("a"))
      const { body } = await client().call("PUT", configMaps(ns, "a"), {
        body: { metadata: { name: "a", creationTimestamp: "2001-01-01T00:00:00Z" } },
      })
      expect(body["metadata"]).toMatchObject({
        uid: first["metadata"]?.["uid"],
        creationTimestamp: first["metadata"]?.["creationTimestamp"],
      })
    })

    test("the generation counts changes of the spec, not of metadata or status", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      const generation = async (at: string, body: object) => {
        const answer = await client().call("PATCH", `${path}/web${at}`, { body, type: merge })
        expect(answer.status).toBe(200)
        return answer.body["metadata"]?.["generation"]
      }
      expect((await client().create(path, deployment("web")))["metadata"]).toMatchObject({ generation: 1 })
      expect(await generation("", { metadata: { labels: { a: "b" } } })).toBe(1)
      expect(await generation("", { spec: { replicas: 2 } })).toBe(2)
      expect(await generation("/status", { status: { observedGeneration: 2 } })).toBe(2)
    })

    test("status and the rest are written apart", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      await client().create(path, { ...deployment("web"), status: { observedGeneration: 9 } })
      const both = { spec: { replicas: 5 }, status: { observedGeneration: 7 } }
      const main = await client().call("PATCH", `${path}/web`, { body: both, type: merge })
      expect(main.body["spec"]).toMatchObject({ replicas: 5 })
      expect(main.body["status"]?.["observedGeneration"]).toBeUndefined()
      const status = await client().call("PATCH", `${path}/web/status`, {
        body: { spec: { replicas: 1 }, status: { observedGeneration: 3 } },
        type: merge,
      })
      expect(status.body).toMatchObject({ spec: { replicas: 5 }, status: { observedGeneration: 3 } })
    })
  })

  describe("scaling", () => {
    test("reads and writes how many replicas a workload wants", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      await client().create(path, deployment("web"))
      const scale = `${path}/web/scale`
      expect((await client().get(scale)).body).toMatchObject({
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        metadata: { name: "web", namespace: ns },
        spec: { replicas: 1 },
        status: { replicas: 0, selector: "app=web" },
      })
      const patched = await client().call("PATCH", scale, { body: { spec: { replicas: 3 } }, type: merge })
      expect(patched).toMatchObject({ status: 200, body: { kind: "Scale", spec: { replicas: 3 } } })
      const body = { ...(patched.body as object), spec: { replicas: 4 } }
      expect((await client().call("PUT", scale, { body })).status).toBe(200)
      expect((await client().call("PUT", scale, { body })).status).toBe(409)
      expect((await client().get(`${path}/web`)).body).toMatchObject({
        spec: { replicas: 4 },
        metadata: { generation: 3 },
      })
    })

    test("refuses fewer than none", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      await client().create(path, deployment("web"))
      const fewer = await client().call("PATCH", `${path}/web/scale`, {
        body: { spec: { replicas: -1 } },
        type: merge,
      })
      expect(fewer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })
  })

  describe("patching", () => {
    test("a merge patch sets, and null removes", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a", { keep: "1", drop: "2" }))
      const { body } = await client().call("PATCH", configMaps(ns, "a"), {
        body: { data: { drop: null, add: "3" } },
        type: merge,
      })
      expect(body["data"]).toEqual({ keep: "1", add: "3" })
    })

    test("a JSON patch tests, adds and removes", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a", { k: "v" }))
      const patch = (value: string) =>
        client().call("PATCH", configMaps(ns, "a"), {
          body: [
            { op: "test", path: "/data/k", value },
            { op: "add", path: "/data/x", value: "y" },
            { op: "remove", path: "/data/k" },
          ],
          type: json,
        })
      expect((await patch("other")).status).toBe(422)
      expect((await patch("v")).body["data"]).toEqual({ x: "y" })
    })

    test("a strategic patch merges lists by their key", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      const env = [{ name: "A", value: "1" }]
      await client().create(
        path,
        deployment("web", [
          { name: "main", image: "none:1", env },
          { name: "side", image: "none:1" },
        ]),
      )
      const containers = [
        { name: "main", image: "none:2", env: [{ name: "B", value: "2" }] },
        { name: "side", $patch: "delete" },
      ]
      const { body } = await client().call("PATCH", `${path}/web`, {
        body: { spec: { template: { spec: { containers } } } },
        type: strategic,
      })
      const found = [...(body["spec"]?.["template"]?.["spec"]?.["containers"] ?? [])]
      expect(found).toHaveLength(1)
      expect(found[0]).toMatchObject({ name: "main", image: "none:2" })
      expect([...(found[0]?.["env"] ?? [])].map(({ name }) => String(name)).toSorted()).toEqual(["A", "B"])
    })

    test("a patch with a stale version is a conflict", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const answer = await client().call("PATCH", configMaps(ns, "a"), {
        body: { metadata: { resourceVersion: "1" }, data: { k: "v" } },
        type: merge,
      })
      expect(answer).toMatchObject({ status: 409, body: { reason: "Conflict" } })
    })

    test("what is not there, and what is no patch, is refused", async () => {
      const ns = await namespace()
      const absent = await client().call("PATCH", configMaps(ns, "a"), { body: {}, type: merge })
      const odd = await client().call("PATCH", configMaps(ns, "a"), { body: {}, type: "application/json" })
      expect([absent.status, odd.status]).toEqual([404, 415])
    })
  })

  describe("deleting", () => {
    test("answers Success and is gone", async () => {
      const ns = await namespace()
      const object = await client().create(configMaps(ns), configMap("a"))
      const answer = await client().call("DELETE", configMaps(ns, "a"))
      expect(answer).toMatchObject({
        status: 200,
        body: { kind: "Status", status: "Success", details: { name: "a", uid: object["metadata"]?.["uid"] } },
      })
      expect(await client().get(configMaps(ns, "a"))).toMatchObject({
        status: 404,
        body: { reason: "NotFound", details: { name: "a", kind: "configmaps" } },
      })
    })

    test("a precondition that fails is a conflict", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const body = { preconditions: { uid: "11111111-2222-3333-4444-555555555555" } }
      expect((await client().call("DELETE", configMaps(ns, "a"), { body })).status).toBe(409)
      expect((await client().get(configMaps(ns, "a"))).status).toBe(200)
    })

    test("waits for finalizers", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), { metadata: { name: "a", finalizers: ["example.com/hold"] } })
      await client().call("DELETE", configMaps(ns, "a"))
      const held = await client().get(configMaps(ns, "a"))
      expect(String(held.body["metadata"]?.["deletionTimestamp"])).toMatch(/Z$/)
      await client().call("PATCH", configMaps(ns, "a"), {
        body: { metadata: { finalizers: null } },
        type: merge,
      })
      expect((await client().get(configMaps(ns, "a"))).status).toBe(404)
    })

    test("a collection goes by label", async () => {
      const ns = await namespace()
      for (const [name, go] of [
        ["a", "yes"],
        ["b", "no"],
        ["c", "yes"],
      ] as const)
        await client().create(configMaps(ns), configMap(name, {}, { go }))
      const answer = await client().call("DELETE", `${configMaps(ns)}?labelSelector=go%3Dyes`)
      expect(answer.status).toBe(200)
      expect(names((await client().get(configMaps(ns))).body)).toEqual(["b"])
    })

    test("a dry run leaves it", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      expect((await client().call("DELETE", `${configMaps(ns, "a")}?dryRun=All`)).status).toBe(200)
      expect((await client().get(configMaps(ns, "a"))).status).toBe(200)
    })
  })

  describe("leases", () => {
    test("are taken by whoever writes first", async () => {
      const ns = await namespace()
      const path = `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases`
      const lease = (holder: string, version?: string) => ({
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "agent", ...(version ? { resourceVersion: version } : {}) },
        spec: {
          holderIdentity: holder,
          leaseDurationSeconds: 15,
          leaseTransitions: 1,
          renewTime: "2026-11-24T10:00:00.123456Z",
        },
      })
      const first = await client().create(path, lease("one"))
      const version = String(first["metadata"]?.["resourceVersion"])
      const put = (holder: string) => client().call("PUT", `${path}/agent`, { body: lease(holder, version) })
      expect(await put("two")).toMatchObject({
        status: 200,
        body: { spec: { holderIdentity: "two", renewTime: "2026-11-24T10:00:00.123456Z" } },
      })
      expect((await put("three")).status).toBe(409)
    })
  })
}
