import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { stringify } from "yaml"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { unusual } from "./cursor.ts"
import { readGeneral } from "./general-reader.ts"
import type { Marks } from "./marks.ts"
import { PlainReader } from "./plain-reader.ts"
import { chunksOf } from "./split.ts"

const fixtures = process.env["SMM_FIXTURES"] ?? join(import.meta.dirname, "../../../../shared/fixtures")

/** What the plain reader makes of a text; undefined when it leaves it to the general one. */
function plain(text: string): { value: unknown; places: unknown } | undefined {
  const marks: Marks = new Map()
  try {
    const [root] = new PlainReader(text, 0, text.length, marks).read()
    return { value: root?.value ?? null, places: placesOf(root?.value, marks) }
  } catch (error) {
    if (error === unusual) return undefined
    throw error
  }
}

function general(text: string): { value: unknown; places: unknown } {
  const [reading] = readGeneral(text, 0)
  if (!reading) return { value: null, places: null }
  if ("fault" in reading) return { value: reading.fault.message, places: null }
  return { value: reading.value, places: placesOf(reading.value, reading.marks) }
}

/** Every mark in a value, in the order of the value: keys from where to where, and scalars from where. */
function placesOf(value: unknown, marks: Marks): unknown {
  if (value === null || typeof value !== "object") return null
  return Object.entries(value).map(([key, inner]) => {
    const mark = marks.get(value)?.get(Array.isArray(value) ? Number(key) : key)
    // An item that is nothing has no place of its own.
    const start = Array.isArray(value) && inner === null ? null : mark?.key.start
    return [key, start, mark?.value?.start ?? null, placesOf(inner, marks)]
  })
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return yamlFiles(path)
    return /\.ya?ml$/.test(entry.name) ? [path] : []
  })
}

const missing = existsSync(fixtures) ? null : `no ${fixtures}; set SMM_FIXTURES`

describe("the plain reader and the general one", () => {
  test.skipIf(skipNote("YAML readers against the fixtures", missing))(
    "give the same of every document of the fixtures that both read",
    () => {
      let both = 0
      let left = 0
      for (const file of yamlFiles(fixtures)) {
        const text = readFileSync(file, "utf8").replaceAll("\r\n", "\n")
        for (const { start, end, plain: may } of chunksOf(text)) {
          const chunk = text.slice(start, end)
          const read = may ? plain(chunk) : undefined
          if (!read) left++
          else {
            both++
            expect([file, start, read]).toEqual([file, start, general(chunk)])
          }
        }
      }
      expect(both).toBeGreaterThan(500)
      expect(left).toBeLessThan(both / 10)
    },
    120_000,
  )

  const word = fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9./_-]{1,12}$/),
    fc.constantFrom(
      "yes",
      "no",
      "on",
      "y",
      "null",
      "~",
      "true",
      "0755",
      "1_000",
      "1e3",
      "0x1F",
      "1.10",
      ".5",
      "-1",
    ),
    fc.constantFrom(
      "2001-12-14",
      "10.1.2.3",
      "a b",
      "*",
      "http://x:80/y",
      "x#y",
      "- a",
      "a: b",
      "'",
      '"',
      "{x}",
      "",
    ),
    fc.string({ maxLength: 12 }),
  )
  const leaf = fc.oneof(word, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      leaf,
      fc.constant(null),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(word, tie("tree"), { maxKeys: 4 }),
    ),
  }))

  test("give the same of whatever a YAML library writes, and leave little to the general one", () => {
    let left = 0
    let all = 0
    const styles = fc.record({
      indentSeq: fc.boolean(),
      defaultStringType: fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL"),
      collectionStyle: fc.constantFrom("block", "flow", "any"),
      lineWidth: fc.constantFrom(0, 80),
    } as const)
    fc.assert(
      fc.property(fc.dictionary(word, tree, { minKeys: 1, maxKeys: 4 }), styles, (value, style) => {
        const text = stringify(value, { ...style, version: "1.1" })
        const read = plain(text)
        all++
        if (!read) left++
        else expect([text, read]).toEqual([text, general(text)])
      }),
      { numRuns: 3_000 },
    )
    expect(left).toBeLessThan(all / 2)
  })

  const token = fc.constantFrom(
    ..."a|b:|: |- |-|  |    |\n|\n|\n  |\n    |#| #|'|\"|[|]|{|}|,|?|? |&x |*x|!|!!str |>|\\|-\n|%|@|`|\t|0|~|<<: |x: y|- z|k: |\n---\n|::".split(
      "|",
    ),
    "|",
    "|-\n",
    "|2\n",
    ">\n",
    "| # c\n",
    ">+\n",
  )

  test("give the same of any heap of YAML's own signs, or the plain one leaves it", () => {
    let read = 0
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), (parts) => {
        const text = `${parts.join("")}\n`
        const [chunk, ...others] = chunksOf(text)
        if (chunk?.plain !== true || others.length > 0) return
        const body = text.slice(chunk.start, chunk.end)
        const mine = plain(body)
        if (!mine) return
        read++
        expect([body, mine]).toEqual([body, general(body)])
      }),
      { numRuns: 20_000 },
    )
    expect(read).toBeGreaterThan(500)
  })
})
