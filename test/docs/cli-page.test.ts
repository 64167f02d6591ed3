import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { cliPage, cliPageFile } from "./cli-page.ts"

test("docs/cli.md says what the program says; `npm run docs` writes it anew", () => {
  expect(readFileSync(cliPageFile, "utf8")).toBe(cliPage())
})
