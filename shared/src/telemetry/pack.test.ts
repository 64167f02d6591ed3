import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { EdgeSample, Tick } from "./edge.ts"
import { packTick } from "./pack.ts"
import { PackedTick } from "./tick.ts"
import { unpackTick } from "./unpack.ts"

const rate = fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1e6, noNaN: true }))
const name = fc.constantFrom("", "reviews-v1", "ratings", "productpage", "shop", "v1", "v2")
const end = fc.record({
  cluster: fc.constantFrom("", "Kubernetes"),
  namespace: name,
  workload: name,
  app: name,
  version: name,
})
const edge: fc.Arbitrary<EdgeSample> = fc.record({
  source: end,
  destination: fc.record({
    cluster: name,
    namespace: name,
    workload: name,
    app: name,
    version: name,
    service: name,
    serviceNamespace: name,
  }),
  protocol: fc.constantFrom("http", "grpc", "tcp"),
  reporter: fc.constantFrom("source", "destination", "both", "waypoint", "ztunnel"),
  requestsPerSecond: rate,
  responses: fc.uniqueArray(
    fc.record({
      code: fc.constantFrom("200", "404", "503", "0"),
      flags: fc.constantFrom("", "UF"),
      grpc: fc.constantFrom("", "0", "14"),
      requestsPerSecond: rate,
    }),
    { selector: (r) => `${r.code}${r.flags}${r.grpc}`, maxLength: 4 },
  ),
  latencyMs: fc.option(
    fc.tuple(rate, rate, rate).map((list) => {
      const [p50 = 0, p95 = 0, p99 = 0] = list.sort((a, b) => a - b)
      return { p50, p95, p99 }
    }),
  ),
  bytesPerSecond: fc.record({ sent: rate, received: rate }),
  tcp: fc.option(fc.record({ openedPerSecond: rate, closedPerSecond: rate })),
  mtlsRatio: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
})
const tickOf = (edges: EdgeSample[]): Tick => ({
  at: 1_700_000_000_000,
  windowMs: 60_000,
  source: "prometheus",
  edges,
  gaps: [],
})

const near = (value: number, wanted: number) =>
  wanted === 0 ? value === 0 : Math.abs(value / wanted - 1) < 0.005

describe("a packed tick", () => {
  test("keeps every number within half a percent, zero and null exactly", () => {
    fc.assert(
      fc.property(edge, (sample) => {
        const back = unpackTick(packTick(tickOf([sample]))).edges[0]
        expect(back?.source).toEqual(sample.source)
        expect(back?.destination).toEqual(sample.destination)
        expect([back?.protocol, back?.reporter]).toEqual([sample.protocol, sample.reporter])
        expect(near(back?.requestsPerSecond ?? -1, sample.requestsPerSecond)).toBe(true)
        expect(near(back?.bytesPerSecond.sent ?? -1, sample.bytesPerSecond.sent)).toBe(true)
        expect(back?.responses.length).toBe(sample.responses.length)
        expect(back?.latencyMs === null).toBe(sample.latencyMs === null)
        if (sample.latencyMs) expect(near(back?.latencyMs?.p99 ?? -1, sample.latencyMs.p99)).toBe(true)
        expect(back?.tcp === null).toBe(sample.tcp === null)
        if (sample.tcp) expect(near(back?.tcp?.closedPerSecond ?? -1, sample.tcp.closedPerSecond)).toBe(true)
        if (sample.mtlsRatio === null) expect(back?.mtlsRatio).toBeNull()
        else expect(Math.abs((back?.mtlsRatio ?? 9) - sample.mtlsRatio)).toBeLessThanOrEqual(0.001)
      }),
    )
  })

  test("is the same for any order of edges, and packing what was unpacked changes nothing", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(edge, {
          selector: (e) => JSON.stringify([e.source, e.destination, e.protocol]),
          maxLength: 8,
        }),
        (edges) => {
          const packed = packTick(tickOf(edges))
          expect(packTick(tickOf([...edges].reverse()))).toEqual(packed)
          expect(packTick(unpackTick(packed))).toEqual(packed)
        },
      ),
    )
  })

  test("of 300 edges is one message of at most 4 KB", () => {
    let seed = 7
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647
    const edges = Array.from({ length: 300 }, (_, i): EdgeSample => {
      const requestsPerSecond = 0.5 + random() * 200
      const p50 = 2 + random() * 40
      const failing = random() < 0.1
      const workload = (n: number) => ({
        cluster: "Kubernetes",
        namespace: `team-${n % 12}`,
        workload: `service-${n}-v1`,
        app: `service-${n}`,
        version: "v1",
      })
      const to = Math.floor(random() * 100)
      return {
        source: workload(i % 100),
        destination: { ...workload(to), service: `service-${to}`, serviceNamespace: `team-${to % 12}` },
        protocol: "http",
        reporter: "both",
        requestsPerSecond,
        responses: failing
          ? [
              { code: "200", flags: "", grpc: "", requestsPerSecond: requestsPerSecond * 0.98 },
              { code: "503", flags: "UF", grpc: "", requestsPerSecond: requestsPerSecond * 0.02 },
            ]
          : [{ code: "200", flags: "", grpc: "", requestsPerSecond }],
        latencyMs: { p50, p95: p50 * (2 + random()), p99: p50 * (4 + random()) },
        bytesPerSecond: { sent: requestsPerSecond * 400, received: requestsPerSecond * 2500 },
        tcp: null,
        mtlsRatio: 1,
      }
    })
    const wire = gzipSync(JSON.stringify(packTick(tickOf(edges)))).toString("base64")
    expect(wire.length).toBeLessThanOrEqual(4096)
  })

  test("with broken columns is refused, not half read", () => {
    const packed = packTick(tickOf([]))
    const whole = packTick(tickOf(fc.sample(edge, { numRuns: 40, seed: 3 })))
    expect(() => unpackTick({ ...whole, c: whole.c.slice(0, 40) })).toThrow(/tick is broken/)
    expect(() => unpackTick({ ...whole, c: "?" })).toThrow(/tick is broken/)
    expect(() => unpackTick({ ...packed, c: whole.c })).toThrow(/tick is broken/)
  })

  test("is read whatever a workload calls itself, and its neighbours keep every number", () => {
    const [base] = fc.sample(edge, { numRuns: 1, seed: 5 })
    if (!base) throw new Error("no edge")
    const good = { ...base, requestsPerSecond: 7, responses: [] }
    const evil = (over: Partial<EdgeSample>): EdgeSample => ({ ...base, ...over })
    const edges = [
      good,
      evil({ source: { ...base.source, workload: "w".repeat(50_000), app: "a\tb\tc" } }),
      evil({ destination: { ...base.destination, service: "evil\thost", cluster: "c".repeat(9_000) } }),
      evil({
        protocol: "grpc",
        responses: Array.from({ length: 5_000 }, (_, i) => ({
          code: "200",
          flags: "",
          grpc: String(i),
          requestsPerSecond: i === 4_000 ? 100 : 0.01,
        })),
      }),
      evil({ protocol: "tcp", requestsPerSecond: Infinity, bytesPerSecond: { sent: 1e300, received: 1 } }),
    ]
    const packed = packTick(tickOf(edges))
    expect(PackedTick.safeParse(packed).error).toBeUndefined()
    const back = unpackTick(packed).edges
    expect(back).toHaveLength(edges.length)
    expect(back.some((one) => near(one.requestsPerSecond, 7) && one.source.app === good.source.app)).toBe(
      true,
    )
    expect(back.map(({ source }) => source.app)).toContain("a b c")
    expect(back.map(({ destination }) => destination.service)).toContain("evil host")
    const many = back.find(({ responses }) => responses.length > 100)?.responses ?? []
    expect(many.some(({ grpc }) => grpc === "4000")).toBe(true)
  })
})
