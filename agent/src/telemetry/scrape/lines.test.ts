import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createLineReader } from "./lines.ts"

type Sample = { family: string; block: string; value: number }

/** What is read of a text that comes in pieces of these lengths. */
function samplesOf(text: string, pieces: readonly number[] = []): Sample[] {
  const samples: Sample[] = []
  const reader = createLineReader((family, { bytes }, from, to, value) => {
    samples.push({ family, block: bytes.toString("utf8", from, to), value })
  })
  const bytes = Buffer.from(text)
  let at = 0
  for (const piece of pieces) {
    reader.push(bytes.subarray(at, at + piece))
    at += piece
  }
  reader.push(bytes.subarray(at))
  reader.end()
  return samples
}

const text = [
  "# HELP istio_requests_total requests",
  'istio_requests_total{source_app="a\\"}b",reporter="source"} 12',
  'envoy_cluster_upstream_cx_total{cluster_name="}{"} 7',
  'istio_request_bytes_sum{source_app="größe"} 3.25 1700000000000',
  "istio_build 1",
  "istio_requests_total{} 4",
  'istio_request_bytes_count{source_app="a"} 9',
  'istio_request_duration_milliseconds_bucket{le="+Inf"} 5',
].join("\n")

const expected: Sample[] = [
  { family: "requests", block: 'source_app="a\\"}b",reporter="source"', value: 12 },
  { family: "requestBytes", block: 'source_app="größe"', value: 3.25 },
  { family: "requests", block: "", value: 4 },
  { family: "duration", block: 'le="+Inf"', value: 5 },
]

describe("a proxy's text that comes in pieces", () => {
  test("has the same samples wherever it is cut, in a line, a name or a letter", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 80 }), { maxLength: 30 }), (pieces) => {
        expect(samplesOf(text, pieces)).toEqual(expected)
      }),
    )
  })

  test("is no proxy's when no line is of Istio", () => {
    const reader = createLineReader(() => undefined)
    reader.push(Buffer.from("go_goroutines 7\nprocess_istio_total 1\n"))
    reader.end()
    expect(reader.isIstio()).toBe(false)
  })

  test("may have lines of an application's without an end, but none of Istio's", () => {
    const long = "x".repeat(200_000)
    const pieces = Array.from({ length: 20 }, () => 16_384)
    expect(samplesOf(`app{a="${long}"} 1\n${text}`, pieces)).toEqual(expected)
    expect(() => samplesOf(`istio_requests_total{a="${long}"} 1\n`, pieces)).toThrow(
      "has a line of more than 64 KB",
    )
  })
})

describe("a value", () => {
  const valueOf = (value: string) => samplesOf(`istio_requests_total{a="b"}${value}\n`)[0]?.value

  test.each([
    [" 0", 0],
    [" 17", 17],
    ["  17.5 ", 17.5],
    [" 0.1", 0.1],
    [" 1.5 1700000000000", 1.5],
    [" 12\r", 12],
    [" 1e+06", 1_000_000],
    [" 1.2345678901234567", 1.2345678901234567],
    [" 9007199254740993", 2 ** 53],
    [" +Inf", Infinity],
    [" -5", -5],
    [" NaN", NaN],
    ["", NaN],
    [" .", NaN],
    [" 1.2.3", NaN],
    [" twelve", NaN],
  ])("of %j is %d", (words, value) => {
    expect(valueOf(words)).toBe(value)
  })

  test("is what JavaScript reads, whatever its digits", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), fc.nat(), fc.nat({ max: 12 }), (any, whole, places) => {
        expect(valueOf(` ${any}`)).toBe(any)
        const decimal = (whole / 1_000).toFixed(places)
        expect(valueOf(` ${decimal}`)).toBe(Number(decimal))
      }),
    )
  })
})
