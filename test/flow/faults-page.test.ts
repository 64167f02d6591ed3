import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { root } from "./started.ts"

const page = readFileSync(join(root, "docs/faults.md"), "utf8")
const proofs = [...page.matchAll(/`([^`]+\.test\.ts)`: ((?:"[^"]+"(?:; )?)+)/g)].flatMap(
  ([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]): [string, string] => [file, title]),
)

describe("docs/faults.md", () => {
  test("names a proof for every fault", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| what"))
    expect(rows.length).toBeGreaterThan(30)
    for (const row of rows) expect(row).toMatch(/\.test\.ts`: "/)
  })

  test.each(proofs)("%s has the test %j", (file, title) => {
    expect(readFileSync(join(root, file), "utf8")).toContain(title)
  })
})
