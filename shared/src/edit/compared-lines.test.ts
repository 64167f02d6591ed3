import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { comparedLines } from "./compared-lines.ts"

const signs = { same: " ", add: "+", del: "-" }
const said = (before: string, after: string): string[] =>
  comparedLines(before, after).map(({ type, text }) => `${signs[type]}${text}`)
const numbered = (count: number, at: Record<number, string> = {}): string =>
  Array.from({ length: count }, (_, i) => at[i] ?? `line ${i}`).join("\n")

describe("the lines of two texts", () => {
  test("are all there, in the order of both, and what is taken away stands before what is added", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = comparedLines(before.join("\n"), after.join("\n"))
        const without = (type: string) => lines.filter((line) => line.type !== type).map((line) => line.text)
        expect(without("add")).toEqual(before)
        expect(without("del")).toEqual(after)
        expect(lines.some(({ type }, i) => type === "del" && lines[i - 1]?.type === "add")).toBe(false)
      }),
    )
  })

  test("of a block that is another altogether are taken away, and then added", () => {
    const [before, after] = [numbered(60), numbered(60).replaceAll("line", "other")]
    const lines = said(`a\n${before}\nz\n`, `a\n${after}\nz\n`)
    const marked = (sign: string, text: string) => text.split("\n").map((line) => `${sign}${line}`)
    expect(lines).toEqual([" a", ...marked("-", before), ...marked("+", after), " z"])
  })

  test("of a long text that differs at both ends differ there alone", () => {
    const lines = said(numbered(3_000), numbered(3_000, { 1: "first", 2_998: "last" }))
    expect(lines.filter((line) => !line.startsWith(" "))).toEqual([
      "-line 1",
      "+first",
      "-line 2998",
      "+last",
    ])
  })

  test("of an empty text are none", () => {
    expect(said("", "")).toEqual([])
    expect(said("", "a\n")).toEqual(["+a"])
    expect(said("a\n", "")).toEqual(["-a"])
  })
})
