import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { config, pod, service } from "../istio/fixture.ts"
import { type HttpRequest, type Client } from "../istio/client.ts"
import { targetOf } from "../istio/endpoints.ts"
import { routeRequest } from "../istio/route.ts"
import { type KubeObject, idOf, refOf } from "../kube/object.ts"
import { worldAfter } from "./overlay.ts"
import { worldOf } from "./testing.ts"

const made = "2026-02-01T00:00:00Z"
/** Each in two forms; a world has the one, the other or none of each. */
const forms: [KubeObject, KubeObject][] = [
  [service("shop/cart"), service("shop/cart", 81)],
  [service("shop/pay"), service("shop/pay", 80, { selector: { app: "cart" } })],
  [pod("shop/cart-1", { app: "cart", version: "v1" }), pod("shop/cart-1", { app: "cart", version: "v2" })],
  [pod("shop/cart-2", { app: "cart", version: "v2" }), pod("shop/cart-2", { app: "pay" })],
  [
    config("VirtualService", "shop/cart", {
      hosts: ["cart"],
      http: [{ route: [{ destination: { host: "pay" } }] }],
    }),
    config("VirtualService", "shop/cart", {
      hosts: ["cart", "pay"],
      http: [{ route: [{ destination: { host: "cart", subset: "v1" } }] }],
    }),
  ],
  [
    config(
      "VirtualService",
      "shop/late",
      { hosts: ["cart"], http: [{ route: [{ destination: { host: "cart", subset: "v2" } }] }] },
      made,
    ),
    config(
      "VirtualService",
      "shop/late",
      { hosts: ["*.shop.svc.cluster.local"], http: [{ fault: { abort: { httpStatus: 503 } } }] },
      made,
    ),
  ],
  [
    config("DestinationRule", "shop/cart", {
      host: "cart",
      subsets: [{ name: "v1", labels: { version: "v1" } }],
    }),
    config("DestinationRule", "shop/cart", {
      host: "cart",
      subsets: [{ name: "v2", labels: { version: "v2" } }],
    }),
  ],
  [
    config("DestinationRule", "istio-system/all", {
      host: "*.local",
      trafficPolicy: { tls: { mode: "SIMPLE" } },
    }),
    config("DestinationRule", "istio-system/all", { host: "cart.shop.svc.cluster.local" }),
  ],
  [
    config("Sidecar", "shop/default", { egress: [{ hosts: ["./cart.shop.svc.cluster.local"] }] }),
    config("Sidecar", "shop/default", { egress: [{ hosts: ["*/*"] }] }),
  ],
]

const states = fc.tuple(...forms.map(() => fc.constantFrom(undefined, 0 as const, 1 as const)))
const objectsOf = (state: (0 | 1 | undefined)[]): KubeObject[] =>
  state.flatMap((form, i) => (form === undefined ? [] : [forms[i]?.[form] ?? []].flat()))

const client: Client = { kind: "sidecar", namespace: "shop", labels: {} }
const questions: HttpRequest[] = ["cart", "pay", "other.shop.svc.cluster.local"].flatMap((host) =>
  [80, 81].map((port) => ({ host, port, method: "GET", path: "/", headers: {} })),
)

describe("a world with an effect laid over it", () => {
  test("answers as one that is made anew", () => {
    fc.assert(
      fc.property(states, states, (before, after) => {
        const [from, to] = [objectsOf(before), objectsOf(after)]
        const kept = new Set(to.map((object) => idOf(refOf(object))))
        const effect = {
          put: to.filter((object) => !from.includes(object)),
          remove: from.map(refOf).filter((ref) => !kept.has(idOf(ref))),
        }
        const [laid, fresh] = [worldAfter(worldOf(from), effect), worldOf(to)]
        for (const question of questions) {
          const decision = routeRequest(fresh.mesh, client, question)
          expect(routeRequest(laid.mesh, client, question)).toEqual(decision)
          for (const destination of decision.destinations)
            expect(targetOf(laid.mesh, client, destination, { route: decision.boundBy })).toEqual(
              targetOf(fresh.mesh, client, destination, { route: decision.boundBy }),
            )
        }
        for (const kind of ["Service", "DestinationRule.networking.istio.io"])
          expect(laid.list(kind)).toEqual(fresh.list(kind))
        for (const [object] of forms) expect(laid.object(refOf(object))).toEqual(fresh.object(refOf(object)))
      }),
      { numRuns: 300 },
    )
  })
})
