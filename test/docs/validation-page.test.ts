import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { pageFile, validationPage } from "./validation-page.ts"

test("docs/validation.md says what the rules say; `npm run docs` writes it anew", async () => {
  expect(readFileSync(pageFile, "utf8")).toBe(await validationPage())
})
