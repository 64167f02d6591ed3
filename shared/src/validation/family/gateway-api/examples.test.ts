import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { gatewayApiExamples } from "./examples.ts"
import { gatewayApi } from "./family.ts"

const codes = (yaml: string): string[] =>
  validateYaml(yaml, { families: [gatewayApi] }).map(({ code }) => code)

describe("rules of the Gateway API", () => {
  test("have an example each", () => {
    expect(gatewayApiExamples.map(({ code }) => code).sort()).toEqual(
      gatewayApi.rules.map(({ code }) => code).sort(),
    )
  })
  test.each(gatewayApiExamples.map((example) => [example.code, example] as const))(
    "%s fires on its example and not on the near miss",
    (code, example) => {
      expect(codes(example.fires)).toContain(code)
      expect(codes(example.silent)).toEqual([])
    },
  )
})
