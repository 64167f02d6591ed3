import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../../kube/object.ts"
import { effectOf } from "../../../edit/patch.ts"
import { Engine } from "../../engine/engine.ts"
import { here, objectsOf, validateYaml } from "../../testing.ts"
import { structure } from "../structure/family.ts"
import { semanticsPolicyExamples } from "./examples.ts"
import { semanticsPolicy } from "./family.ts"

/** With the structure rules, which speak first: what they say these do not say again. */
const families = [structure, semanticsPolicy]

describe("the examples of the rules", () => {
  test("there is one for each rule", () => {
    expect(semanticsPolicyExamples.map(({ code }) => code).toSorted()).toEqual(
      semanticsPolicy.rules.map(({ code }) => code).toSorted(),
    )
  })

  test.each(semanticsPolicyExamples)(
    "$code speaks of its example, and not of the near miss",
    ({ code, fires, silent }) => {
      const codes = new Set(validateYaml(fires, { families }).map((finding) => finding.code))
      expect(codes).toEqual(new Set([code]))
      expect(validateYaml(silent, { families })).toEqual([])
    },
  )
})

const fixable = [
  ...semanticsPolicyExamples.map(({ code, fires }) => ({ code, yaml: fires })),
  {
    code: "sidecar.ingress_invalid",
    yaml: "{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: a}, spec: {ingress: [{port: {number: 80, targetPort: 90}}], egress: [{port: {number: 81, targetPort: 90}, hosts: [./*]}]}}",
  },
  {
    code: "destinationrule.field_deprecated",
    yaml: "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a}, spec: {host: a, subsets: [{name: b, trafficPolicy: {loadBalancer: {simple: LEAST_CONN}}}]}}",
  },
  {
    code: "destinationrule.field_deprecated",
    yaml: "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a}, spec: {host: a, trafficPolicy: {loadBalancer: {warmupDurationSecs: 10s}}}}",
  },
].filter(({ yaml }) => validateYaml(yaml, { families }).some(({ fix }) => fix !== null))

describe("the fixes", () => {
  test.each(fixable)("of $code remove what they are for, and add nothing", ({ yaml }) => {
    const engine = new Engine({ families, strict: true })
    for (const object of objectsOf(yaml)) engine.put(here, object)
    for (const finding of engine.findings()) {
      if (finding.fix === null) continue
      const effect = effectOf(finding.fix.edits, (ref) => engine.object(here, ref))
      if (effect === undefined) throw new Error("the fix does not fit its object")
      const { added, removed } = engine.delta([{ cluster: here, ...effect }])
      expect(added).toEqual([])
      expect(removed.map(({ path }) => path)).toContain(finding.path)
    }
  })

  test("are there for what has one certain remedy", () => {
    expect(fixable.map(({ code }) => code).toSorted()).toEqual([
      "destinationrule.field_deprecated",
      "destinationrule.field_deprecated",
      "destinationrule.field_deprecated",
      "envoyfilter.match_ineffective",
      "selector.empty",
      "sidecar.egress_host_redundant",
      "sidecar.ingress_invalid",
      "virtualservice.fault_percent_deprecated",
    ])
  })
})

/** Every name of a field in the examples, so that strange values stand where rules look. */
function fieldsOf(value: unknown, names: Set<string>): void {
  if (value === null || typeof value !== "object") return
  if (Array.isArray(value)) for (const item of value) fieldsOf(item, names)
  else
    for (const [name, item] of Object.entries(value)) {
      names.add(name)
      fieldsOf(item, names)
    }
}

const examples = semanticsPolicyExamples.flatMap(({ fires, silent }) => [
  ...objectsOf(fires),
  ...objectsOf(silent),
])
const names = new Set<string>()
fieldsOf(examples, names)

const strange = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      null,
      undefined,
      true,
      -1,
      0,
      1e300,
      Number.NaN,
      "",
      "*",
      "~/",
      "unix://",
      "[::1",
      "{**}",
      "configmap://",
    ),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 5 }),
  ),
})).value

/** Puts a value somewhere into a copy of an object. */
function mutated(object: KubeObject, choices: readonly number[], value: unknown): KubeObject {
  const copy = structuredClone(object)
  let parent: Record<string, unknown> = copy
  let key = "spec"
  for (const choice of choices) {
    const child = parent[key]
    if (child === null || typeof child !== "object") break
    const keys = Object.keys(child)
    const next = keys[choice % keys.length]
    if (next === undefined) break
    parent = child as Record<string, unknown>
    key = next
  }
  parent[key] = value
  return copy
}

describe("objects of any shape", () => {
  test("are validated without a throw, and always alike", () => {
    const mutation = fc.record({
      object: fc.constantFrom(...examples),
      choices: fc.array(fc.nat(20), { maxLength: 8 }),
      value: strange,
    })
    fc.assert(
      fc.property(mutation, ({ object, choices, value }) => {
        const strangeObject = mutated(object, choices, value)
        const [a, b] = [0, 1].map(() => {
          const engine = new Engine({ families, strict: true })
          engine.put(here, strangeObject)
          return JSON.stringify(engine.findings())
        })
        expect(a).toBe(b)
      }),
      { numRuns: 3000 },
    )
  })
})
