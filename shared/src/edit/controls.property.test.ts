import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { routeRequest } from "../istio/route.ts"
import { type KubeObject, idOf, refOf } from "../kube/object.ts"
import { AppError } from "../error.ts"
import { after, bookinfo, destinationRule, reviews, subsetsOf, virtualService } from "./bookinfo.ts"
import { planOf, readControl } from "./controls.ts"
import type { Intent } from "./intent.ts"
import { type Done, inverseOf } from "./inverse.ts"
import type { Plan } from "./plan.ts"
import { virtualServiceSpec } from "./route/arbitrary.ts"
import { worldOf } from "./testing.ts"

type Planned = Exclude<Intent, { control: "undo" }>

const service = reviews
const weights = fc.nat(100).map((v1) => ({ v1, v2: 100 - v1 }))
const match = { headers: { "end-user": { exact: "jason" } } }

const intents: fc.Arbitrary<Planned> = fc.oneof(
  weights.map((own): Planned => ({ control: "shift", service, set: { weights: own } })),
  weights.map((own): Planned => ({ control: "shift", service, set: { weights: own, match } })),
  fc.constant<Planned>({ control: "shift", service, set: null }),
  fc
    .integer({ min: 1, max: 100 })
    .map((percent): Planned => ({ control: "fault", service, set: { abort: { percent, httpStatus: 503 } } })),
  fc.constant<Planned>({ control: "fault", service, set: null }),
  fc.integer({ min: 1, max: 100 }).map((percent): Planned => ({
    control: "mirror",
    service,
    set: { mirrors: [{ destination: { subset: "v3" }, percent }] },
  })),
  fc.constant<Planned>({ control: "mirror", service, set: null }),
)

const byId = (objects: readonly KubeObject[]): Map<string, KubeObject> =>
  new Map(objects.map((object) => [idOf(refOf(object)), object]))

/** The plan, unless what is there is too odd for the intent, and it is refused. */
function planned(objects: readonly KubeObject[], intent: Planned): Plan | undefined {
  try {
    return planOf(intent, worldOf(objects))
  } catch (error) {
    if (error instanceof AppError && error.code === "input.invalid") return undefined
    throw error
  }
}

/** What became of the objects. */
function doneBetween(before: readonly KubeObject[], now: readonly KubeObject[]): Done[] {
  const [was, is] = [byId(before), byId(now)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id): Done[] => {
    const [old, fresh] = [was.get(id), is.get(id)]
    const any = fresh ?? old
    return any === undefined || old === fresh
      ? []
      : [{ object: refOf(any), before: old ?? null, after: fresh ?? null }]
  })
}

const inOrder = (objects: readonly KubeObject[]): unknown =>
  [...byId(objects)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)

const start = fc.oneof(
  fc.constant<KubeObject[]>([]),
  virtualServiceSpec.map((spec) => [virtualService("reviews", spec)]),
  virtualServiceSpec.map((spec) => [
    virtualService("reviews", spec),
    destinationRule("reviews", { host: "reviews", subsets: subsetsOf("v2"), trafficPolicy: { future: 1 } }),
  ]),
)

describe("any intents, on whatever routes are there", () => {
  test("are undone one by one to exactly what was there", () => {
    fc.assert(
      fc.property(start, fc.array(intents, { minLength: 1, maxLength: 5 }), (own, all) => {
        const states: KubeObject[][] = [[...bookinfo, ...own]]
        for (const intent of all) {
          const now = states.at(-1) ?? []
          const plan = planned(now, intent)
          if (plan !== undefined) states.push(after(now, plan).objects)
        }
        let present = states.at(-1) ?? []
        for (let step = states.length - 1; step > 0; step--) {
          const done = doneBetween(states[step - 1] ?? [], states[step] ?? [])
          const map = byId(present)
          const { edits, kept } = inverseOf(done, (ref) => map.get(idOf(ref)))
          expect(kept).toEqual([])
          present = after(present, { edits, title: "", services: [], warnings: [] }).objects
          expect(inOrder(present)).toEqual(inOrder(states[step - 1] ?? []))
        }
      }),
      { numRuns: 300 },
    )
  })

  test("ask for nothing a second time", () => {
    fc.assert(
      fc.property(start, intents, (own, intent) => {
        const objects = [...bookinfo, ...own]
        const plan = planned(objects, intent)
        if (plan === undefined) return
        expect(planOf(intent, after(objects, plan).world).edits).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test("a shift is in the routing model's words what it says", () => {
    fc.assert(
      fc.property(weights, fc.constantFrom("/", "/api"), (own, path) => {
        const { world } = after(
          bookinfo,
          planOf({ control: "shift", service, set: { weights: own } }, worldOf(bookinfo)),
        )
        const { destinations } = routeRequest(
          world.mesh,
          { kind: "sidecar", namespace: "bookinfo", labels: {} },
          { host: "reviews", port: 9080, method: "GET", path, headers: {} },
        )
        const shares = Object.fromEntries(
          destinations.map(({ subset, share }) => [subset, Math.round(share * 100)]),
        )
        expect(shares).toEqual(Object.fromEntries(Object.entries(own).filter(([, weight]) => weight > 0)))
        expect(readControl("shift", world, { namespace: "bookinfo", service: "reviews" }).form).toEqual({
          weights: own,
        })
      }),
      { numRuns: 50 },
    )
  })
})
