import { describe, expect, test } from "vitest"
import { service } from "../../istio/fixture.ts"
import { after, bookinfo, httpRoute, issuesOf, reviews, specIn, virtualService } from "../bookinfo.ts"
import type { MirrorForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import { plan, read } from "./mirror.ts"

const to = (subset: string, percent: number) => ({ destination: { subset }, percent })
const set = (...mirrors: MirrorForm["mirrors"]): MirrorForm => ({ mirrors })
const raw = (subset: string, value: number) => ({
  destination: { host: "reviews", subset },
  percentage: { value },
})

describe("a service that nothing routes", () => {
  const made = plan(worldOf(bookinfo), reviews, set(to("v3", 10)))

  test("keeps its requests and sends copies of a share of them, with the subset made", () => {
    const { world } = after(bookinfo, made)
    expect(made.title).toBe("Mirror 10 % of the requests to reviews to v3")
    expect(specIn(world, "VirtualService", "reviews")).toEqual({
      hosts: ["reviews"],
      http: [{ route: [{ destination: { host: "reviews" } }], mirrors: [raw("v3", 10)] }],
    })
    expect(specIn(world, "DestinationRule", "reviews")).toMatchObject({ subsets: [{ name: "v3" }] })
    expect(read(world, reviews).form).toEqual(set(to("v3", 10)))
  })

  test("takes a second mirror beside the first", () => {
    const first = after(bookinfo, made).objects
    const { world } = after(first, plan(worldOf(first), reviews, set(to("v3", 10), to("v2", 2.5))))
    expect(specIn(world, "VirtualService", "reviews")).toMatchObject({
      http: [{ mirrors: [raw("v3", 10), raw("v2", 2.5)] }],
    })
  })

  test("loses the mirrors, and only them", () => {
    const first = after(bookinfo, made).objects
    const { world } = after(first, plan(worldOf(first), reviews, null))
    expect(specIn(world, "VirtualService", "reviews")).toEqual({
      hosts: ["reviews"],
      http: [{ route: [{ destination: { host: "reviews" } }] }],
    })
  })
})

describe("a mirror in the older spelling", () => {
  const withMirror = (more: Record<string, unknown>) => [
    ...bookinfo,
    virtualService("reviews", {
      hosts: ["reviews"],
      http: [
        {
          route: [{ destination: { host: "reviews", subset: "v1" } }],
          mirror: { host: "reviews", subset: "v2" },
          ...more,
        },
      ],
    }),
  ]

  test.each([
    [{}, 100],
    [{ mirrorPercentage: { value: 12.5 } }, 12.5],
    [{ mirrorPercent: 40 }, 40],
    [{ mirror_percent: 30 }, 30],
    [{ mirrorPercent: 40, mirrorPercentage: { value: 7 } }, 7],
  ])("%j is read as a share of %d %%", (more, percent) => {
    const world = worldOf(withMirror(more))
    expect(read(world, reviews).form).toEqual(set(to("v2", percent)))
    expect(read(world, reviews).unshown).toEqual([])
    expect(plan(world, reviews, set(to("v2", percent))).edits).toEqual([])
  })

  test("stays one mirror, whose share goes where Istio reads it", () => {
    const objects = withMirror({ mirrorPercent: 40 })
    const { world } = after(objects, plan(worldOf(objects), reviews, set(to("v2", 20))))
    expect(specIn(world, "VirtualService", "reviews")).toMatchObject({
      http: [{ mirror: { host: "reviews", subset: "v2" }, mirrorPercentage: { value: 20 } }],
    })
    expect(JSON.stringify(specIn(world, "VirtualService", "reviews"))).not.toContain('"mirrorPercent"')
  })

  test("becomes a list when there is a second", () => {
    const objects = withMirror({ mirrorPercentage: { value: 40 } })
    const { world } = after(objects, plan(worldOf(objects), reviews, set(to("v2", 40), to("v3", 5))))
    const [rule] = (specIn(world, "VirtualService", "reviews") as { http: unknown[] }).http
    expect(rule).toEqual({
      route: [{ destination: { host: "reviews", subset: "v1" } }],
      mirrors: [raw("v2", 40), raw("v3", 5)],
    })
  })
})

describe("an HTTPRoute", () => {
  const parentRefs = [{ group: "", kind: "Service", name: "reviews", port: 9080 }]
  const objects = [
    ...bookinfo,
    service("bookinfo/reviews-v3", 9080, {
      selector: { app: "reviews", version: "v3" },
      ports: [{ name: "http", port: 9080 }],
    }),
    httpRoute("reviews", {
      parentRefs,
      rules: [
        {
          backendRefs: [{ name: "reviews", port: 9080 }],
          filters: [
            { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "a", value: "b" }] } },
          ],
        },
      ],
    }),
  ]

  test("gets a filter for each mirror", () => {
    const { world } = after(objects, plan(worldOf(objects), reviews, set(to("v3", 10))))
    expect(specIn(world, "HTTPRoute", "reviews")).toMatchObject({
      rules: [
        {
          filters: [
            { type: "RequestHeaderModifier" },
            {
              type: "RequestMirror",
              requestMirror: { backendRef: { name: "reviews-v3", port: 9080 }, percent: 10 },
            },
          ],
        },
      ],
    })
    const backToNothing = after(
      after(objects, plan(worldOf(objects), reviews, set(to("v3", 10)))).objects,
      plan(world, reviews, null),
    )
    expect(specIn(backToNothing.world, "HTTPRoute", "reviews")).toEqual(
      specIn(worldOf(objects), "HTTPRoute", "reviews"),
    )
  })

  test("says a share that is no whole percent as a fraction", () => {
    const { world } = after(objects, plan(worldOf(objects), reviews, set(to("v3", 0.5))))
    expect(specIn(world, "HTTPRoute", "reviews")).toMatchObject({
      rules: [
        { filters: [{}, { requestMirror: { fraction: { numerator: 5000, denominator: 1_000_000 } } }] },
      ],
    })
    expect(read(world, reviews).form).toEqual({
      mirrors: [{ destination: { subset: "v3", port: 9080 }, percent: 0.5 }],
    })
  })
})

test("a version nobody has is refused, with those there are", () => {
  expect(issuesOf(() => plan(worldOf(bookinfo), reviews, set(to("v9", 10))))).toEqual({
    code: "input.invalid",
    issues: [
      {
        path: "mirrors[0].destination.subset",
        message: "no pod of bookinfo/reviews is of version v9; versions are: v1, v2, v3",
      },
    ],
  })
})
