import { describe, expect, test } from "vitest"
import type { Answer, Json } from "../client.ts"
import { configMap, configMaps, type Context } from "../context.ts"
import { deployment } from "./write.ts"

const type = "application/apply-patch+yaml"

type Entry = { manager: string; operation: string; fieldsV1: Record<string, Record<string, unknown>> }

const entries = (object: Json): Entry[] =>
  [...(object["metadata"]?.["managedFields"] ?? [])] as unknown as Entry[]

/** The keys of `data` that a manager owns. */
const ownedData = (object: Json, manager: string): string[] =>
  entries(object)
    .filter((entry) => entry.manager === manager)
    .flatMap(({ fieldsV1 }) => Object.keys(fieldsV1["f:data"] ?? {}))
    .filter((key) => key !== ".")
    .sort()

export function applyCases(context: Context): void {
  const { client, namespace } = context
  const apply = (ns: string, manager: string, data: Record<string, string>, query = ""): Promise<Answer> =>
    client().call("PATCH", `${configMaps(ns, "a")}?fieldManager=${manager}${query}`, {
      body: configMap("a", data),
      type,
    })

  describe("server-side apply", () => {
    test("creates with 201 and notes who owns what", async () => {
      const ns = await namespace()
      const { status, body } = await apply(ns, "alpha", { one: "1" })
      expect(status).toBe(201)
      expect(entries(body)).toMatchObject([
        {
          manager: "alpha",
          operation: "Apply",
          apiVersion: "v1",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": { "f:one": {} } },
        },
      ])
    })

    test("two managers own their fields side by side", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1" })
      const { status, body } = await apply(ns, "beta", { two: "2" })
      expect(status).toBe(200)
      expect(body["data"]).toEqual({ one: "1", two: "2" })
      expect([ownedData(body, "alpha"), ownedData(body, "beta")]).toEqual([["f:one"], ["f:two"]])
    })

    test("another value for an owned field is a conflict that names field and owner", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1", two: "1" })
      const answer = await apply(ns, "beta", { one: "2", two: "2", three: "2" })
      expect(answer).toMatchObject({ status: 409, body: { kind: "Status", reason: "Conflict" } })
      const causes = [...(answer.body["details"]?.["causes"] ?? [])]
      expect(causes).toMatchObject([
        { reason: "FieldManagerConflict", message: 'conflict with "alpha"', field: ".data.one" },
        { reason: "FieldManagerConflict", message: 'conflict with "alpha"', field: ".data.two" },
      ])
      expect(String(answer.body["message"])).toContain("Apply failed with 2 conflicts")
      expect((await client().get(configMaps(ns, "a"))).body["data"]).toEqual({ one: "1", two: "1" })
    })

    test("force takes the field from its owner", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1", two: "1" })
      const { status, body } = await apply(ns, "beta", { one: "2" }, "&force=true")
      expect(status).toBe(200)
      expect(body["data"]).toEqual({ one: "2", two: "1" })
      expect([ownedData(body, "alpha"), ownedData(body, "beta")]).toEqual([["f:two"], ["f:one"]])
    })

    test("the same value is owned together, and goes when the last owner drops it", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1", two: "2" })
      await apply(ns, "beta", { one: "1" })
      expect((await apply(ns, "alpha", { two: "2" })).body["data"]).toEqual({ one: "1", two: "2" })
      expect((await apply(ns, "beta", {})).body["data"]).toEqual({ two: "2" })
    })

    test("a field written in another way belongs to that writer", async () => {
      const ns = await namespace()
      await client().create(`${configMaps(ns)}?fieldManager=hand`, configMap("a", { one: "1" }))
      const answer = await apply(ns, "alpha", { one: "2" })
      expect(answer.status).toBe(409)
      expect(answer.body["details"]?.["causes"]).toMatchObject([
        { message: expect.stringMatching(/^conflict with "hand" using v1/), field: ".data.one" },
      ])
    })

    test("an update takes fields from those who applied them", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1", two: "2" })
      const { body } = await client().call("PATCH", `${configMaps(ns, "a")}?fieldManager=hand`, {
        body: { data: { one: "9" } },
        type: "application/merge-patch+json",
      })
      expect([ownedData(body, "alpha"), ownedData(body, "hand")]).toEqual([["f:two"], ["f:one"]])
    })

    test("again the same changes nothing", async () => {
      const ns = await namespace()
      const first = await apply(ns, "alpha", { one: "1" })
      const second = await apply(ns, "alpha", { one: "1" })
      expect(second.body["metadata"]?.["resourceVersion"]).toBe(first.body["metadata"]?.["resourceVersion"])
    })

    test("a dry run shows the outcome and keeps nothing", async () => {
      const ns = await namespace()
      await apply(ns, "alpha", { one: "1" })
      const dry = await apply(ns, "alpha", { one: "2" }, "&dryRun=All")
      expect(dry.body["data"]).toEqual({ one: "2" })
      expect((await client().get(configMaps(ns, "a"))).body["data"]).toEqual({ one: "1" })
    })

    test("takes YAML", async () => {
      const ns = await namespace()
      const body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  one: '1'\n"
      const answer = await client().call("PATCH", `${configMaps(ns, "a")}?fieldManager=alpha`, { body, type })
      expect(answer).toMatchObject({ status: 201, body: { data: { one: "1" } } })
    })

    test("without a field manager is refused", async () => {
      const ns = await namespace()
      const answer = await client().call("PATCH", configMaps(ns, "a"), { body: configMap("a"), type })
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })

    test("force is for apply alone", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const answer = await client().call("PATCH", `${configMaps(ns, "a")}?force=true`, {
        body: {},
        type: "application/merge-patch+json",
      })
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })

    test("containers are owned one by one", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`
      const whole = deployment("web", [{ name: "main", image: "none:1" }])
      await client().call("PATCH", `${path}?fieldManager=alpha`, { body: whole, type })
      const side = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: { template: { spec: { containers: [{ name: "side", image: "none:2" }] } } },
      }
      const both = await client().call("PATCH", `${path}?fieldManager=beta`, { body: side, type })
      const containers = (answer: Answer) =>
        [...(answer.body["spec"]?.["template"]?.["spec"]?.["containers"] ?? [])].map(({ name }) =>
          String(name),
        )
      expect(both.status).toBe(200)
      expect(containers(both)).toEqual(["main", "side"])
      const none = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } }
      const without = await client().call("PATCH", `${path}?fieldManager=beta`, { body: none, type })
      expect(containers(without)).toEqual(["main"])
      const other = deployment("web", [{ name: "main", image: "none:9" }])
      const conflict = await client().call("PATCH", `${path}?fieldManager=beta`, { body: other, type })
      expect(conflict.body["details"]?.["causes"]).toMatchObject([
        { field: '.spec.template.spec.containers[name="main"].image' },
      ])
    })

    test("status is applied on its own", async () => {
      const ns = await namespace()
      const path = `/apis/apps/v1/namespaces/${ns}/deployments`
      await client().create(path, deployment("web"))
      const condition = {
        type: "Available",
        status: "True",
        lastTransitionTime: "2026-01-01T00:00:00Z",
        reason: "R",
        message: "m",
      }
      const body = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        status: { conditions: [condition] },
      }
      const answer = await client().call("PATCH", `${path}/web/status?fieldManager=alpha`, { body, type })
      expect(answer).toMatchObject({ status: 200, body: { status: { conditions: [{ type: "Available" }] } } })
      expect(entries(answer.body).find(({ manager }) => manager === "alpha")).toMatchObject({
        operation: "Apply",
        subresource: "status",
      })
    })
  })
}
