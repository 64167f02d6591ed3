import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { Engine } from "../../engine/engine.ts"
import { here } from "../../testing.ts"
import { routing } from "./family.ts"

const networking = "networking.istio.io/v1"
const created = fc.constantFrom("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
const namespace = fc.constantFrom("a", "b")
const name = fc.constantFrom("x", "y", "z")
const exportTo = fc.constantFrom(undefined, ["."], ["a"], ["*"])
const host = fc.constantFrom("x", "y.a.svc.cluster.local", "x.b", "shop.example.com", "*.example.com")

const compact = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))

const object = (
  apiVersion: string,
  kind: string,
  spec: fc.Arbitrary<Record<string, unknown>>,
  labels: fc.Arbitrary<Record<string, string>> = fc.constant({}),
): fc.Arbitrary<KubeObject> =>
  fc
    .record({ namespace, name, created, spec, labels })
    .map(({ spec: body, created: creationTimestamp, labels: own, ...metadata }) => ({
      apiVersion,
      kind,
      metadata: { ...metadata, creationTimestamp, labels: own },
      spec: compact(body),
    }))

const destination = fc
  .record({
    host,
    subset: fc.constantFrom(undefined, "v1", "v2"),
    port: fc.constantFrom(undefined, { number: 80 }, { number: 81 }),
  })
  .map(compact)

const route = fc
  .record({
    match: fc.constantFrom(
      undefined,
      [{ uri: { prefix: "/a" } }],
      [{ uri: { exact: "/a/b" } }],
      [{ gateways: ["a/x"] }],
      [{ headers: { "@request.auth.claims.group": { exact: "x" } } }],
    ),
    route: fc.option(
      fc.array(
        destination.map((to) => ({ destination: to })),
        { maxLength: 2 },
      ),
      { nil: undefined },
    ),
    delegate: fc.constantFrom(undefined, undefined, undefined, { name: "x", namespace: "a" }),
  })
  .map(compact)

const server = fc.record({
  port: fc.record({
    number: fc.constantFrom(80, 443),
    name: fc.constantFrom("http", "tcp"),
    protocol: fc.constantFrom("HTTP", "HTTPS", "TCP", "TLS"),
  }),
  hosts: fc.array(fc.constantFrom("*", "shop.example.com", "a/*.example.com"), {
    minLength: 1,
    maxLength: 2,
  }),
  tls: fc.constantFrom(undefined, { mode: "SIMPLE", credentialName: "x" }, { mode: "PASSTHROUGH" }),
})

const anyObject = fc.oneof(
  object(
    networking,
    "VirtualService",
    fc.record({
      hosts: fc.uniqueArray(host, { maxLength: 2 }),
      gateways: fc.constantFrom(undefined, ["mesh"], ["a/x"], ["x", "mesh"], ["a/y", "a/x"]),
      exportTo,
      http: fc.array(route, { maxLength: 2 }),
    }),
  ),
  object(
    networking,
    "DestinationRule",
    fc.record({ host, exportTo, subsets: fc.constantFrom(undefined, [{ name: "v1" }], [{ name: "v2" }]) }),
  ),
  object(
    networking,
    "Gateway",
    fc.record({
      selector: fc.constantFrom({}, { app: "x" }, { app: "x", tier: "edge" }),
      servers: fc.array(server, { maxLength: 2 }),
    }),
  ),
  object(networking, "ServiceEntry", fc.record({ hosts: fc.array(host, { maxLength: 1 }), exportTo })),
  object(networking, "Sidecar", fc.constantFrom({ egress: [{ hosts: ["./*"] }] }, {})),
  object(
    "v1",
    "Service",
    fc.record({
      selector: fc.constantFrom(undefined, { app: "x" }),
      ports: fc.constantFrom([{ port: 80, targetPort: 8080 }], [{ port: 80 }, { port: 443, name: "tls" }]),
    }),
  ),
  object(
    "v1",
    "Pod",
    fc.constant({}),
    fc.constantFrom({ app: "x" }, { app: "x", tier: "edge" }, { app: "y" }),
  ),
  object("v1", "Secret", fc.constant({})),
  object("security.istio.io/v1", "RequestAuthentication", fc.constant({})),
)

const step = fc.record({ object: anyObject, gone: fc.boolean(), settle: fc.boolean() })
const idOf = (one: KubeObject): string => JSON.stringify(refOf(one))

describe("whatever the changes to a mesh", () => {
  test("the findings of routing are those of a fresh engine over the same objects, in any order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const engine = new Engine({ families: [routing], now: 0 })
        engine.cluster(here)
        const state = new Map<string, KubeObject>()
        for (const { object: one, gone, settle } of steps) {
          if (gone) {
            engine.remove(here, refOf(one))
            state.delete(idOf(one))
          } else {
            engine.put(here, one)
            state.set(idOf(one), one)
          }
          if (settle) engine.settle()
        }
        const fresh = new Engine({ families: [routing], now: 0, strict: true })
        fresh.cluster(here)
        for (const one of [...state.values()].reverse()) fresh.put(here, one)
        expect(engine.findings()).toEqual(fresh.findings())
      }),
      { numRuns: 300 },
    )
  })
})
