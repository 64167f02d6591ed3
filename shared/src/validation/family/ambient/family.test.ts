import { describe, expect, test } from "vitest"
import type { Example } from "../../check.ts"
import type { Finding } from "../../finding.ts"
import { type Input, here, validateYaml } from "../../testing.ts"
import { ambientExamples } from "./examples.ts"
import { ambient } from "./family.ts"

const families = [ambient]
const inputOf = ({ meshConfig, clusters }: Example): Input => ({
  families,
  ...(meshConfig === undefined ? {} : { meshConfig }),
  ...(clusters === undefined ? {} : { clusters }),
})

const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code)

describe("the examples of the ambient rules", () => {
  test("there is one for each rule", () => {
    expect(ambientExamples.map(({ code }) => code).toSorted()).toEqual(
      ambient.rules.map(({ code }) => code).toSorted(),
    )
  })

  test.each(ambientExamples)("$code fires once, and nothing else does", (example) => {
    const found = validateYaml(example.fires, inputOf(example)).filter(({ cluster }) => cluster === here)
    expect(codesOf(found)).toEqual([example.code])
  })

  test.each(ambientExamples)("$code is silent at its near miss", (example) => {
    const found = validateYaml(example.silent, inputOf(example)).filter(({ cluster }) => cluster === here)
    expect(codesOf(found)).toEqual([])
  })
})
