import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../kube/object.ts"
import { type Check, derived, index } from "../check.ts"
import { type Rule, rule } from "../rule.ts"
import { Engine } from "./engine.ts"

const simple = (code: string): Rule =>
  rule({ code, aliases: [], level: "error", title: code, effect: code, remedy: code })

const alone = simple("test.alone")
const crowded = simple("test.crowded")
const elsewhere = simple("test.elsewhere")

const byColour = index({
  name: "colour",
  kind: "Thing",
  keysOf: ({ metadata }) => [metadata.labels?.["colour"] ?? ""],
})

const colours = derived({
  name: "count of a colour",
  compute: (view, colour) => view.find(byColour, colour).length,
})

/** A thing must not be the only one of its colour in its namespace's box, and no more than three may share one. */
const things: Check = {
  name: "test/things",
  subject: "Thing",
  reads: ["Thing", "Box"],
  needs: ["Box"],
  rules: [alone, crowded],
  run: ({ metadata }, view, report) => {
    const colour = metadata.labels?.["colour"] ?? ""
    if (view.derive(colours, colour) > 3) report(crowded, { path: "metadata.labels.colour", message: colour })
    if (view.get("Box", metadata.namespace ?? "", colour) === undefined)
      report(alone, { path: "metadata.labels.colour", message: `no box for ${colour}` })
  },
}

const boxes: Check = {
  name: "test/boxes",
  subject: "Box",
  reads: ["Box"],
  rules: [elsewhere],
  run: ({ metadata }, view, report) => {
    for (const other of view.others)
      if (other.get("Box", metadata.namespace ?? "", metadata.name) === undefined)
        report(elsewhere, { path: "", message: `not in ${other.cluster}` })
  },
}

const family = { rules: [alone, crowded, elsewhere], checks: [things, boxes] }
const engine = (): Engine => new Engine({ families: [family] })

const thing = (name: string, colour: string, namespace = "a"): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, namespace, labels: { colour } },
})
const box = (name: string, namespace = "a"): KubeObject => ({
  apiVersion: "v1",
  kind: "Box",
  metadata: { name, namespace },
})

describe("an engine", () => {
  test("says what came and went with each change", () => {
    const mesh = engine()
    mesh.put("one", thing("x", "red"))
    expect(mesh.settle().added.map(({ code }) => code)).toEqual(["test.alone"])
    mesh.put("one", box("red"))
    expect(mesh.settle()).toMatchObject({ added: [], removed: [{ code: "test.alone" }] })
    mesh.remove("one", { kind: "Box", namespace: "a", name: "red" })
    expect(mesh.settle()).toMatchObject({ added: [{ code: "test.alone" }], removed: [] })
    mesh.remove("one", { kind: "Thing", namespace: "a", name: "x" })
    expect(mesh.settle()).toMatchObject({ added: [], removed: [{ code: "test.alone" }] })
    expect(mesh.findings()).toEqual([])
  })

  test("answers not evaluated, and not 'not found', while a kind may not be read", () => {
    const mesh = engine()
    mesh.put("one", thing("x", "red"))
    mesh.setState("one", "Box", { state: "denied", reason: "may not list boxes" })
    expect(mesh.findings()).toEqual([])
    expect(mesh.notEvaluated()).toEqual([
      {
        cluster: "one",
        kind: "Box",
        state: "denied",
        reason: "may not list boxes",
        codes: ["test.alone", "test.crowded"],
        objects: 1,
      },
    ])
    mesh.setState("one", "Box", { state: "live", reason: "" })
    expect(mesh.findings()).toHaveLength(1)
    expect(mesh.notEvaluated()).toEqual([])
  })

  test("runs in slices to the same findings, and tells which came and went", () => {
    const mesh = engine()
    const all = ["x", "y", "z"].map((name) => thing(name, "red"))
    for (const object of all) mesh.put("one", object)
    const enough = (): boolean => true
    expect([mesh.advance(enough), mesh.advance(enough), mesh.advance(enough)]).toEqual([false, false, false])
    expect(mesh.advance(enough)).toBe(true)
    const { gone, came } = mesh.moves()
    expect([gone, came.map(({ object }) => object.name).sort()]).toEqual([[], ["x", "y", "z"]])
    expect(mesh.moves()).toEqual({ gone: [], came: [] })
    mesh.put("one", box("red"))
    mesh.remove("one", { kind: "Thing", namespace: "a", name: "z" })
    expect([mesh.advance(enough), mesh.advance(enough), mesh.advance(() => false)]).toEqual([
      false,
      false,
      true,
    ])
    const after = mesh.moves()
    expect(after.came).toEqual([])
    expect(new Set(after.gone)).toEqual(new Set(came))
    expect(mesh.findings()).toEqual([])
  })

  test("asks anew when a cluster comes or goes", () => {
    const mesh = engine()
    mesh.put("one", box("red"))
    expect(mesh.findings()).toEqual([])
    mesh.put("two", box("blue"))
    expect(mesh.findings()).toHaveLength(2)
    mesh.removeCluster("two")
    expect(mesh.findings()).toEqual([])
  })

  test("tells what a proposal does and keeps nothing of it", () => {
    const mesh = engine()
    mesh.put("one", thing("x", "red"))
    const before = mesh.findings()
    const delta = mesh.delta([{ cluster: "one", put: [box("red"), thing("y", "blue")] }])
    expect(delta.removed.map(({ object }) => object.name)).toEqual(["x"])
    expect(delta.added.map(({ object }) => object.name)).toEqual(["y"])
    expect(mesh.findings()).toEqual(before)
    expect(mesh.objects).toBe(1)
  })

  test("refuses a look at a kind that a check does not declare, in tests", () => {
    const sly: Check = { ...things, reads: ["Thing"] }
    const strict = new Engine({ families: [{ rules: family.rules, checks: [sly] }], strict: true })
    strict.put("one", thing("x", "red"))
    expect(() => strict.findings()).toThrow("looks at Box")
  })

  test("tells of a check that throws, and of everything else all the same", () => {
    const broken: Check = {
      ...boxes,
      run: () => {
        throw new Error("oops")
      },
    }
    const mesh = new Engine({ families: [{ rules: family.rules, checks: [broken, things] }] })
    mesh.put("one", box("red"))
    mesh.put("one", thing("x", "blue"))
    expect(mesh.findings().map(({ code }) => code)).toEqual(["engine.fault", "test.alone"])
  })
})

describe("whatever the changes", () => {
  const name = fc.constantFrom("p", "q", "r", "s", "t")
  const colour = fc.constantFrom("red", "blue")
  const cluster = fc.constantFrom("one", "two")
  const step = fc.record({ name, colour, cluster, kind: fc.constantFrom("Thing", "Box"), gone: fc.boolean() })

  test("the findings are those of a fresh engine over the same objects, in any order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const mesh = engine()
        mesh.cluster("one")
        mesh.cluster("two")
        const state = new Map<string, [string, KubeObject]>()
        for (const { name: at, colour: of, cluster: where, kind, gone } of steps) {
          const object = kind === "Thing" ? thing(at, of) : box(of)
          const ref = { kind, namespace: "a", name: object.metadata.name }
          if (gone) {
            mesh.remove(where, ref)
            state.delete(`${where}/${kind}/${ref.name}`)
          } else {
            mesh.put(where, object)
            state.set(`${where}/${kind}/${ref.name}`, [where, object])
          }
          mesh.settle()
        }
        const fresh = engine()
        fresh.cluster("one")
        fresh.cluster("two")
        for (const [where, object] of [...state.values()].reverse()) fresh.put(where, object)
        expect(mesh.findings()).toEqual(fresh.findings())
      }),
      { numRuns: 300 },
    )
  })
})
