import { describe, expect, test } from "vitest"
import type { MeshRow, SignalSeries } from "#shared/api/mesh.ts"
import { matches, parseFilter } from "../table/filter.ts"
import { sortRows } from "../table/order.ts"
import {
  againstHourBefore,
  failingSince,
  knownRange,
  latencyChange,
  pointsChange,
  relativeChange,
} from "./history.ts"
import { classLines } from "./lines.ts"
import { errorLevel, latencyNumber, shareNumber } from "./level.ts"
import { meshFields, meshText, sortValue, valuesIn } from "./mesh-fields.ts"

const row = (name: string, change: Partial<MeshRow> = {}): MeshRow => ({
  id: `svc/c/shop/${name}`,
  cluster: "c",
  clusterName: "prod",
  namespace: "shop",
  name,
  kind: "Service",
  protocols: ["http"],
  signals: {
    requestsPerSecond: 10,
    errorRatio: 0,
    latencyMs: { p50: 1, p95: 2, p99: 3 },
    bytesPerSecond: { sent: 1, received: 2 },
    tcpOpenedPerSecond: null,
    mtlsRatio: 1,
  },
  health: { state: "ok", score: 100, lowConfidence: false, reasons: [] },
  pods: { ready: 1, total: 1 },
  inMesh: true,
  versions: ["v1"],
  stale: false,
  ...change,
})
const passes = (text: string, given: MeshRow): boolean => {
  const { filter, error } = parseFilter(text, meshFields)
  expect(error).toBeUndefined()
  return matches(filter, given, meshFields, meshText)
}

describe("a row answers the filter in the units of its heads", () => {
  const slow = row("cart", {
    signals: {
      ...row("cart").signals,
      requestsPerSecond: 12,
      errorRatio: 0.03,
      latencyMs: { p50: 40, p95: 1300, p99: 2000 },
    },
  })
  test.each<[string, boolean]>([
    ["errors > 2%", true],
    ["errors > 4", false],
    ["p95 > 1.2s", true],
    ["mtls = 100 and mesh = yes", true],
    ["health = ok, watch", true],
    ["cart.shop.svc", true],
    ["version = v2", false],
    ["bytes >= 3", true],
  ])("%s", (text, expected) => expect(passes(text, slow)).toBe(expected))

  test("what was not measured never passes a comparison", () => {
    const idle = row("idle", { signals: { ...slow.signals, requestsPerSecond: null, latencyMs: null } })
    expect(passes("rps < 1", idle)).toBe(false)
    expect(passes("p95 < 1", idle)).toBe(false)
  })

  test("sorts by a column, names and numbers", () => {
    const rows = [row("b"), slow, row("a", { signals: { ...slow.signals, errorRatio: null } })]
    expect(sortRows(rows, sortValue("errors"), true).map((r) => r.name)).toEqual(["cart", "b", "a"])
    expect(sortRows(rows, sortValue("name"), false).map((r) => r.name)).toEqual(["a", "b", "cart"])
  })

  test("completes with what is there", () => {
    expect(valuesIn([row("a"), row("b", { namespace: "lab" })], "namespace")).toEqual(["lab", "shop"])
    expect(valuesIn([], "protocol")).toEqual(["http", "grpc", "tcp"])
  })
})

test("levels of errors are those of the health formula", () =>
  expect([null, 0, 0.004, 0.006, 0.02, 0.05].map(errorLevel)).toEqual([
    "ok",
    "ok",
    "ok",
    "watch",
    "degraded",
    "failing",
  ]))

test("numbers under a head with the unit leave it out", () => {
  expect([0, 0.0002, 0.029, 0.9998, 1].map(shareNumber)).toEqual(["0.0", "< 0.1", "2.9", "> 99.9", "100.0"])
  expect([0.44, 41.4, 1240].map(latencyNumber)).toEqual(["0.4", "41", "1.2 s"])
})

describe("an hour of history", () => {
  const minute = 60_000
  const now = 100 * minute
  const times = Array.from({ length: 70 }, (_, i) => now - (69 - i) * minute)

  test("is compared with the five minutes an hour before", () => {
    const values = times.map((at) => (at > now - 5 * minute ? 120 : 100))
    const change = againstHourBefore(times, values, now)
    expect(relativeChange(change)).toBe("+20 %")
    expect(pointsChange({ now: 0.0014, before: 0.0008 })).toBe("+0.06 pts")
    expect(latencyChange({ now: 172, before: 184 })).toBe("-12 ms")
  })

  test("that is not there compares with nothing", () => {
    const short = times.slice(-30)
    expect(
      relativeChange(
        againstHourBefore(
          short,
          short.map(() => 1),
          now,
        ),
      ),
    ).toBe("")
  })

  const series = (errorRatio: (number | null)[]): SignalSeries => ({
    id: "x",
    stepMs: minute,
    times: errorRatio.map((_, i) => i * minute),
    errorRatio,
    requestsPerSecond: [],
    classes: {},
    p50: [],
    p95: [],
    p99: [],
    bytesPerSecond: [],
    late: [],
  })
  test.each<[string, (number | null)[], { at: number; whole: boolean } | undefined]>([
    ["now healthy", [0.1, 0.1, 0.1, 0], undefined],
    ["bad since a moment", [0, 0, 0.1, 0.1], { at: 2 * minute, whole: false }],
    ["a hole does not end it", [0, 0, 0.1, null, 0.1], { at: 2 * minute, whole: false }],
    ["bad since it is known", [null, null, null, 0.1], { at: 3 * minute, whole: false }],
    ["bad for all of it", [null, 0.1, 0.1], { at: minute, whole: true }],
  ])("since when: %s", (_, ratios, since) => expect(failingSince(series(ratios), 0.005)).toEqual(since))
})

describe("requests by class", () => {
  const base: SignalSeries = {
    id: "x",
    stepMs: 1,
    times: [0, 1, 2],
    requestsPerSecond: [10, null, 10],
    errorRatio: [0, null, 0.1],
    classes: { "2xx": [10, null, 9], "5xx": [0, null, 1] },
    p50: [],
    p95: [],
    p99: [],
    bytesPerSecond: [],
    late: [],
  }
  test("have errors on top", () => expect(classLines(base).map((line) => line.label)).toEqual(["2xx", "5xx"]))

  test("show the errors of gRPC, which answers them with 200", () =>
    expect(
      classLines({ ...base, classes: { "2xx": [10, null, 10] } }).map(({ label, values }) => [label, values]),
    ).toEqual([
      ["OK", [10, null, 9]],
      ["errors", [0, null, 1]],
    ]))

  test("are an empty line when nothing came", () =>
    expect(classLines(undefined).map((line) => line.values)).toEqual([[]]))
})

describe("the time that charts show", () => {
  const minute = 60_000
  const series = (requestsPerSecond: (number | null)[]) => ({
    requestsPerSecond,
    times: requestsPerSecond.map((_, i) => i * minute),
  })
  const range = { from: 0, to: 60 * minute }
  test("is the range when the history is as long", () =>
    expect(knownRange(series([1, 1]), range)).toEqual(range))
  test("begins with the history when that is shorter", () =>
    expect(knownRange(series([...Array.from({ length: 20 }, () => null), 1, 1]), range)).toEqual({
      from: 19 * minute,
      to: 60 * minute,
    }))
  test("is ten minutes at least", () =>
    expect(knownRange(series([...Array.from({ length: 59 }, () => null), 1]), range).from).toBe(50 * minute))
})
