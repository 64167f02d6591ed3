import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { config, pod, service } from "../../istio/fixture.ts"
import type { KubeObject } from "../../kube/object.ts"
import { type Json, list, record } from "../../topology/fact/read.ts"
import type { CircuitBreakerForm, PolicyScope } from "../form.ts"
import { worldAfter } from "../overlay.ts"
import { effectOf } from "../patch.ts"
import { worldOf } from "../testing.ts"
import type { World } from "../world.ts"
import { plan, read } from "./circuit-breaker.ts"

const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
/** Without what is absent, and without objects that hold nothing. */
const filled = (fields: object): Json =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined &&
        (value === null || typeof value !== "object" || Object.keys(value as object).length > 0),
    ),
  )
const fields = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> =>
  fc.record(Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, some(value)]))).map(filled)

const count = fc.integer({ min: 1, max: 5 })
const time = fc.constantFrom("1s", "250ms", "1m30s")
const odd = fields({ futureField: fc.constantFrom("x", 1, true) })

const both = (a: fc.Arbitrary<Json>, b: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.tuple(a, b).map(([one, other]) => ({ ...one, ...other }))

const policy = fields({
  connectionPool: fields({
    tcp: both(fields({ maxConnections: count, idleTimeout: time, tcpKeepalive: fields({ time }) }), odd),
    http: fields({ maxRetries: count, maxConcurrentStreams: count }),
  }),
  outlierDetection: both(
    fields({
      interval: time,
      consecutive5xxErrors: count,
      outlierDetectionHttpErrorCodes: fc.constant([500]),
    }),
    odd,
  ),
  loadBalancer: fields({ simple: fc.constantFrom("RANDOM", "ROUND_ROBIN") }),
  tls: fields({ mode: fc.constantFrom("SIMPLE", "DISABLE") }),
})
const withPorts = fc
  .tuple(
    policy,
    policy.filter((settings) => Object.keys(settings).length > 0),
    fc.boolean(),
  )
  .map(([own, port, has]) => ({
    ...own,
    ...(has ? { portLevelSettings: [{ port: { number: 9080 }, ...port }] } : {}),
  }))
const rule: fc.Arbitrary<KubeObject> = fc
  .record({
    host: fc.constantFrom("reviews", "reviews.bookinfo.svc.cluster.local"),
    trafficPolicy: withPorts,
    subsets: fc
      .subarray(["v1", "v2"])
      .chain((names) =>
        fc.tuple(
          ...names.map((name) =>
            withPorts.map((trafficPolicy) => filled({ name, labels: { version: name }, trafficPolicy })),
          ),
        ),
      ),
  })
  .map((spec) => config("DestinationRule", "bookinfo/any-name", filled(spec)))

const form: fc.Arbitrary<CircuitBreakerForm> = fields({
  connectionPool: fields({
    maxConnections: count,
    tcpIdleTimeout: time,
    maxRetries: count,
    h2UpgradePolicy: fc.constantFrom("UPGRADE", "DEFAULT"),
  }),
  outlierDetection: fields({ interval: time, consecutive5xxErrors: count, maxEjectionPercent: count }),
})
const scope: fc.Arbitrary<PolicyScope> = fields({
  subset: fc.constantFrom("v1", "v2"),
  port: fc.constant(9080),
})

const target = (at: PolicyScope) => ({ service: { namespace: "bookinfo", name: "reviews" }, scope: at })
const mesh = [
  service("bookinfo/reviews", 9080),
  ...["v1", "v2"].map((version) => pod(`bookinfo/${version}`, { app: "reviews", version })),
]

function after(world: World, at: PolicyScope, set: CircuitBreakerForm | null): World {
  const effect = effectOf(plan(world, target(at), set).edits, (ref) => world.object(ref))
  if (effect === undefined) throw new Error("an edit does not fit")
  return worldAfter(world, effect)
}

const shownFields: Record<string, string[]> = {
  tcp: ["maxConnections", "idleTimeout"],
  http: ["maxRetries", "h2UpgradePolicy"],
  outlierDetection: ["interval", "consecutive5xxErrors", "maxEjectionPercent"],
}
const without = (value: unknown, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(record(value)).filter(([key]) => !names.includes(key)))

/** A policy without what the form can show of it, written once more by hand. */
function strange(value: unknown): Json {
  const own = record(value)
  const pool = record(own["connectionPool"])
  return filled({
    ...own,
    connectionPool: filled({
      ...pool,
      tcp: without(pool["tcp"], shownFields["tcp"] ?? []),
      http: without(pool["http"], shownFields["http"] ?? []),
    }),
    outlierDetection: without(own["outlierDetection"], shownFields["outlierDetection"] ?? []),
  })
}

/** All of a rule but for what the form shows at the scope. */
function outside(spec: Json, { subset, port }: PolicyScope): unknown {
  const inHolder = (holder: Json): Json => {
    const own = record(holder["trafficPolicy"])
    const ports = list(own["portLevelSettings"]).map(record)
    const left =
      port === undefined
        ? strange(own)
        : filled({
            ...own,
            portLevelSettings: ports.map(strange).filter((entry) => Object.keys(entry).length > 1),
          })
    return filled({ ...holder, trafficPolicy: left })
  }
  if (subset === undefined) return inHolder(spec)
  const subsets = list(spec["subsets"]).map(record)
  const known = subsets.some(({ name }) => name === subset)
  const all = known ? subsets : [...subsets, { name: subset, labels: { version: subset } }]
  return { ...spec, subsets: all.map((entry) => (entry["name"] === subset ? inHolder(entry) : entry)) }
}

describe("for any DestinationRule, any form and any place in it", () => {
  test("the form that was read changes nothing", () => {
    fc.assert(
      fc.property(rule, scope, (object, at) => {
        const world = worldOf([...mesh, object])
        expect(plan(world, target(at), read(world, target(at)).form).edits).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test("what is set is read, and nothing else changes, over any sequence of forms", () => {
    fc.assert(
      fc.property(
        rule,
        scope,
        fc.array(fc.option(form), { minLength: 1, maxLength: 3 }),
        (object, at, forms) => {
          let world = worldOf([...mesh, object])
          let isChanged = false
          for (const set of forms) {
            isChanged ||= plan(world, target(at), set).edits.length > 0
            world = after(world, at, set)
            const wanted = set === null || Object.keys(set).length === 0 ? null : set
            expect(read(world, target(at)).form).toEqual(wanted)
          }
          const spec = record(world.list("DestinationRule.networking.istio.io", "bookinfo")[0]?.["spec"])
          if (!isChanged) expect(spec).toEqual(object["spec"])
          else expect(outside(spec, at)).toEqual(outside(record(object["spec"]), at))
        },
      ),
      { numRuns: 300 },
    )
  })
})
