import { describe, expect, test } from "vitest"
import type { Example } from "../../check.ts"
import { effectOf } from "../../../edit/patch.ts"
import type { Finding } from "../../finding.ts"
import { type Input, engineOf, here, objectsOf, validateYaml } from "../../testing.ts"
import { refOf } from "../../../kube/object.ts"
import { securityExamples } from "./examples.ts"
import { security } from "./family.ts"

const families = [security]
const inputOf = ({ meshConfig, clusters }: Example): Input => ({
  families,
  ...(meshConfig === undefined ? {} : { meshConfig }),
  ...(clusters === undefined ? {} : { clusters }),
})

const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code)

describe("the examples of the security rules", () => {
  test("there is one for each rule", () => {
    expect(securityExamples.map(({ code }) => code).toSorted()).toEqual(
      security.rules.map(({ code }) => code).toSorted(),
    )
  })

  test.each(securityExamples)("$code fires once, and nothing else does", (example) => {
    const found = validateYaml(example.fires, inputOf(example)).filter(({ cluster }) => cluster === here)
    expect(codesOf(found)).toEqual([example.code])
  })

  test.each(securityExamples)("$code is silent at its near miss", (example) => {
    const found = validateYaml(example.silent, inputOf(example)).filter(({ cluster }) => cluster === here)
    expect(codesOf(found)).toEqual([])
  })

  test("every fix removes its finding and adds none", () => {
    const fixed: string[] = []
    for (const example of securityExamples)
      for (const { code, fix } of validateYaml(example.fires, inputOf(example))) {
        if (fix === null) continue
        const objects = objectsOf(example.fires)
        const effect = effectOf(fix.edits, (ref) =>
          objects.find((object) => JSON.stringify(refOf(object)) === JSON.stringify(ref)),
        )
        const engine = engineOf(example.fires, inputOf(example))
        for (const object of effect?.put ?? []) engine.put(here, object)
        expect(codesOf(engine.findings())).toEqual([])
        fixed.push(code)
      }
    expect(fixed).toEqual([
      "authorizationpolicy.principal_malformed",
      "authorizationpolicy.method_unknown",
      "authorizationpolicy.path_without_slash",
      "authorizationpolicy.selector_on_gateway",
      "requestauthentication.selector_on_gateway",
      "peerauthentication.port_not_targeted",
      "authorizationpolicy.port_unused",
    ])
  })
})
