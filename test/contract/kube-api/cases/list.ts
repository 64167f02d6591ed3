import { describe, expect, test } from "vitest"
import { configMap, configMaps, names, type Context } from "../context.ts"

const labelled: Record<string, Record<string, string>> = {
  a: { app: "web", tier: "front" },
  b: { app: "web" },
  c: { app: "db", tier: "back" },
  d: {},
}

export function listCases(context: Context): void {
  const { client, namespace, cluster } = context
  const filled = async (count: number): Promise<string> => {
    const ns = await namespace()
    for (let i = 0; i < count; i++) await client().create(configMaps(ns), configMap(`c-${i}`))
    return ns
  }
  describe("lists", () => {
    test("items of built-in kinds come in order of name, without their kind", async () => {
      const ns = await filled(3)
      const { body } = await client().get(configMaps(ns))
      expect(body).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" })
      expect(names(body)).toEqual(["c-0", "c-1", "c-2"])
      expect(body["items"]?.[0]?.["kind"]).toBeUndefined()
      expect(Number(body["metadata"]?.["resourceVersion"])).toBeGreaterThan(0)
    })

    test.each([
      ["app=web", ["a", "b"]],
      ["app==web,tier=front", ["a"]],
      ["app!=web", ["c", "d"]],
      ["app in (web,db)", ["a", "b", "c"]],
      ["tier notin (front)", ["b", "c", "d"]],
      ["tier", ["a", "c"]],
      ["!tier", ["b", "d"]],
    ])("label selector %s", async (selector, expected) => {
      const ns = await namespace()
      for (const [name, labels] of Object.entries(labelled))
        await client().create(configMaps(ns), configMap(name, {}, labels))
      const { body } = await client().get(`${configMaps(ns)}?labelSelector=${encodeURIComponent(selector)}`)
      expect(names(body)).toEqual(expected)
    })

    test("field selectors choose by name and namespace", async () => {
      const ns = await filled(2)
      const one = await client().get(`${configMaps(ns)}?fieldSelector=metadata.name%3Dc-1`)
      const all = await client().get(`/api/v1/configmaps?fieldSelector=metadata.namespace%3D${ns}`)
      expect(names(one.body)).toEqual(["c-1"])
      expect(names(all.body)).toEqual(["c-0", "c-1"])
    })

    test.each(["labelSelector=a%3D%3D%3Db", "fieldSelector=data.a%3Db"])("%s is refused", async (query) => {
      const answer = await client().get(`/api/v1/configmaps?${query}`)
      expect(answer).toMatchObject({ status: 400, body: { kind: "Status", reason: "BadRequest" } })
    })

    test("pages show how much is left and one consistent state", async () => {
      const ns = await filled(5)
      const first = await client().get(`${configMaps(ns)}?limit=2`)
      expect(first.body["metadata"]).toMatchObject({ remainingItemCount: 3 })
      await client().create(configMaps(ns), configMap("c-9"))
      const token = encodeURIComponent(String(first.body["metadata"]?.["continue"]))
      const second = await client().get(`${configMaps(ns)}?limit=2&continue=${token}`)
      const rest = encodeURIComponent(String(second.body["metadata"]?.["continue"]))
      const third = await client().get(`${configMaps(ns)}?limit=2&continue=${rest}`)
      expect([first, second, third].flatMap(({ body }) => names(body))).toEqual([
        "c-0",
        "c-1",
        "c-2",
        "c-3",
        "c-4",
      ])
      expect(third.body["metadata"]?.["continue"] ?? "").toBe("")
      const versions = [first, second, third].map(({ body }) => body["metadata"]?.["resourceVersion"])
      expect(new Set(versions).size).toBe(1)
    })

    test("with a selector nobody knows how much is left", async () => {
      const ns = await filled(3)
      const { body } = await client().get(`${configMaps(ns)}?limit=1&labelSelector=!absent`)
      expect(body["metadata"]?.["continue"]).toBeDefined()
      expect(body["metadata"]?.["remainingItemCount"]).toBeUndefined()
    })

    test("a continue token that is none is refused", async () => {
      const answer = await client().get("/api/v1/configmaps?limit=1&continue=%24%24")
      expect(answer).toMatchObject({ status: 400, body: { reason: "BadRequest" } })
    })

    test("an old state answers 410 once it is compacted", async () => {
      const ns = await filled(3)
      const before = await client().get(`${configMaps(ns)}?limit=1`)
      const token = encodeURIComponent(String(before.body["metadata"]?.["continue"]))
      await client().create(configMaps(ns), configMap("later"))
      await client().create(configMaps(ns), configMap("latest"))
      await cluster().compact()
      const next = await client().get(`${configMaps(ns)}?limit=1&continue=${token}`)
      const exact = await client().get(`${configMaps(ns)}?resourceVersion=1&resourceVersionMatch=Exact`)
      expect([next, exact]).toMatchObject([
        { status: 410, body: { reason: "Expired" } },
        { status: 410, body: { reason: "Expired" } },
      ])
    })

    test("a version from the future answers 504 and names the cause", async () => {
      const answer = await client().get(
        "/api/v1/configmaps?resourceVersion=99999999&resourceVersionMatch=NotOlderThan",
      )
      expect(answer).toMatchObject({
        status: 504,
        body: { reason: "Timeout", details: { causes: [{ reason: "ResourceVersionTooLarge" }] } },
      })
    })

    test("metadata alone and tables are to be had", async () => {
      const ns = await filled(1)
      const partial = await client().get(configMaps(ns), {
        headers: { accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" },
      })
      const table = await client().get(configMaps(ns), {
        headers: { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" },
      })
      expect(partial.body).toMatchObject({
        kind: "PartialObjectMetadataList",
        items: [{ metadata: { name: "c-0" } }],
      })
      expect(partial.body["items"]?.[0]?.["data"]).toBeUndefined()
      expect(table.body).toMatchObject({ kind: "Table", rows: [{ object: { metadata: { name: "c-0" } } }] })
      expect(table.body["columnDefinitions"]?.[0]).toMatchObject({ name: "Name", format: "name" })
    })

    test("a form that nobody can write answers 406", async () => {
      const answer = await client().get("/api/v1/namespaces", { headers: { accept: "image/png" } })
      expect(answer.status).toBe(406)
    })
  })
}
