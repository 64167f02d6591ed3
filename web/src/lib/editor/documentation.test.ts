import { yaml } from "@codemirror/lang-yaml"
import { EditorState } from "@codemirror/state"
import { describe, expect, test } from "vitest"
import { kinds } from "#shared/validation/family/structure/kinds.ts"
import { schemaOf } from "#shared/validation/family/structure/problems.ts"
import type { Schema } from "#shared/validation/family/structure/schema.ts"
import { documentationOf } from "./documentation.ts"
import { fieldTexts } from "./field-text/field-text.ts"
import { referenceOf } from "./field-text/reference.ts"
import { kindAt } from "./object-kind.ts"
import { placeAt, placeOfCursor } from "./place-at.ts"

/** The pointer is at `|`. */
function stateAt(text: string): { state: EditorState; pos: number } {
  const state = EditorState.create({ doc: text.replace("|", ""), extensions: [yaml()] })
  return { state, pos: text.indexOf("|") }
}
function pathAt(text: string) {
  const { state, pos } = stateAt(text)
  return placeAt(state, pos, 1)?.path ?? null
}

describe("the field at a place of YAML", () => {
  test.each([
    ["spec:\n  h|osts: [a]", ["spec", "hosts"]],
    ["spec:\n  hosts: [a, |b]", ["spec", "hosts", null]],
    ["spec:\n  hosts:\n  - |b", ["spec", "hosts", null]],
    ["spec:\n  mtls:\n    mode: ST|RICT", ["spec", "mtls", "mode"]],
    ["spec:\n  mtls: { mo|de: STRICT }", ["spec", "mtls", "mode"]],
    [
      "spec:\n  http:\n  - match:\n    - uri: { exact: /|x }",
      ["spec", "http", null, "match", null, "uri", "exact"],
    ],
    ['spec:\n  "ho|sts": []', ["spec", "hosts"]],
    ["a: |1\n", ["a"]],
    ["kind: A\n---\nspec:\n  h|osts: [a]", ["spec", "hosts"]],
    // What follows is broken, and what stands before it is still known.
    ["spec:\n  h|osts: [a]\n  http: [\n", ["spec", "hosts"]],
    ["spec:\n|  hosts: [a]", null],
    ["# spe|c: a", null],
  ] as const)("%j", (text, path) => {
    expect(pathAt(text)).toEqual(path)
  })

  test("of a cursor is the word before it, or the first one of its line", () => {
    const at = (text: string) => {
      const { state, pos } = stateAt(text)
      return placeOfCursor(state, pos)?.path ?? null
    }
    expect(at("spec:\n  hosts|: [a]")).toEqual(["spec", "hosts"])
    expect(at("spec:\n  - mode: |")).toEqual(["spec", null, "mode"])
    expect(at("spec:\n|  hosts: []")).toEqual(["spec", "hosts"])
    expect(at("spec:\n  |\n")).toBeNull()
  })

  test("is of the document that it stands in", () => {
    const lines =
      "apiVersion: v1\nkind: Service\n---\nkind: Gateway\napiVersion: networking.istio.io/v1".split("\n")
    expect(kindAt(lines, 0)).toEqual({ kind: "Service", version: "v1" })
    expect(kindAt(lines, 4)).toEqual({ kind: "Gateway.networking.istio.io", version: "v1" })
  })
})

const routes = "VirtualService.networking.istio.io"
const http = ["spec", "http", null] as const

describe("the documentation of a field", () => {
  const factsOf = (kind: string, ...path: (string | null)[]) =>
    Object.fromEntries((documentationOf(kind, "v1", path)?.facts ?? []).map(({ name, text }) => [name, text]))

  test("has its path, type, default, sentence and page", () => {
    expect(documentationOf(routes, "v1", [...http, "retries", "perTryTimeout"])).toEqual({
      path: "spec.http[].retries.perTryTimeout",
      type: "duration",
      required: false,
      says: "Longest time for one try, the first one too.",
      facts: [
        { name: "Form", text: "a duration with its unit, such as 500ms, 2s or 1m30s" },
        { name: "Default", text: "the timeout of the route" },
      ],
      reference: {
        text: "VirtualService in Istio's reference",
        href: "https://istio.io/latest/docs/reference/config/networking/virtual-service/",
      },
    })
  })

  test("names allowed values, limits and what it does not go with", () => {
    expect(factsOf("PeerAuthentication.security.istio.io", "spec", "mtls", "mode")["Values"]).toBe(
      "UNSET, DISABLE, PERMISSIVE, STRICT",
    )
    expect(factsOf(routes, ...http, "match", null, "uri", "exact")["Not with"]).toBe("prefix, regex")
    const httpRoute = "HTTPRoute.gateway.networking.k8s.io"
    expect(factsOf(httpRoute, "spec", "parentRefs")["Limits"]).toBe("at most 32 items")
    expect(factsOf(httpRoute, "spec", "rules", null, "backendRefs", null, "weight")).toEqual({
      Limits: "0 to 1000000",
      Default: "1",
    })
    expect(factsOf(httpRoute, "spec", "rules", null, "matches", null, "path")["Default"]).toBe(
      '{"type":"PathPrefix","value":"/"}',
    )
    expect(factsOf(routes, ...http, "route", null, "destination", "port", "number")["Limits"]).toBe(
      "0 or more",
    )
  })

  test("says when it has to be there", () => {
    const required = (...path: (string | null)[]) => documentationOf(routes, "v1", path)?.required
    expect(required(...http, "route", null, "destination", "host")).toBe(true)
    expect(required(...http, "route", null, "destination", "subset")).toBe(false)
  })

  test("of an item is that of its list, and of a key of a map that of its values", () => {
    expect(documentationOf(routes, "v1", ["spec", "hosts", null])?.path).toBe("spec.hosts")
    const header = documentationOf(routes, "v1", [...http, "match", null, "headers", "x.y", "exact"])
    expect(header).toMatchObject({
      path: 'spec.http[].match[].headers["x.y"].exact',
      says: "The whole value is this text.",
    })
  })

  test("is none of what the definitions do not know", () => {
    expect(documentationOf(routes, "v1", ["spec", "hots"])).toBeNull()
    expect(documentationOf("Service", "v1", ["spec"])).toBeNull()
    expect(documentationOf(routes, "v1", [])).toBeNull()
  })

  test("is of the newest version where the text names one that there is not", () => {
    expect(documentationOf(routes, "v9", ["spec", "hosts"])?.path).toBe("spec.hosts")
  })
})

/** The schema at a path as the table writes it. */
function schemaAt(root: Schema | undefined, path: string): Schema | undefined {
  return path.split(/\.|(?=\[\])/).reduce<Schema | undefined>((schema, step) => {
    if (schema?.type === "object") return schema.fields.get(step)
    if (schema?.type === "map") return step === "*" ? schema.values : undefined
    return schema?.type === "list" && step === "[]" ? schema.items : undefined
  }, root)
}

describe("the table of sentences", () => {
  const all = Object.entries(fieldTexts).flatMap(([kind, texts]) =>
    Object.entries(texts).map(([path, entry]) => ({ kind, path, entry })),
  )

  test("has only fields that there are", () => {
    const strange = all.filter(({ kind, path }) => schemaAt(schemaOf(kind), path) === undefined)
    expect(strange.map(({ kind, path }) => `${kind} ${path}`)).toEqual([])
  })

  test("has sentences, each of one line", () => {
    for (const { entry, path } of all)
      expect(typeof entry === "string" ? entry : entry[0], path).toMatch(
        /^(?:[A-Z]|gRPC |true[ :]).{4,270}[.]$/,
      )
  })

  test("tells every field of the object's own level, for the kinds it has", () => {
    const missing = Object.entries(fieldTexts).flatMap(([kind, texts]) => {
      const spec = schemaAt(schemaOf(kind), "spec")
      const fields = spec?.type === "object" ? [...spec.fields.keys()] : []
      return fields.filter((field) => !(`spec.${field}` in texts)).map((field) => `${kind} ${field}`)
    })
    expect(missing).toEqual([])
  })

  test("has a page of each kind whose definition is known", () => {
    for (const kind of kinds.keys()) expect(referenceOf(kind)?.href, kind).toMatch(/^https:\/\//)
  })
})
