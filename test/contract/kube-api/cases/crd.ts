import { describe, expect, test } from "vitest"
import { names, type Context } from "../context.ts"

const merge = "application/merge-patch+json"
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
const group = "contract.example.com"

const specSchema = {
  type: "object",
  required: ["host"],
  properties: {
    host: { type: "string", maxLength: 20 },
    weight: { type: "integer", minimum: 0, maximum: 100, default: 1 },
    mode: { type: "string", enum: ["ON", "OFF"] },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    ports: {
      type: "array",
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, number: { type: "integer" } },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    },
    labels: { type: "object", additionalProperties: { type: "string" } },
  },
}

const schema = {
  openAPIV3Schema: {
    type: "object",
    properties: {
      spec: specSchema,
      status: { type: "object", properties: { phase: { type: "string" } } },
    },
  },
}

function definition(plural: string) {
  const kind = plural.charAt(0).toUpperCase() + plural.slice(1).replace(/[^a-z0-9]/g, "")
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema,
    subresources: { status: {} },
  })
  return {
    kind,
    body: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: {
          kind,
          plural,
          singular: plural,
          listKind: `${kind}List`,
          shortNames: [plural.slice(0, 3) + plural.slice(-2)],
        },
        versions: [version("v1", true), version("v1beta1", false)],
      },
    },
  }
}

export function crdCases(context: Context): void {
  const { client, namespace, unique } = context

  /** A new custom kind that is served. */
  const served = async () => {
    const plural = unique("thing").replace("-", "x")
    const { kind, body } = definition(plural)
    await client().create(definitions, body)
    const ns = await namespace()
    const path = (version: string, name = "") =>
      `/apis/${group}/${version}/namespaces/${ns}/${plural}${name === "" ? "" : `/${name}`}`
    await expect.poll(async () => (await client().get(path("v1"))).status, { timeout: 15_000 }).toBe(200)
    await expect.poll(async () => (await client().get(path("v1beta1"))).status, { timeout: 15_000 }).toBe(200)
    const thing = (name: string, spec: object, version = "v1") => ({
      apiVersion: `${group}/${version}`,
      kind,
      metadata: { name },
      spec,
    })
    return { plural, kind, path, thing, crd: `${definitions}/${plural}.${group}` }
  }

  describe("custom kinds", () => {
    test("are established and discovered", async () => {
      const { plural, kind, crd } = await served()
      const { body } = await client().get(crd)
      expect([...(body["status"]?.["conditions"] ?? [])]).toContainEqual(
        expect.objectContaining({ type: "Established", status: "True" }),
      )
      expect(body["status"]).toMatchObject({ acceptedNames: { kind, plural }, storedVersions: ["v1"] })
      await expect
        .poll(
          async () => {
            const { body: found } = await client().get(`/apis/${group}/v1`)
            return [...(found["resources"] ?? [])].map(({ name }) => String(name))
          },
          { timeout: 15_000 },
        )
        .toEqual(expect.arrayContaining([plural, `${plural}/status`]))
      const { body: groupBody } = await client().get(`/apis/${group}`)
      expect(groupBody).toMatchObject({ preferredVersion: { version: "v1" } })
    })

    test("items of their lists carry kind and apiVersion", async () => {
      const { path, thing, kind } = await served()
      await client().create(path("v1"), thing("a", { host: "h" }))
      const { body } = await client().get(path("v1beta1"))
      expect(body).toMatchObject({ kind: `${kind}List`, items: [{ kind, apiVersion: `${group}/v1beta1` }] })
    })

    test("are read and written in every served version", async () => {
      const { path, thing } = await served()
      await client().create(path("v1beta1"), thing("a", { host: "h" }, "v1beta1"))
      const { body } = await client().get(path("v1", "a"))
      expect(body).toMatchObject({ apiVersion: `${group}/v1`, spec: { host: "h" } })
    })

    test("get defaults, and lose what the schema does not know", async () => {
      const { path, thing } = await served()
      const object = await client().create(
        path("v1"),
        thing("a", { host: "h", unknown: 1, free: { any: { thing: true } }, labels: { a: "b" } }),
      )
      expect(object["spec"]).toEqual({
        host: "h",
        weight: 1,
        free: { any: { thing: true } },
        labels: { a: "b" },
      })
    })

    test("unknown fields are warned of, or refused when strict", async () => {
      const { path, thing } = await served()
      const body = thing("a", { host: "h", unknown: 1 })
      const strict = await client().call("POST", `${path("v1")}?fieldValidation=Strict`, { body })
      expect(strict).toMatchObject({ status: 400, body: { reason: "BadRequest" } })
      expect(String(strict.body["message"])).toContain('unknown field "spec.unknown"')
      const warned = await client().call("POST", `${path("v1")}?fieldValidation=Warn`, { body })
      expect(warned.headers.get("warning")).toContain("spec.unknown")
    })

    test.each([
      ["a missing field", {}, "spec.host", "FieldValueRequired"],
      ["a wrong type", { host: 5 }, "spec.host", "FieldValueTypeInvalid"],
      ["a value not on the list", { host: "h", mode: "MAYBE" }, "spec.mode", "FieldValueNotSupported"],
      ["a number out of range", { host: "h", weight: 101 }, "spec.weight", "FieldValueInvalid"],
      [
        "a missing field in a list",
        { host: "h", ports: [{ number: 1 }] },
        "spec.ports[0].name",
        "FieldValueRequired",
      ],
    ])("refuse %s and name the field", async (_, spec, field, reason) => {
      const { path, thing } = await served()
      const answer = await client().call("POST", path("v1"), { body: thing("a", spec) })
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
      expect([...(answer.body["details"]?.["causes"] ?? [])]).toContainEqual(
        expect.objectContaining({ field, reason }),
      )
    })

    test("status is apart, and the generation counts the rest", async () => {
      const { path, thing } = await served()
      const created = await client().create(path("v1"), {
        ...thing("a", { host: "h" }),
        status: { phase: "Lie" },
      })
      expect(created["status"]).toBeUndefined()
      const status = await client().call("PATCH", `${path("v1", "a")}/status`, {
        body: { spec: { host: "x" }, status: { phase: "Ready" } },
        type: merge,
      })
      expect(status.body).toMatchObject({
        spec: { host: "h" },
        status: { phase: "Ready" },
        metadata: { generation: 1 },
      })
      const spec = await client().call("PATCH", path("v1", "a"), {
        body: { spec: { host: "i" } },
        type: merge,
      })
      expect(spec.body).toMatchObject({ status: { phase: "Ready" }, metadata: { generation: 2 } })
    })

    test("take no strategic patch, and no update without a version", async () => {
      const { path, thing } = await served()
      await client().create(path("v1"), thing("a", { host: "h" }))
      const strategic = await client().call("PATCH", path("v1", "a"), {
        body: {},
        type: "application/strategic-merge-patch+json",
      })
      const blind = await client().call("PUT", path("v1", "a"), { body: thing("a", { host: "i" }) })
      expect([strategic.status, blind.status]).toEqual([415, 422])
    })

    test("are applied by the keys of their lists", async () => {
      const { path, thing } = await served()
      const apply = (manager: string, spec: object) =>
        client().call("PATCH", `${path("v1", "a")}?fieldManager=${manager}`, {
          body: thing("a", { host: "h", ...spec }),
          type: "application/apply-patch+yaml",
        })
      await apply("alpha", { ports: [{ name: "one", number: 1 }] })
      const both = await apply("beta", { ports: [{ name: "two", number: 2 }] })
      expect(both.body["spec"]?.["ports"]).toEqual([
        { name: "one", number: 1 },
        { name: "two", number: 2 },
      ])
      const conflict = await apply("beta", { ports: [{ name: "one", number: 9 }] })
      expect(conflict.body["details"]?.["causes"]).toMatchObject([
        { field: '.spec.ports[name="one"].number' },
      ])
    })

    test("vanish with their definition: objects, path and watches", async () => {
      const { path, thing, crd, plural } = await served()
      await client().create(path("v1"), thing("a", { host: "h" }))
      const watch = await client().watch(`${path("v1")}?watch=true`)
      expect(await watch.next()).toMatchObject({ type: "ADDED" })
      await client().call("DELETE", crd)
      expect(await watch.next(({ type }) => type === "DELETED")).toMatchObject({
        object: { metadata: { name: "a" } },
      })
      await watch.ended
      await expect.poll(async () => (await client().get(path("v1"))).status, { timeout: 15_000 }).toBe(404)
      const listed = names((await client().get(definitions)).body)
      expect(listed).not.toContain(`${plural}.${group}`)
    })

    test("come back empty", async () => {
      const { path, thing, crd, plural } = await served()
      await client().create(path("v1"), thing("a", { host: "h" }))
      await client().call("DELETE", crd)
      await expect.poll(async () => (await client().get(crd)).status, { timeout: 15_000 }).toBe(404)
      await client().create(definitions, definition(plural).body)
      await expect.poll(async () => (await client().get(path("v1"))).status, { timeout: 15_000 }).toBe(200)
      expect(names((await client().get(path("v1"))).body)).toEqual([])
    })

    test("their definitions can be watched like any object", async () => {
      const from = String((await client().get(definitions)).body["metadata"]?.["resourceVersion"])
      const watch = await client().watch(`${definitions}?watch=true&resourceVersion=${from}`)
      const { plural } = await served()
      const isMine = ({ object }: { object: unknown }) =>
        JSON.stringify(object).includes(`"${plural}.${group}"`)
      expect(await watch.next((event) => event.type === "ADDED" && isMine(event))).toBeDefined()
      watch.close()
    })

    test("a definition with a wrong name is refused", async () => {
      const { body } = definition("wrongs")
      const answer = await client().call("POST", definitions, {
        body: { ...body, metadata: { name: "other.example.com" } },
      })
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })
  })
}
