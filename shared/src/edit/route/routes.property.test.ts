import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { service } from "../../istio/fixture.ts"
import type { KubeObject } from "../../kube/object.ts"
import { type Json, list, record } from "../../topology/fact/read.ts"
import { bookinfo, httpRoute, reviews, virtualService } from "../bookinfo.ts"
import { plan, read } from "../control/routing.ts"
import { type HttpRule, RoutingForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import { httpRouteSpec, virtualServiceSpec } from "./arbitrary.ts"
import { type Holder, holderOf, specOf } from "./routes.ts"
import { targetOf } from "./target.ts"

const services = [
  ...bookinfo,
  ...["v1", "v2"].map((version) =>
    service(`bookinfo/reviews-${version}`, 9080, {
      selector: { app: "reviews", version },
      ports: [{ name: "http", port: 9080 }],
    }),
  ),
]

const route = fc.oneof(
  virtualServiceSpec.map((spec) => virtualService("reviews", spec)),
  httpRouteSpec.map((spec) => httpRoute("reviews", spec)),
)

const holder = (object: KubeObject): Holder => {
  const world = worldOf([...services, object])
  return holderOf(world, targetOf(world, reviews), object)
}

const formOf = ({ lens }: Holder, spec: Json): RoutingForm => {
  const form = lens.read(spec)
  if (form === undefined) throw new Error("no form")
  return form
}

describe("whatever is written", () => {
  test("is the same after its form is written back", () => {
    fc.assert(
      fc.property(route, (object) => {
        const own = holder(object)
        const spec = specOf(object)
        const text = JSON.stringify(spec)
        const form = formOf(own, spec)
        expect(RoutingForm.parse(form)).toEqual(form)
        expect(JSON.stringify(own.lens.write(spec, form))).toBe(text)
        expect(JSON.stringify(spec)).toBe(text)
      }),
      { numRuns: 400 },
    )
  })

  test("asks for no edit when its form is set as it is", () => {
    fc.assert(
      fc.property(route, (object) => {
        const world = worldOf([...services, object])
        const { form } = read(world, reviews)
        if (form !== null) expect(plan(world, reviews, form).edits).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

type Step = (http: readonly HttpRule[]) => HttpRule[]

const at = fc.nat(5)
const onRule =
  (place: number, change: (rule: HttpRule) => HttpRule): Step =>
  (http) =>
    http.map((rule, index) => (index === place % Math.max(1, http.length) ? change(rule) : rule))

const set = <K extends keyof HttpRule>(key: K, values: readonly HttpRule[K][]): fc.Arbitrary<Step> =>
  fc
    .tuple(at, fc.constantFrom(...values))
    .map(([place, value]) => onRule(place, (rule) => ({ ...rule, [key]: value })))

const fresh: HttpRule = {
  matches: [{ uri: { prefix: "/new" } }],
  action: { type: "route", destinations: [{ destination: {} }] },
}

/** Edits of a form as people make them. */
const steps: readonly fc.Arbitrary<Step>[] = [
  set("timeout", ["2s", "3s", undefined]),
  set("retries", [{ attempts: 4 }, { attempts: 4, perTryTimeout: "1s" }]),
  set("headers", [{ request: { set: { "x-a": "9" } } }, { response: { remove: ["server"] } }]),
  set("mirrors", [[{ destination: { subset: "v1", port: 9080 }, percent: 20 }], []]),
  fc.nat(5).map((place): Step => (http) => [...http.slice(0, place), fresh, ...http.slice(place)]),
  fc.nat(5).map(
    (place): Step =>
      (http) =>
        http.filter((_, index) => index !== place),
  ),
  fc.tuple(at, at).map(([from, to]): Step => (http) => {
    const rule = http[from]
    if (rule === undefined) return [...http]
    return http.toSpliced(from, 1).toSpliced(to, 0, rule)
  }),
  fc.tuple(at, fc.nat(100)).map(([place, weight]) =>
    onRule(place, (rule) => {
      const { action } = rule
      if (action.type !== "route" || action.destinations.length !== 2) return rule
      const destinations = action.destinations.map((entry, index) => ({
        ...entry,
        weight: index === 0 ? weight : 100 - weight,
      }))
      return { ...rule, action: { type: "route", destinations } }
    }),
  ),
  at.map((place) =>
    onRule(place, (rule) => ({
      ...rule,
      matches: rule.matches.map((match) => ({ ...match, method: { exact: "PUT" } })),
    })),
  ),
]

/** Without what a form shows, and without the lists' placeholders for what is shown whole. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.map(compact).filter((entry) => entry !== undefined && entry !== null)
    return kept.length === 0 ? undefined : kept
  }
  if (value === null || typeof value !== "object") return value
  const kept = Object.entries(value).flatMap(([key, entry]): [string, unknown][] => {
    const left = compact(entry)
    return left === undefined ? [] : [[key, left]]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/** Parts that go as a whole, or are spelled anew, when the form takes them away: what was hidden in them goes along. */
const containers = [
  ...["retries", "retry", "headers", "filters"],
  ...["mirror", "mirrors", "mirrorPercent", "mirrorPercentage"],
]
/** Fields that the steps set: a value that was hidden because no form can hold it is not there any more. */
const setBySteps = ["timeout", "request", "backendRequest", "method"]

const hiddenIn = (rule: unknown): unknown =>
  compact(
    JSON.parse(
      JSON.stringify(
        Object.fromEntries(Object.entries(record(rule)).filter(([key]) => !containers.includes(key))),
        (key, value: unknown) => (setBySteps.includes(key) ? undefined : value),
      ),
    ),
  )

const rulesIn = ({ api }: Holder, spec: Json): readonly unknown[] =>
  list(spec[api === "istio" ? "http" : "rules"])
const othersIn = (spec: Json): unknown => {
  const { http: _, rules: __, ...others } = spec
  return others
}

describe("after any edits of a form", () => {
  test("rules keep what it does not show, and the rest of the object is as it was", () => {
    fc.assert(
      fc.property(route, fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 6 }), (object, all) => {
        const own = holder(object)
        const spec = specOf(object)
        const before = formOf(own, spec)
        const wanted = { ...before, http: all.reduce((http, step) => step(http), before.http) }
        const after = own.lens.write(spec, wanted)
        expect(othersIn(after)).toEqual(othersIn(spec))
        const [hidden, left] = [rulesIn(own, own.lens.rest(spec)), rulesIn(own, own.lens.rest(after))]
        for (const [place, { origin }] of wanted.http.entries())
          if (typeof origin === "number") expect(hiddenIn(left[place])).toEqual(hiddenIn(hidden[origin]))
      }),
      { numRuns: 400 },
    )
  })

  test("the form that is read is the one that was set", () => {
    fc.assert(
      fc.property(route, fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 6 }), (object, all) => {
        const own = holder(object)
        const before = formOf(own, specOf(object))
        const wanted = { ...before, http: all.reduce((http, step) => step(http), before.http) }
        const after = formOf(own, own.lens.write(specOf(object), wanted))
        expect(said(after)).toEqual(said(wanted))
      }),
      { numRuns: 400 },
    )
  })

  test("setting the first form again, rule by rule, brings back what it shows", () => {
    fc.assert(
      fc.property(
        route,
        fc.array(fc.oneof(...steps.slice(0, 4)), { minLength: 1, maxLength: 6 }),
        (object, all) => {
          const own = holder(object)
          const spec = specOf(object)
          const before = formOf(own, spec)
          const after = own.lens.write(spec, {
            ...before,
            http: all.reduce((http, step) => step(http), before.http),
          })
          expect(said(formOf(own, own.lens.write(after, before)))).toEqual(said(before))
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** A new reference to a Service has to have its port; and a time for each try is only shown beside retries. */
const isAdded = (key: string, value: unknown): boolean =>
  (key === "port" && value === 9080) || key === "perTryTimeout"

/** What a form says: places, and empty lists for absent ones, say nothing. */
const said = (form: RoutingForm): unknown =>
  compact(
    JSON.parse(
      JSON.stringify(form, (key, value: unknown) =>
        key === "origin" || isAdded(key, value) ? undefined : value,
      ),
    ),
  )
