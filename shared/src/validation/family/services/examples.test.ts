import { describe, expect, test } from "vitest"
import type { Example } from "../../check.ts"
import { validateYaml } from "../../testing.ts"
import { servicesExamples } from "./examples.ts"
import { services } from "./family.ts"

const codes = (yaml: string, { meshConfig, clusters }: Example): string[] =>
  validateYaml(yaml, {
    families: [services],
    ...(meshConfig === undefined ? {} : { meshConfig }),
    ...(clusters === undefined ? {} : { clusters }),
  }).map(({ code }) => code)

describe("rules of services", () => {
  test("have an example each", () => {
    expect(servicesExamples.map(({ code }) => code).sort()).toEqual(
      services.rules.map(({ code }) => code).sort(),
    )
  })
  test.each(servicesExamples.map((example) => [example.code, example] as const))(
    "%s fires on its example and not on the near miss",
    (code, example) => {
      expect(codes(example.fires, example)).toContain(code)
      expect(codes(example.silent, example)).toEqual([])
    },
  )
})
