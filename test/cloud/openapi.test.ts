import { readFile } from "node:fs/promises"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { errorStatus } from "#shared/error.ts"
import { type TestApi, names, operationOf, startTestApi } from "./api.ts"
import { putCluster } from "./mesh.ts"

type Json = Record<string, unknown>
type OperationObject = {
  operationId: string
  tags: string[]
  parameters: { name: string; in: string; required: boolean; schema: Json }[]
  security?: Json[]
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, { content?: Record<string, { schema: Json }>; $ref?: string }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, OperationObject>>
  components: { schemas: Record<string, Json>; responses: Json; securitySchemes: Json }
}

let api: TestApi
let document: Document
let operations: { path: string; method: string; operation: OperationObject }[]

beforeAll(async () => {
  api = await startTestApi()
  await putCluster(api.cloud, api.tenant.organizationId, "production")
  document = (await (await api.api.request("/api/v1/openapi.json")).json()) as Document
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
})
afterAll(async () => {
  await api.close()
})

function* refsOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* refsOf(item)
  else if (value !== null && typeof value === "object")
    for (const [key, field] of Object.entries(value))
      if (key === "$ref" && typeof field === "string") yield field
      else yield* refsOf(field)
}

const lookUp = (ref: string): unknown =>
  ref
    .slice(2)
    .split("/")
    .reduce<unknown>((value, part) => (value as Json | undefined)?.[part], document)

/** Answers of the document checked by a validator that knows nothing of our own schemas. */
function validator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false })
  addFormats.default(ajv)
  ajv.addVocabulary(["components", "schemas", "responses", "securitySchemes"])
  ajv.addSchema({ $id: "https://smm.test/openapi", components: document.components }, "openapi")
  return ajv
}
const absolute = (schema: Json): Json =>
  JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components', '"https://smm.test/openapi#/components'),
  ) as Json

describe("the OpenAPI document", () => {
  test("names every operation of the table, and no other", () => {
    expect(document.openapi).toBe("3.1.0")
    expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual([...names].sort())
    for (const { path, method, operation } of operations) {
      const own = operationOf(operation.operationId as (typeof names)[number])
      expect([path, method]).toEqual([own.path, own.method])
    }
  })

  test("has a place for every reference", () => {
    const refs = [...new Set(refsOf(document))]
    expect(refs.length).toBeGreaterThan(20)
    expect(refs.filter((ref) => lookUp(ref) === undefined)).toEqual([])
    expect(JSON.stringify(document)).not.toContain("$defs")
  })

  test("declares each path parameter as required, and each query parameter with a type", () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = operation.parameters.filter((one) => one.in === "path")
      expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort())
      expect(declared.every(({ required }) => required)).toBe(true)
      for (const { name, schema } of operation.parameters)
        expect([operation.operationId, name, Object.keys(schema).length > 0]).toEqual([
          operation.operationId,
          name,
          true,
        ])
    }
  })

  test("has schemas that are valid JSON Schema 2020-12", () => {
    const ajv = validator()
    for (const [id, schema] of Object.entries(document.components.schemas))
      expect([id, typeof ajv.compile(absolute(schema))]).toEqual([id, "function"])
    for (const { operation } of operations)
      for (const { schema } of operation.parameters) expect(() => ajv.compile(absolute(schema))).not.toThrow()
  })

  test("keeps the names of the schemas", () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        "Cluster",
        "ClusterInstall",
        "Problem",
        "Topology",
        "TopologyNode",
        "MeshRow",
        "Session",
        "KubeObject",
        "InventoryPage",
      ]),
    )
  })

  test("describes what the API really answers", async () => {
    const ajv = validator()
    for (const { path, method, operation } of operations) {
      if (method !== "get" || path.includes("{")) continue
      api.clock.advance(1000)
      const query = operation.operationId === "getSeries" ? { id: "overall" } : {}
      const name = operation.operationId as (typeof names)[number]
      const response = await api.send(name, api.tenant.tokens.owner, {
        query: query as Record<string, string>,
      })
      const schema = operation.responses["200"]?.content?.["application/json"]?.schema ?? {}
      const validate = ajv.compile(absolute(schema))
      validate(await response.json())
      expect([name, validate.errors]).toEqual([name, null])
    }
  })

  test("shows examples of errors that are problem documents of their status", () => {
    const validate = validator().compile({ $ref: "https://smm.test/openapi#/components/schemas/Problem" })
    const responses = document.components.responses as Record<
      string,
      {
        content: Record<
          string,
          { examples: Record<string, { value: { code: keyof typeof errorStatus; status: number } }> }
        >
      }
    >
    for (const [name, { content }] of Object.entries(responses))
      for (const { value } of Object.values(content["application/problem+json"]?.examples ?? {})) {
        validate(value)
        expect([name, validate.errors]).toEqual([name, null])
        expect(value.status).toBe(errorStatus[value.code])
      }
  })

  test("says how to sign in, and where nobody has to", () => {
    expect(Object.keys(document.components.securitySchemes)).toEqual(["token", "session"])
    const open = operations.filter(({ operation }) => operation.security?.length === 0)
    expect(open.map(({ operation }) => operation.operationId)).toEqual(["createSession"])
  })
})

describe("docs/api.md", () => {
  test("lists every operation with its path and role, and every error code", async () => {
    const text = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8")
    for (const name of names) {
      const { method, path, role, people } = operationOf(name)
      const line = text.split("\n").find((row) => row.includes(`\`${name}\``)) ?? ""
      expect([name, line]).toEqual([name, expect.stringContaining(`\`${method.toUpperCase()} ${path}\``)])
      expect([name, line]).toEqual([
        name,
        expect.stringContaining(`${role ?? "none"}${people ? ", people only" : ""}`),
      ])
    }
    for (const code of Object.keys(errorStatus))
      expect([code, text.includes(`\`${code}\``)]).toEqual([code, true])
  })
})
