import { describe, expect, test } from "vitest"
import type { Example } from "../../check.ts"
import { validateYaml } from "../../testing.ts"
import { routingExamples } from "./examples.ts"
import { routing } from "./family.ts"

const codes = (yaml: string, { now }: Example): string[] =>
  validateYaml(yaml, { families: [routing], ...(now === undefined ? {} : { now }) }).map(({ code }) => code)

describe("rules of routing", () => {
  test("have an example each", () => {
    expect(routingExamples.map(({ code }) => code).sort()).toEqual(
      routing.rules.map(({ code }) => code).sort(),
    )
  })

  test.each(routingExamples.map((example) => [example.code, example] as const))(
    "%s fires on its example, and nothing does on the near miss",
    (code, example) => {
      expect(codes(example.fires, example)).toContain(code)
      expect(codes(example.silent, example)).toEqual([])
    },
  )
})
