import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { expect, test } from "vitest"
import { withoutRuleTexts } from "../../web/without-rule-texts.ts"

const shared = join(import.meta.dirname, "../../shared/src")

test("the engine with its rules fits into 120 KB of gzip in the browser", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { Engine } from "./validation/engine/engine.ts"
        export { editedFamilies } from "./validation/edited-families.ts"
      `,
      resolveDir: shared,
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2023",
    plugins: [
      {
        name: "without-rule-texts",
        setup: ({ onLoad }) => {
          onLoad({ filter: /validation\/family\/.*\.ts$/ }, ({ path }) => ({
            contents: withoutRuleTexts(readFileSync(path, "utf8")),
            loader: "ts",
          }))
        },
      },
    ],
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(120 * 1024)
  // The schemas of the wire would be half as much again.
  expect(new TextDecoder().decode(code)).not.toContain("ZodObject")
})

test("rules lose their texts and nothing else", () => {
  expect(
    withoutRuleTexts('const a = rule({ code: "a.b", title: "A", effect: "B" + c, level: "error" })'),
  ).toBe('const a = rule({ code: "a.b", title: "", effect: "", level: "error" })')
  expect(withoutRuleTexts('const a = rule({ code: "a.b", source })')).toBe(
    'const a = rule({ code: "a.b", source: "" })',
  )
  expect(withoutRuleTexts('const a = derived<A>({ name: "a of b", compute })')).toBe(
    'const a = derived<A>({ name: "", compute })',
  )
  const maker = "const invalid = (part: string, title: string): Rule => rule({ code: part, title })"
  expect(withoutRuleTexts(`${maker}\nconst a = invalid("a.b", "A")`)).toBe(
    `${maker.replace(", title }", ', title: "" }')}\nconst a = invalid("a.b", "")`,
  )
  expect(withoutRuleTexts('report(rule, { title: "A" })')).toBe('report(rule, { title: "A" })')
})
