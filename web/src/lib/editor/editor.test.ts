import { describe, expect, test } from "vitest"
import { schemaOf } from "#shared/validation/family/structure/problems.ts"
import { families } from "#shared/validation/families.ts"
import { kindsRead } from "#shared/validation/check.ts"
import { CheckSession } from "./check-session.ts"
import { fieldsAt, valuesAt } from "./completion.ts"
import { cursorPath } from "./cursor-path.ts"
import { type Mark, markedLines, nextMark, openOf } from "./mark.ts"
import { objectText } from "./object-text.ts"

const virtualService = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "search", namespace: "shop" },
  spec: { hosts: ["search"], http: [{ route: [{ destination: { host: "search", subset: "v3" } }] }] },
}

/** The cursor is at `|`. */
function at(text: string) {
  const before = text.slice(0, text.indexOf("|"))
  const lines = text.replace("|", "").split("\n")
  const line = before.split("\n").length - 1
  return cursorPath(lines, line, before.length - (before.lastIndexOf("\n") + 1))
}

describe("the place of a cursor in YAML", () => {
  test.each([
    ["sp|", [], "field"],
    ["spec:\n  ho|", ["spec"], "field"],
    ["spec:\n  hosts: [a]\n  http:\n  - ma|", ["spec", "http", null], "field"],
    [
      "spec:\n  http:\n    - match:\n        - uri:\n            pre|",
      ["spec", "http", null, "match", null, "uri"],
      "field",
    ],
    [
      "spec:\n  http:\n    - name: a\n      route:\n        - destination:\n            host: x\n          wei|",
      ["spec", "http", null, "route", null],
      "field",
    ],
    ["spec:\n  http:\n  - name: a\n    retries:\n      attempts: 3\n    |", ["spec", "http", null], "field"],
    ["spec:\n  mtls:\n    mode: ST|", ["spec", "mtls", "mode"], "value"],
    ["spec:\n  mtls:\n    mode: |", ["spec", "mtls", "mode"], "value"],
    ["kind: A\n---\nspec:\n  h|", ["spec"], "field"],
  ] as const)("%j", (text, path, writes) => {
    expect(at(text)).toMatchObject({ path, writes })
  })

  test("is none in a comment", () => {
    expect(at("spec: # ab|")).toBeUndefined()
  })

  test("knows the fields that the object has already", () => {
    expect(at("spec:\n  hosts: [a]\n  |\n  http:\n  - name: x\n")?.siblings.sort()).toEqual(["hosts", "http"])
    expect(at("a:\n- x: 1\n  |\n- y: 2\n")?.siblings).toEqual(["x"])
  })
})

describe("completion", () => {
  const schema = schemaOf("PeerAuthentication.security.istio.io")

  test("offers the fields of the place and the values of a field", () => {
    expect(fieldsAt(schema, ["spec"]).map(({ label }) => label)).toContain("mtls")
    expect(valuesAt(schema, ["spec", "mtls", "mode"]).map(({ label }) => label)).toContain("STRICT")
    expect(fieldsAt(schema, ["spec", "no"])).toEqual([])
    const routes = schemaOf("VirtualService.networking.istio.io")
    expect(fieldsAt(routes, ["spec", "http", null, "route", null]).map(({ label }) => label)).toEqual([
      "destination",
      "headers",
      "weight",
    ])
  })
})

describe("the engine behind an editor", () => {
  const proposed = { cluster: "one", put: [virtualService], remove: [] }
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "search", namespace: "shop" },
    spec: { ports: [{ port: 80, name: "http" }] },
  }

  test("asks only what needs nothing else until the mesh is here", () => {
    const session = new CheckSession(families, () => 0)
    const strange = { ...virtualService, spec: { ...virtualService.spec, hots: [] } }
    const first = session.check({ ...proposed, put: [strange] })
    expect(first).toMatchObject({ whole: false, added: [] })
    expect(first.findings.map(({ path }) => path)).toContain("spec.hots")
    expect(first.findings.map(({ code }) => code)).not.toContain("virtualservice.subset_unknown")
  })

  test("says what a text adds to the mesh and what it takes away, and keeps nothing of it", () => {
    const session = new CheckSession(families, () => 0)
    session.load("one", [service, virtualService])
    session.loaded(0)
    const same = session.check(proposed)
    expect(same.findings.map(({ code }) => code)).toContain("virtualservice.subset_unknown")
    expect([same.added, same.removed]).toEqual([[], []])
    const { subset: _, ...destination } = { host: "search", subset: "v3" }
    const repaired = {
      ...virtualService,
      spec: { ...virtualService.spec, http: [{ route: [{ destination }] }] },
    }
    const after = session.check({ ...proposed, put: [repaired] })
    expect(after.removed.map(({ code }) => code)).toContain("virtualservice.subset_unknown")
    expect(session.check(proposed).removed).toEqual([])
  })

  test("reads every kind that a rule may look at", () => {
    expect(kindsRead(families)).toEqual(expect.arrayContaining(["Pod", "VirtualService.networking.istio.io"]))
  })
})

describe("marks", () => {
  const mark = (key: string, from: number, level: Mark["level"]): Mark => ({
    key,
    from,
    to: from + 1,
    level,
    message: key,
    codes: [],
    effect: "",
    remedy: "",
    links: [],
  })
  const marks = [mark("c", 12, "warning"), mark("a", 1, "info"), mark("b", 2, "error")]
  const lineAt = (offset: number) => ({ from: offset - (offset % 10), to: offset - (offset % 10) + 9 })

  test("stand by line, the worst of a line first and open when it is an error", () => {
    const [first, second] = markedLines(marks, lineAt)
    expect(first?.marks.map(({ key }) => key)).toEqual(["b", "a"])
    expect(first && openOf(first, "")?.key).toBe("b")
    expect(first && openOf(first, "a")?.key).toBe("a")
    expect(second && openOf(second, "")).toBeUndefined()
  })

  test("are walked in order of the text, around its end", () => {
    expect(nextMark(marks, "")?.key).toBe("a")
    expect(nextMark(marks, "b")?.key).toBe("c")
    expect(nextMark(marks, "c")?.key).toBe("a")
    expect(nextMark(marks, "a", -1)?.key).toBe("c")
    expect(nextMark([], "")).toBeUndefined()
  })

  test("stand at the value in the text, and what is of the whole object at its name", () => {
    const { text, place } = objectText(virtualService)
    const said = (path: string) => text.slice(place(path).start, place(path).end)
    expect(said("spec.http[0].route[0].destination.subset")).toBe("v3")
    expect(said("")).toBe("search")
  })
})
