import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../kube/object.ts"
import {
  after,
  bookinfo,
  destinationRule,
  httpRoute,
  issuesOf,
  specIn,
  subsetsOf,
  virtualService,
} from "../bookinfo.ts"
import { worldOf } from "../testing.ts"
import { plan as planFix } from "./fix.ts"
import { plan } from "./objects.ts"

const spec = { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews" } }] }] }
const timed = { hosts: ["reviews"], http: [{ timeout: "3s", route: [{ destination: { host: "reviews" } }] }] }

const written = (over: Partial<KubeObject["metadata"]> = {}, of: unknown = timed): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", ...over },
  spec: of,
})

const known: KubeObject = {
  ...virtualService("reviews", spec),
  metadata: {
    name: "reviews",
    namespace: "bookinfo",
    uid: "1",
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { app: "reviews" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", note: "keep" },
  },
  status: { observedGeneration: 1 },
}
const ref = { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" }
const objects = [...bookinfo, known]
const put = (...all: KubeObject[]) => ({ put: all, remove: [] })

describe("an object that is there", () => {
  test("becomes what is written, by its smallest edit; labels and annotations that are not named stay", () => {
    const made = plan(
      worldOf(objects),
      put(written({ labels: { team: "a" }, resourceVersion: "3", uid: "other" })),
    )
    expect(made).toEqual({
      edits: [
        {
          object: ref,
          patch: [
            { op: "add", path: "/spec/http/0/timeout", value: "3s" },
            { op: "add", path: "/metadata/labels/team", value: "a" },
          ],
        },
      ],
      title: "Apply VirtualService bookinfo/reviews",
      services: ["bookinfo/reviews"],
      warnings: [],
    })
  })

  test("loses what is not written of the rest", () => {
    const { world } = after(
      [...bookinfo, { ...known, spec: timed }],
      plan(worldOf([...bookinfo, { ...known, spec: timed }]), put(written({}, spec))),
    )
    expect(specIn(world, "VirtualService", "reviews")).toEqual(spec)
  })

  test("is not touched when it is that already, in whatever version and with whatever status", () => {
    const same = {
      ...written({}, spec),
      apiVersion: "networking.istio.io/v1beta1",
      status: { observedGeneration: 9 },
    }
    expect(plan(worldOf(objects), put(same)).edits).toEqual([])
  })

  test("is not touched for what the schema of the Gateway API writes by itself", () => {
    const short = {
      parentRefs: [{ group: "", kind: "Service", name: "reviews", port: 9080 }, { name: "public" }],
      rules: [
        {
          backendRefs: [{ name: "reviews", port: 9080 }],
          filters: [
            { type: "RequestMirror", requestMirror: { backendRef: { name: "ratings", port: 9080 } } },
          ],
        },
      ],
    }
    const completed = {
      parentRefs: [
        { group: "", kind: "Service", name: "reviews", port: 9080 },
        { group: "gateway.networking.k8s.io", kind: "Gateway", name: "public" },
      ],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ group: "", kind: "Service", name: "reviews", port: 9080, weight: 1 }],
          filters: [
            {
              type: "RequestMirror",
              requestMirror: { backendRef: { group: "", kind: "Service", name: "ratings", port: 9080 } },
            },
          ],
        },
      ],
    }
    const world = worldOf([...bookinfo, httpRoute("reviews", completed)])
    expect(plan(world, put(httpRoute("reviews", short))).edits).toEqual([])
    const two = { ...short, rules: [...short.rules, { backendRefs: [{ name: "ratings", port: 9080 }] }] }
    expect(plan(world, put(httpRoute("reviews", two))).edits).toMatchObject([
      { patch: [{ op: "add", path: "/spec/rules/1" }] },
    ])
  })

  test("goes, and what is not there is told of", () => {
    const remove = [ref, { ...ref, name: "nobody" }]
    expect(plan(worldOf(objects), { put: [], remove })).toMatchObject({
      edits: [{ remove: ref }],
      title: "Delete 2 objects",
      services: ["bookinfo/reviews"],
      warnings: [{ code: "object.absent", message: "VirtualService bookinfo/nobody is not there" }],
    })
  })
})

test("a new object is made as it is written, without a mark of ours and without what the server keeps", () => {
  const made = plan(worldOf(bookinfo), put({ ...written({ resourceVersion: "3", uid: "u" }), status: {} }))
  expect(made.edits).toEqual([{ create: written() }])
  expect(made.title).toBe("Create VirtualService bookinfo/reviews")
})

describe("what is refused", () => {
  const without = { ...written(), metadata: { name: "reviews" } }
  test.each<[string, Parameters<typeof plan>[1], string, RegExp]>([
    ["nothing at all", { put: [], remove: [] }, "put", /no object to put and none to remove/],
    [
      "an object without its namespace",
      put(without),
      "put[0].metadata.namespace",
      /is missing; a VirtualService lives in a namespace/,
    ],
    [
      "a kind that the cluster does not serve",
      put({ ...written(), kind: "VirtualServise" }),
      "put[0].kind",
      /serves no VirtualServise.networking.istio.io/,
    ],
    [
      "a name that is none",
      put(written({ name: "re views" })),
      "put[0].metadata.name",
      /re views is no name/,
    ],
    [
      "an object that is named twice",
      { put: [written()], remove: [ref] },
      "remove[0]",
      /is in put\[0\] already/,
    ],
  ])("%s", (_, set, path, message) => {
    expect(issuesOf(() => plan(worldOf(objects), set))).toMatchObject({
      code: "input.invalid",
      issues: [{ path, message: expect.stringMatching(message) as unknown }],
    })
  })
})

describe("the fix of a finding", () => {
  const fix = (...edits: Parameters<typeof planFix>[1]["edits"]) => ({
    code: "virtualservice.subset_unknown",
    edits,
  })
  const weight = { op: "remove" as const, path: "/spec/http/0/route/0/weight" }

  test("is made on what is there now, several edits of one object as one", () => {
    const heavy = { ...spec, http: [{ route: [{ destination: { host: "reviews" }, weight: 50 }] }] }
    const all = [...bookinfo, virtualService("reviews", heavy)]
    expect(
      planFix(
        worldOf(all),
        fix(
          { object: ref, patch: [weight] },
          { object: ref, patch: [{ op: "add", path: "/spec/exportTo", value: ["."] }] },
        ),
      ),
    ).toMatchObject({
      edits: [{ object: ref, patch: [weight, { op: "add", path: "/spec/exportTo", value: ["."] }] }],
      title: "Fix virtualservice.subset_unknown",
      services: ["bookinfo/reviews"],
    })
  })

  test.each<[string, Parameters<typeof planFix>[1]["edits"][number], RegExp]>([
    [
      "a field that is gone",
      { object: ref, patch: [weight] },
      /does not fit VirtualService bookinfo\/reviews/,
    ],
    [
      "an object that is gone",
      { object: { ...ref, name: "gone" }, patch: [weight] },
      /bookinfo\/gone is not there/,
    ],
    ["an object that is there by now", { create: known }, /is there by now/],
  ])("is refused for %s", (_, edit, message) => {
    expect(issuesOf(() => planFix(worldOf(objects), fix(edit)))).toMatchObject({
      issues: [{ message: expect.stringMatching(message) as unknown }],
    })
  })

  test("may make and remove objects", () => {
    const made = planFix(
      worldOf(objects),
      fix(
        { create: destinationRule("reviews", { host: "reviews", subsets: subsetsOf("v1") }) },
        { remove: ref },
      ),
    )
    expect(made.edits).toMatchObject([{ create: { kind: "DestinationRule" } }, { remove: ref }])
  })
})
