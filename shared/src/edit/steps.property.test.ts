import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { connectionTo } from "../istio/connection.ts"
import { targetOf } from "../istio/endpoints.ts"
import { config, pod, service } from "../istio/fixture.ts"
import type { Mesh } from "../istio/mesh.ts"
import { indexMesh } from "../istio/model.ts"
import { type KubeObject, idOf, refOf } from "../kube/object.ts"
import { list, record, text } from "../topology/fact/read.ts"
import { patchBetween } from "./diff.ts"
import type { Edit } from "./edit.ts"
import { effectOf } from "./patch.ts"
import { type PlannedStep, stepsOf } from "./steps.ts"

type State = ReadonlyMap<string, KubeObject>
const stateOf = (objects: readonly KubeObject[]): State =>
  new Map(objects.map((object) => [idOf(refOf(object)), object]))

const versions = ["v1", "v2", "v3"]
const hosts = ["cart.shop.svc.cluster.local", "pay.shop.svc.cluster.local", "outside.example.com"]
const fixed = [
  service("shop/cart"),
  service("shop/pay"),
  ...versions.map((version) => pod(`shop/cart-${version}`, { app: "cart", version })),
  pod("shop/pay-v1", { app: "pay", version: "v1" }),
]

/** Rules of one host with different `exportTo` are not joined by Istio but hide each other: `to` is for the only rule of a host. */
const rule = (name: string, host: string, to: readonly string[] = []) =>
  fc
    .tuple(fc.subarray(versions), fc.constantFrom("RANDOM", "ROUND_ROBIN"), fc.subarray([...to]))
    .map(([subsets, simple, exportTo]) =>
      config("DestinationRule", `shop/${name}`, {
        host,
        exportTo: exportTo.includes(".") ? exportTo : [],
        subsets: subsets.map((version) => ({ name: version, labels: { version } })),
        trafficPolicy: { loadBalancer: { simple } },
      }),
    )
const destination = fc.record({
  host: fc.constantFrom(...hosts),
  subset: fc.constantFrom("", ...versions),
})
const route = (name: string, host: string) =>
  fc.array(destination, { minLength: 1, maxLength: 3 }).map((destinations) =>
    config("VirtualService", `shop/${name}`, {
      hosts: [host],
      http: destinations.map(({ host: to, subset }) => ({
        route: [{ destination: { host: to, port: { number: 80 }, ...(subset === "" ? {} : { subset }) } }],
      })),
    }),
  )
const entry = fc.subarray(["outside.example.com", "elsewhere.example.com"], { minLength: 1 }).map((names) =>
  config("ServiceEntry", "shop/outside", {
    hosts: names,
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    resolution: "DNS",
  }),
)

/** A world of routes: each object may be there or not. */
const world = fc
  .tuple(
    ...[
      rule("cart", "cart"),
      rule("cart-more", "cart"),
      rule("pay", "pay", [".", "other"]),
      route("cart", "cart"),
      route("pay", "pay"),
      route("extra", "extra.example.com"),
      entry,
    ].map((object) => fc.option(object, { freq: 3 })),
  )
  .map((objects) => objects.filter((object) => object !== null))

const editsOf = (before: State, after: State): Edit[] => [
  ...[...before].flatMap(([id, object]): Edit[] => {
    const next = after.get(id)
    return next === undefined
      ? [{ remove: refOf(object) }]
      : [{ object: refOf(object), patch: patchBetween(object, next) }]
  }),
  ...[...after].filter(([id]) => !before.has(id)).map(([, create]) => ({ create })),
]

/** Every state there is after a write; the first is before all. */
function statesOf(before: State, steps: readonly PlannedStep[]): State[] {
  const states = [before]
  for (const { object, before: seen, after } of steps) {
    const state = new Map(states.at(-1))
    expect(seen).toEqual(state.get(idOf(object)) ?? null)
    if (after === null) state.delete(idOf(object))
    else state.set(idOf(object), after)
    states.push(state)
  }
  return states
}

const client = { kind: "sidecar", namespace: "shop", labels: {} } as const
const meshOf = (state: State): Mesh => indexMesh([...fixed, ...state.values()])

/** Destinations of routes that no proxy knows. */
function broken(state: State): Set<string> {
  const mesh = meshOf(state)
  const found = new Set<string>()
  for (const object of state.values())
    for (const http of list(record(object["spec"])["http"])) {
      const to = record(record(list(record(http)["route"])[0])["destination"])
      const target = { host: text(to["host"]), subset: text(to["subset"]), port: 80 }
      if (targetOf(mesh, client, target, { route: refOf(object) }).state === "no_cluster")
        found.add(`${idOf(refOf(object))} -> ${target.host} ${target.subset}`)
    }
  return found
}

const bySeed = (edits: readonly Edit[], seed: number): Edit[] =>
  edits.toSorted(
    (a, b) => ((JSON.stringify(a).length * seed) % 97) - ((JSON.stringify(b).length * seed) % 97),
  )

describe("for any change of routes and what they name", () => {
  test("all writes together make what the edits say", () => {
    fc.assert(
      fc.property(world, world, fc.nat(96), (before, after, seed) => {
        const [from, to] = [stateOf(before), stateOf(after)]
        const edits = bySeed(editsOf(from, to), seed)
        const objectOf = (ref: Parameters<typeof idOf>[0]) => from.get(idOf(ref))
        const last = statesOf(from, stepsOf(edits, objectOf)).at(-1)
        expect(last).toEqual(to)
        const effect = effectOf(edits, objectOf)
        expect(effect?.put.map((object) => last?.get(idOf(refOf(object))))).toEqual(effect?.put)
      }),
    )
  })

  test("no route names, between two writes, what is missing neither before nor after", () => {
    let moved = 0
    fc.assert(
      fc.property(world, world, fc.nat(96), (before, after, seed) => {
        const [from, to] = [stateOf(before), stateOf(after)]
        const steps = stepsOf(bySeed(editsOf(from, to), seed), (ref) => from.get(idOf(ref)))
        const allowed = broken(from).union(broken(to))
        for (const state of statesOf(from, steps)) {
          moved++
          expect([...broken(state)].filter((route) => !allowed.has(route))).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
    expect(moved).toBeGreaterThan(300)
  })
})

const mode = fc.option(fc.constantFrom("STRICT", "PERMISSIVE", "DISABLE", "UNSET"))
const clientMode = fc.option(fc.constantFrom("DISABLE", "ISTIO_MUTUAL", ""))
const security = fc.record({ mode, port: mode, tls: clientMode }).map(({ mode: all, port, tls }) => [
  ...(all === null && port === null
    ? []
    : [
        config("PeerAuthentication", "shop/cart", {
          selector: { matchLabels: { app: "cart" } },
          ...(all === null ? {} : { mtls: { mode: all } }),
          ...(port === null ? {} : { portLevelMtls: { "8080": { mode: port } } }),
        }),
      ]),
  ...(tls === null
    ? []
    : [
        config("DestinationRule", "shop/cart", {
          host: "cart",
          trafficPolicy: tls === "" ? { loadBalancer: { simple: "RANDOM" } } : { tls: { mode: tls } },
        }),
      ]),
])

/** Whether a client with a proxy is taken. */
function isTaken(state: State): boolean {
  const mesh = meshOf(state)
  const {
    service: called,
    instances,
    policy,
  } = targetOf(mesh, client, {
    host: hosts[0] ?? "",
    subset: "",
    port: 80,
  })
  const [server] = instances
  if (called === undefined || server === undefined) throw new Error("the fixture has no cart")
  return connectionTo(mesh, { fromProxy: true, policy, service: called, server, port: 8080 }).accepted
}

describe("for any change of mutual TLS on both sides", () => {
  test("a client that is taken before and after is taken all the time", () => {
    fc.assert(
      fc.property(security, security, fc.nat(96), (before, after, seed) => {
        const [from, to] = [stateOf(before), stateOf(after)]
        fc.pre(isTaken(from) && isTaken(to))
        const steps = stepsOf(bySeed(editsOf(from, to), seed), (ref) => from.get(idOf(ref)))
        expect(statesOf(from, steps).map(isTaken)).not.toContain(false)
      }),
      { numRuns: 500 },
    )
  })
})
