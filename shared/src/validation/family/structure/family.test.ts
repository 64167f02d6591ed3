import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../../kube/object.ts"
import { patched } from "../../../edit/patch.ts"
import { objectsOf, validateYaml } from "../../testing.ts"
import { structureExamples } from "./examples.ts"
import { structure } from "./family.ts"
import { rules } from "./rules.ts"

const families = [structure]

describe("the examples of the structure rules", () => {
  test("there is one for each rule", () => {
    expect(structureExamples.map(({ code }) => code).toSorted()).toEqual(
      rules.map(({ code }) => code).toSorted(),
    )
  })

  test.each(structureExamples)(
    "$code speaks of its example once, and of nothing else",
    ({ code, fires, silent }) => {
      expect(validateYaml(fires, { families }).map((finding) => finding.code)).toEqual([code])
      expect(validateYaml(silent, { families })).toEqual([])
    },
  )

  test("every fix mends its object", () => {
    const fixes = structureExamples.flatMap(({ fires }) =>
      validateYaml(fires, { families }).flatMap(({ fix }) => (fix === null ? [] : [{ fires, fix }])),
    )
    expect(fixes.map(({ fix }) => fix.title)).toEqual(["Name the field timeout", 'Write "ROUND_ROBIN"'])
    for (const { fires, fix } of fixes) {
      const [object] = objectsOf(fires)
      const [edit] = fix.edits
      if (object === undefined || edit === undefined || !("patch" in edit)) throw new Error("no patch")
      expect(validateYaml(JSON.stringify(patched(object, edit.patch)), { families })).toEqual([])
    }
  })
})

const typo = (metadata: Partial<KubeObject["metadata"]>, apiVersion = "networking.istio.io/v1"): string =>
  JSON.stringify({
    apiVersion,
    kind: "VirtualService",
    metadata: { name: "reviews", ...metadata },
    spec: { hosts: ["reviews"], gateway: ["mesh"], http: [{ fault: { abort: { httpStatus: "500" } } }] },
  })

describe("an object that an API server has stored", () => {
  test("a field we do not know may be of a newer definition, so it is a warning; what is wrong in any version stays an error", () => {
    const levels = validateYaml(typo({ resourceVersion: "12" }), { families }).map(({ code, level }) => [
      code,
      level,
    ])
    expect(levels).toEqual([
      ["schema.unknown_field", "warning"],
      ["schema.type", "error"],
    ])
  })

  test("a version that we do not know is served there", () => {
    expect(validateYaml(typo({ uid: "u" }, "networking.istio.io/v9"), { families })).toEqual([])
  })
})

describe("what a finding says", () => {
  test("the nearest field, the value that was found, and the edit where only one can be meant", () => {
    expect(
      validateYaml(typo({}), { families }).map(({ path, message, fix }) => [
        path,
        message,
        fix?.title ?? null,
      ]),
    ).toEqual([
      ["spec.gateway", "gateway is no field of spec; did you mean gateways?", null],
      ["spec.http[0].fault.abort.httpStatus", 'httpStatus must be a number, not "500"', "Write 500"],
    ])
  })
})
