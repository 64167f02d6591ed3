import { describe, expect, test } from "vitest"
import { config, pod, service } from "../../istio/fixture.ts"
import type { KubeObject } from "../../kube/object.ts"
import {
  after,
  bookinfo,
  destinationRule,
  httpRoute,
  issuesOf,
  reviews,
  specIn,
  subsetsOf,
  virtualService,
} from "../bookinfo.ts"
import type { ShiftForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import { plan, read } from "./shift.ts"

const to = (subset: string, weight?: number) => ({
  destination: { host: "reviews", subset },
  ...(weight === undefined ? {} : { weight }),
})

const set = (weights: Record<string, number>, over: Partial<ShiftForm> = {}): ShiftForm => ({
  ...over,
  weights,
})

describe("a service that nothing routes", () => {
  const made = plan(worldOf(bookinfo), reviews, set({ v1: 80, v3: 20 }))

  test("gets a VirtualService of its name and a DestinationRule with just the subsets that are sent to", () => {
    const managed = { "app.kubernetes.io/managed-by": "service-mesh-manager" }
    expect(made.edits).toEqual([
      {
        create: {
          apiVersion: "networking.istio.io/v1",
          kind: "DestinationRule",
          metadata: { name: "reviews", namespace: "bookinfo", labels: managed },
          spec: { host: "reviews", subsets: subsetsOf("v1", "v3") },
        },
      },
      {
        create: {
          apiVersion: "networking.istio.io/v1",
          kind: "VirtualService",
          metadata: { name: "reviews", namespace: "bookinfo", labels: managed },
          spec: { hosts: ["reviews"], http: [{ route: [to("v1", 80), to("v3", 20)] }] },
        },
      },
    ])
    expect(made.title).toBe("Shift reviews to v1 80 %, v3 20 %")
    expect(made.services).toEqual(["bookinfo/reviews"])
    expect(made.warnings).toEqual([])
  })

  test("reads back what was set, and what else there is to shift to", () => {
    const { world } = after(bookinfo, made)
    const reading = read(world, reviews)
    expect(reading.form).toEqual({ weights: { v1: 80, v3: 20 } })
    expect(reading.api).toBe("istio")
    expect(reading.versions).toEqual([
      { subset: "v1", labels: { version: "v1" }, pods: 1, exists: true },
      { subset: "v3", labels: { version: "v3" }, pods: 1, exists: true },
      { subset: "v2", labels: { version: "v2" }, pods: 1, exists: false },
    ])
    expect(plan(world, reviews, set({ v1: 80, v3: 20 })).edits).toEqual([])
  })

  test("has nothing to take away", () => {
    expect(plan(worldOf(bookinfo), reviews, null).edits).toEqual([])
    expect(read(worldOf(bookinfo), reviews).form).toBeNull()
  })
})

describe("a service with routes and subsets", () => {
  const objects = [
    ...bookinfo,
    destinationRule("reviews", {
      host: "reviews.bookinfo.svc.cluster.local",
      trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
      subsets: subsetsOf("v1", "v2"),
    }),
    virtualService("reviews", {
      hosts: ["reviews"],
      http: [
        { match: [{ headers: { "end-user": { exact: "jason" } } }], route: [to("v2")] },
        {
          name: "rest",
          timeout: "3s",
          route: [
            {
              destination: {
                host: "reviews.bookinfo.svc.cluster.local",
                subset: "v1",
                port: { number: 9080 },
              },
              headers: { response: { add: { "x-version": "v1" } } },
              weight: 100,
            },
          ],
        },
      ],
    }),
  ]

  test("edits weights, adds a destination as the others are written, and makes the missing subset", () => {
    expect(plan(worldOf(objects), reviews, set({ v1: 80, v3: 20 })).edits).toEqual([
      {
        object: { kind: "DestinationRule.networking.istio.io", namespace: "bookinfo", name: "reviews" },
        patch: [{ op: "add", path: "/spec/subsets/2", value: { name: "v3", labels: { version: "v3" } } }],
      },
      {
        object: { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" },
        patch: [
          { op: "replace", path: "/spec/http/1/route/0/weight", value: 80 },
          {
            op: "add",
            path: "/spec/http/1/route/1",
            value: { destination: { host: "reviews", subset: "v3", port: { number: 9080 } }, weight: 20 },
          },
        ],
      },
    ])
  })

  test("changes the rule that is named by its number", () => {
    const { world } = after(objects, plan(worldOf(objects), reviews, set({ v2: 50, v1: 50 }, { rule: 1 })))
    expect(specIn(world, "VirtualService", "reviews")).toMatchObject({
      http: [{ route: [to("v2", 50), to("v1", 50)] }, { name: "rest" }],
    })
  })

  test("changes the rule of a match, and makes one before the others where there is none", () => {
    const jason = { headers: { "end-user": { exact: "jason" } } }
    const anna = { headers: { "end-user": { exact: "anna" } } }
    const same = after(objects, plan(worldOf(objects), reviews, set({ v1: 100 }, { match: jason })))
    expect(specIn(same.world, "VirtualService", "reviews")).toMatchObject({
      http: [{ match: [jason], route: [to("v1")] }, { name: "rest" }],
    })
    const fresh = after(objects, plan(worldOf(objects), reviews, set({ v2: 100 }, { match: anna })))
    expect(specIn(fresh.world, "VirtualService", "reviews")).toMatchObject({
      http: [
        { match: [anna], timeout: "3s", route: [{ destination: { subset: "v2" } }] },
        {},
        { name: "rest" },
      ],
    })
  })

  test("goes back to the whole service, keeping what the destination says besides", () => {
    const { world } = after(objects, plan(worldOf(objects), reviews, null))
    expect(specIn(world, "VirtualService", "reviews")).toMatchObject({
      http: [
        {},
        {
          route: [
            {
              destination: { host: "reviews.bookinfo.svc.cluster.local", port: { number: 9080 } },
              headers: { response: { add: { "x-version": "v1" } } },
            },
          ],
        },
      ],
    })
    expect(read(world, reviews).form).toBeNull()
  })

  test("tells of headers at a destination, which the form cannot show", () => {
    expect(read(worldOf(objects), reviews).unshown.map(({ path }) => path)).toEqual([
      "spec.http[1].route[0].headers",
    ])
  })

  test("takes a version by the label of a subset with another name", () => {
    const renamed = [
      ...bookinfo,
      destinationRule("reviews", {
        host: "reviews",
        subsets: [{ name: "stable", labels: { version: "v1" } }],
      }),
    ]
    const { world } = after(renamed, plan(worldOf(renamed), reviews, set({ v1: 60, v2: 40 })))
    expect(specIn(world, "VirtualService", "reviews")).toMatchObject({
      http: [{ route: [to("stable", 60), to("v2", 40)] }],
    })
  })
})

describe("what is refused", () => {
  const world = worldOf(bookinfo)

  test.each<[string, ShiftForm, string, RegExp]>([
    ["weights that do not sum", set({ v1: 80, v3: 30 }), "weights", /sum to 110; they have to sum to 100/],
    ["a version nobody has", set({ v1: 80, v9: 20 }), "weights.v9", /version v9; versions are: v1, v2, v3/],
    ["a rule that is not there", set({ v1: 100 }, { rule: 4 }), "rule", /no rule 4; reviews has 0/],
  ])("%s", (_, form, path, message) => {
    expect(issuesOf(() => plan(world, reviews, form))).toEqual({
      code: "input.invalid",
      issues: [{ path, message: expect.stringMatching(message) as unknown }],
    })
  })

  test("a service that is not there", () => {
    const nobody = { namespace: "bookinfo", name: "nobody" }
    expect(issuesOf(() => plan(world, nobody, set({ v1: 100 })))).toMatchObject({
      code: "input.invalid",
      issues: [{ path: "service" }],
    })
  })

  test("a rule that redirects", () => {
    const objects = [
      ...bookinfo,
      virtualService("reviews", { hosts: ["reviews"], http: [{ redirect: { uri: "/elsewhere" } }] }),
    ]
    expect(issuesOf(() => plan(worldOf(objects), reviews, set({ v1: 100 })))).toMatchObject({
      issues: [{ path: "rule", message: expect.stringContaining("rule 1 has no destinations") as unknown }],
    })
  })
})

describe("what is warned of", () => {
  const codes = (objects: readonly KubeObject[], form: ShiftForm): string[] =>
    plan(worldOf(objects), reviews, form).warnings.map(({ code }) => code)

  test("a version without ready pods, unless it gets nothing", () => {
    const objects = [
      ...bookinfo.filter(({ metadata }) => metadata.name !== "reviews-v3-0"),
      pod("bookinfo/reviews-v3-0", { app: "reviews", version: "v3" }, { ready: false }),
    ]
    expect(codes(objects, set({ v1: 80, v3: 20 }))).toEqual(["destination.no_pods"])
    expect(codes(objects, set({ v1: 100, v3: 0 }))).toEqual([])
  })

  test("pods without sidecars", () => {
    const objects = [
      service("bookinfo/reviews", 9080),
      pod("bookinfo/reviews-v1-0", { app: "reviews", version: "v1" }, { sidecar: false }),
    ]
    expect(codes(objects, set({ v1: 100 }))).toEqual(["service.no_sidecar"])
  })

  test("another host that loses its share", () => {
    const objects = [
      ...bookinfo,
      virtualService("reviews", {
        hosts: ["reviews"],
        http: [{ route: [to("v1", 50), { destination: { host: "details" }, weight: 50 }] }],
      }),
    ]
    expect(codes(objects, set({ v1: 100 }))).toEqual(["shift.dropped"])
  })
})

describe("where the routes are", () => {
  test("a delegate's rule is the one that is changed", () => {
    const objects = [
      ...bookinfo,
      virtualService("reviews", {
        hosts: ["reviews"],
        http: [{ delegate: { name: "reviews-team" } }],
      }),
      virtualService("reviews-team", { http: [{ route: [to("v1")] }] }),
    ]
    expect(read(worldOf(objects), reviews).form).toEqual({ weights: { v1: 100 } })
    const { world } = after(objects, plan(worldOf(objects), reviews, set({ v1: 80, v2: 20 })))
    expect(specIn(world, "VirtualService", "reviews-team")).toMatchObject({
      http: [{ route: [to("v1", 80), to("v2", 20)] }],
    })
  })

  test("of two VirtualServices the older one counts, and is changed", () => {
    const spec = (subset: string) => ({ hosts: ["reviews"], http: [{ route: [to(subset)] }] })
    const objects = [
      ...bookinfo,
      virtualService("a-new", spec("v2"), "2026-02-01T00:00:00Z"),
      virtualService("z-old", spec("v1"), "2026-01-01T00:00:00Z"),
    ]
    const reading = read(worldOf(objects), reviews)
    expect(reading.objects.map(({ name }) => name)).toEqual(["z-old", "a-new"])
    expect(reading.form).toEqual({ weights: { v1: 100 } })
    expect(reading.warnings.map(({ code }) => code)).toEqual(["route.several"])
    const { world } = after(objects, plan(worldOf(objects), reviews, set({ v3: 100 })))
    expect(specIn(world, "VirtualService", "z-old")).toMatchObject({ http: [{ route: [to("v3")] }] })
    expect(specIn(world, "VirtualService", "a-new")).toEqual(spec("v2"))
  })

  test("a service that speaks no HTTP is shifted by a tcp route", () => {
    const tcp = { ports: [{ name: "tcp-mongo", port: 27017 }], selector: { app: "mongo" } }
    const objects = [
      service("bookinfo/mongo", 27017, tcp),
      ...["v1", "v2"].map((version) => pod(`bookinfo/mongo-${version}`, { app: "mongo", version })),
    ]
    const mongo = { namespace: "bookinfo", name: "mongo" }
    const { world } = after(objects, plan(worldOf(objects), mongo, set({ v1: 90, v2: 10 })))
    expect(specIn(world, "VirtualService", "mongo")).toEqual({
      hosts: ["mongo"],
      tcp: [
        {
          route: [
            { destination: { host: "mongo", subset: "v1" }, weight: 90 },
            { destination: { host: "mongo", subset: "v2" }, weight: 10 },
          ],
        },
      ],
    })
    expect(read(world, mongo).form).toEqual({ weights: { v1: 90, v2: 10 } })
    expect(plan(world, mongo, null).edits).not.toEqual([])
  })

  test("a host of a ServiceEntry is routed by its own name", () => {
    const entry = config("ServiceEntry", "bookinfo/api", {
      hosts: ["api.example.com"],
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
      workloadSelector: { labels: { app: "api" } },
    })
    const pods = ["v1", "v2"].map((version) => pod(`bookinfo/api-${version}`, { app: "api", version }))
    const api = { namespace: "bookinfo", name: "api.example.com" }
    const { objects } = after([entry, ...pods], plan(worldOf([entry, ...pods]), api, set({ v1: 75, v2: 25 })))
    expect(objects.slice(3)).toMatchObject([
      { kind: "DestinationRule", spec: { host: "api.example.com", subsets: subsetsOf("v1", "v2") } },
      {
        kind: "VirtualService",
        spec: { hosts: ["api.example.com"], http: [{ route: [{ weight: 75 }, { weight: 25 }] }] },
      },
    ])
    expect(read(worldOf(objects), api).form).toEqual({ weights: { v1: 75, v2: 25 } })
  })

  test("a rule for a wider host keeps what it says when one for the service takes its place", () => {
    const objects = [
      ...bookinfo,
      destinationRule("all", {
        host: "*.bookinfo.svc.cluster.local",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
    ]
    const { world } = after(objects, plan(worldOf(objects), reviews, set({ v1: 100 })))
    expect(specIn(world, "DestinationRule", "reviews")).toEqual({
      host: "reviews",
      trafficPolicy: { tls: { mode: "DISABLE" } },
      subsets: subsetsOf("v1"),
    })
  })
})

describe("an HTTPRoute of the service", () => {
  const parentRefs = [{ group: "", kind: "Service", name: "reviews", port: 9080 }]
  const versions = ["v1", "v2"].map((version) =>
    service(`bookinfo/reviews-${version}`, 9080, {
      selector: { app: "reviews", version },
      ports: [{ name: "http", port: 9080 }],
    }),
  )
  const backend = (name: string, weight: number) => ({
    group: "",
    kind: "Service",
    name,
    port: 9080,
    weight,
  })
  const objects = [
    ...bookinfo,
    ...versions,
    httpRoute("reviews", {
      parentRefs,
      rules: [
        { matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [backend("reviews-v1", 1)] },
      ],
    }),
  ]

  test("is what is read and changed", () => {
    expect(read(worldOf(objects), reviews)).toMatchObject({ api: "gateway", form: { weights: { v1: 100 } } })
    const made = plan(worldOf(objects), reviews, set({ v1: 80, v2: 20 }))
    const { world } = after(objects, made)
    expect(made.edits).toHaveLength(1)
    expect(specIn(world, "HTTPRoute", "reviews")).toMatchObject({
      rules: [{ backendRefs: [backend("reviews-v1", 80), { name: "reviews-v2", port: 9080, weight: 20 }] }],
    })
    expect(read(world, reviews).form).toEqual({ weights: { v1: 80, v2: 20 } })
  })

  test("has no version that no Service stands for", () => {
    expect(issuesOf(() => plan(worldOf(objects), reviews, set({ v1: 80, v3: 20 })))).toMatchObject({
      code: "input.invalid",
      issues: [
        {
          path: "weights",
          message: expect.stringMatching(
            /no Service of bookinfo stands for version v3.*reviews-v3/,
          ) as unknown,
        },
      ],
    })
  })
})
