import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type CountersOptions, createCounters } from "./counters.ts"
import { createLineReader } from "./lines.ts"

/** One proxy's counts by the workload that it calls. */
type Counts = ReadonlyMap<string, number>

const lineOf = ([to, count]: [string, number]): string =>
  `istio_requests_total{reporter="source",source_workload="web",source_workload_namespace="shop",source_cluster="c",destination_workload="${to}",destination_workload_namespace="shop",destination_cluster="c",destination_service_name="${to}",destination_service_namespace="shop",request_protocol="http",response_code="200",response_flags="-"} ${count}`

function start(options: Partial<CountersOptions> = {}) {
  const counters = createCounters({ maxSeries: 1_000, maxCounters: 1_000, ...options })
  let at = 0
  const read = (name: string, counts: Counts): void => {
    const reader = counters.proxy(name, at, false)
    const lines = createLineReader(reader.sample)
    lines.push(Buffer.from([...counts].map(lineOf).join("\n")))
    lines.end()
    reader.done()
  }
  return {
    counters,
    /** Ten seconds later: reads these proxies, and tells the rates by the workload that is called. */
    pass: (proxies: Readonly<Record<string, Counts>>) => {
      at += 10_000
      counters.begin()
      for (const [name, counts] of Object.entries(proxies)) read(name, counts)
      const { edges, ...rest } = counters.end()
      const rates = edges().map((edge) => [edge.destination.workload, edge.requestsPerSecond] as const)
      return { ...rest, rates: Object.fromEntries(rates) }
    },
  }
}

const counts = (entries: Record<string, number>): Counts => new Map(Object.entries(entries))

describe("the counters of proxies", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f")
  /** Small numbers, so that many fall; in any order of lines. */
  const proxy = fc.uniqueArray(fc.tuple(name, fc.nat({ max: 40 })), { selector: ([key]) => key })
  const passes = fc.array(fc.dictionary(fc.constantFrom("p", "q", "r"), proxy), { maxLength: 12 })

  test("grow by what each line grew, whatever their order, resets, and who comes and goes", () => {
    fc.assert(
      fc.property(passes, (all) => {
        const { pass } = start()
        const before = new Map<string, { at: number; counts: Counts }>()
        all.forEach((proxies, i) => {
          const read = Object.fromEntries(
            Object.entries(proxies).map(([key, lines]) => [key, new Map(lines)]),
          )
          const expected: Record<string, number> = {}
          for (const [key, now] of Object.entries(read)) {
            const known = before.get(key)
            if (known && i - known.at <= 3)
              for (const [to, count] of now) {
                const last = known.counts.get(to) ?? 0
                const growth = count >= last ? count - last : count
                if (growth > 0) expected[to] = (expected[to] ?? 0) + growth / (10 * (i - known.at))
              }
            before.set(key, { at: i, counts: now })
          }
          const { rates } = pass(read)
          expect(Object.keys(rates)).toEqual(Object.keys(expected).sort())
          for (const [to, rate] of Object.entries(expected)) expect(rates[to]).toBeCloseTo(rate, 9)
        })
      }),
    )
  })

  test("are forgotten with their series when the proxy is gone", () => {
    const { counters, pass } = start()
    pass({ p: counts({ a: 1, b: 2 }), q: counts({ a: 1 }) })
    expect(counters.size()).toEqual({ counters: 3, series: 2 })
    for (let i = 0; i < 5; i++) pass({ q: counts({ a: 1 }) })
    expect(counters.size()).toEqual({ counters: 1, series: 1 })
    // the numbers of what is gone are used again, and mean what they mean now
    pass({ q: counts({ a: 1, c: 5 }) })
    expect(pass({ q: counts({ a: 1, c: 25 }) }).rates).toEqual({ c: 2 })
  })

  test("of an answer that broke off count for nothing, and the next growth is since the read before", () => {
    const { counters, pass } = start()
    pass({ p: counts({ a: 100 }) })
    counters.begin()
    const lines = createLineReader(counters.proxy("p", 15_000, false).sample)
    lines.push(Buffer.from(`${lineOf(["a", 150])}\n`))
    expect(counters.end().proxiesWithRates).toBe(0)
    expect(pass({ p: counts({ a: 200 }) }).rates).toEqual({ a: 10 })
  })

  test("of a ztunnel are not those of a sidecar that says the same", () => {
    const { counters } = start()
    const read = (name: string, at: number, count: number, isZtunnel: boolean): void => {
      const reader = counters.proxy(name, at, isZtunnel)
      const lines = createLineReader(reader.sample)
      lines.push(Buffer.from(`${lineOf(["a", count])}\n`))
      reader.done()
    }
    for (const [at, count] of [
      [0, 0],
      [10_000, 50],
    ] as const) {
      counters.begin()
      read("sidecar", at, count, false)
      read("ztunnel", at, count * 3, true)
      if (at > 0) expect(counters.end().edges()).toMatchObject([{ requestsPerSecond: 5, reporter: "source" }])
    }
    counters.begin()
    read("ztunnel", 20_000, 250, true)
    expect(counters.end().edges()).toMatchObject([{ requestsPerSecond: 10, reporter: "ztunnel" }])
  })
})

describe("more series than there is room for", () => {
  test("are told, and the others keep their rates", () => {
    const { counters, pass } = start({ maxSeries: 2 })
    pass({ p: counts({ a: 10, b: 10, c: 10 }) })
    expect(pass({ p: counts({ a: 20, b: 30, c: 40 }) })).toMatchObject({ refused: 1, rates: { a: 1, b: 2 } })
    expect(counters.size()).toEqual({ counters: 2, series: 2 })
  })

  test("count for nothing until they were read twice, when there is room again", () => {
    const { pass } = start({ maxSeries: 2 })
    pass({ p: counts({ a: 10, b: 10 }) })
    for (let i = 0; i < 4; i++) pass({ p: counts({ b: 10, c: 7_000 }) })
    expect(pass({ p: counts({ b: 10, c: 8_000 }) })).toMatchObject({ refused: 0, rates: {} })
    expect(pass({ p: counts({ b: 10, c: 8_010 }) })).toMatchObject({ refused: 0, rates: { c: 1 } })
  })

  test("of all proxies together are told too", () => {
    const { counters, pass } = start({ maxCounters: 3 })
    const told = { p: counts({ a: 10, b: 10 }), q: counts({ a: 10, b: 10 }) }
    expect(pass(told).refused).toBe(1)
    expect(counters.size().counters).toBe(3)
    expect(pass({ p: counts({ a: 20, b: 20 }), q: counts({ a: 30, b: 30 }) })).toMatchObject({
      refused: 1,
      rates: { a: 3, b: 1 },
    })
    for (let i = 0; i < 4; i++) pass({ q: counts({ a: 30, b: 30 }) })
    expect(pass({ q: counts({ a: 40, b: 50 }) })).toMatchObject({ refused: 0, rates: { a: 1, b: 2 } })
  })
})
