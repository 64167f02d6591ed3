import { expect, test } from "vitest"
import { parse } from "yaml"
import { yamlText } from "./write.ts"

test("what YAML 1.1 would take for something else than a text is quoted, as key and as value", () => {
  const written = { no: "on", "1_000": "yes", when: "2026-11-25", plain: "reviews" }
  const text = yamlText(written)
  expect(parse(text, { version: "1.1" })).toEqual(written)
  expect(parse(text)).toEqual(written)
  expect(text).toContain("plain: reviews\n")
  expect(text).not.toContain("%YAML")
})
