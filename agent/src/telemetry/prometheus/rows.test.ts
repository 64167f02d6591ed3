import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { readVector, type VectorRow } from "./rows.ts"

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const read = async (body: string, size = 64_000, maxBytes = 1e9) => {
  const rows: VectorRow[] = []
  const { warnings } = await readVector(cut(Buffer.from(body), size), (row) => rows.push(row), maxBytes)
  return { rows, warnings }
}

const answer = (rows: VectorRow[], more = {}) =>
  JSON.stringify({ status: "success", data: { resultType: "vector", result: rows }, ...more })

describe("an answer of Prometheus", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('"]}', '\\"]}', '{"metric":', "ä€😀", '"]},', "\\"))

  test("gives the same rows wherever the network cuts it, whatever stands in labels", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: text, b: text }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 90 }),
        async (metrics, size) => {
          const rows = metrics.map((metric): VectorRow => ({ metric, value: [1700.5, "NaN"] }))
          expect(await read(answer(rows, { warnings: ["w"] }), size)).toEqual({ rows, warnings: ["w"] })
        },
      ),
    )
  })

  const row: VectorRow = { metric: { a: "b" }, value: [1, "2"] }
  const cases: [string, string, RegExp][] = [
    ["cut off after a row", answer([row, row]).slice(0, -20), /cut off/],
    ["cut off at its end", answer([row]).slice(0, -1), /cut off/],
    ["a page of a proxy", "<html>gateway</html>", /no JSON/],
    ["nothing", "", /empty/],
    ["an error", JSON.stringify({ status: "error", error: "too many samples" }), /too many samples/],
    [
      "another type",
      JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } }),
      /matrix/,
    ],
  ]
  test.each(cases)("that is %s is refused with words", async (_, body, words) => {
    await expect(read(body)).rejects.toThrow(words)
  })

  test("that is too long is refused before it is read to the end", async () => {
    await expect(read(answer(Array.from({ length: 100 }, () => row)), 100, 1_000)).rejects.toThrow(
      /longer than/,
    )
  })

  test("that never comes to a row is given up long before it fills the memory", async () => {
    let sent = 0
    async function* endless() {
      for (; sent < 200_000_000; sent += 64_000) yield Buffer.alloc(64_000, '{"metric":"]}')
    }
    await expect(readVector(endless(), () => undefined, 256_000_000)).rejects.toThrow(/without a row/)
    expect(sent).toBeLessThan(1_000_000)
  })
})
