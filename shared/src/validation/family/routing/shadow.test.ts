import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { indexMesh } from "../../../istio/model.ts"
import { routeRequest } from "../../../istio/route.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { Engine } from "../../engine/engine.ts"
import { here, objectsOf } from "../../testing.ts"
import { gateway, ingress, reviews, together } from "./examples/parts.ts"
import { routing } from "./family.ts"

const surroundings = objectsOf(together(reviews, ingress, gateway({ hosts: "*.example.com" })))

const match = fc
  .record(
    {
      uri: fc.oneof(
        fc.record({ prefix: fc.constantFrom("/", "/a", "/a/", "/a/b") }),
        fc.record({ exact: fc.constantFrom("/", "/a", "/a/b") }),
        fc.record({ regex: fc.constantFrom(".*", "/a/.*") }),
      ),
      method: fc.constantFrom({ exact: "GET" }, { prefix: "P" }),
      headers: fc.constantFrom({ "x-a": { exact: "1" } }, { "x-a": {} }, { "X-A": { prefix: "1" } }),
      withoutHeaders: fc.constantFrom({ "x-a": { exact: "1" } }, { "x-a": {} }),
      ignoreUriCase: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((one) => ({ ...one }))

const virtualService = fc
  .record({
    hosts: fc.uniqueArray(fc.constantFrom("a.example.com", "b.example.com", "*.example.com"), {
      minLength: 1,
      maxLength: 2,
    }),
    http: fc.array(
      fc.record({
        match: fc.array(match, { maxLength: 2 }),
        route: fc.constant([{ destination: { host: "reviews" } }]),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    month: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ month, ...spec }) => ({ month, spec: { ...spec, gateways: ["edge/public"] } }))

const request = fc.record({
  host: fc.constantFrom("a.example.com", "b.example.com", "c.example.com"),
  method: fc.constantFrom("GET", "PUT", "POST"),
  path: fc.constantFrom("/", "/a", "/A", "/a/", "/a/b", "/a/b/c", "/b"),
  headers: fc.constantFrom({}, { "x-a": "1" }, { "x-a": "2" }, { "x-a": "12" }),
})

const client = { kind: "gateway", namespace: "edge", labels: { istio: "ingressgateway" } } as const

describe("a route said to be taken by another VirtualService's", () => {
  test("for all of its hosts is never chosen, whatever the request", () => {
    let said = 0
    fc.assert(
      fc.property(
        fc.array(virtualService, { minLength: 2, maxLength: 4 }),
        fc.array(request, { minLength: 20, maxLength: 40 }),
        (services, requests) => {
          const objects = services.map(({ month, spec }, index): KubeObject => ({
            apiVersion: "networking.istio.io/v1",
            kind: "VirtualService",
            metadata: {
              name: `vs-${index}`,
              namespace: "shop",
              creationTimestamp: `2026-0${month}-01T00:00:00Z`,
            },
            spec,
          }))
          const engine = new Engine({ families: [routing] })
          for (const object of [...surroundings, ...objects]) engine.put(here, object)
          const dead = engine
            .findings()
            .filter(({ code }) => code === "virtualservice.rule_shadowed_elsewhere")
            .map(({ object, path, message }) => ({ at: `${object.name} ${path}`, message }))
          said += dead.length
          const mesh = indexMesh([...surroundings, ...objects])
          for (const asked of requests) {
            const { decidedBy, reasons } = routeRequest(mesh, client, { ...asked, port: 80 })
            const path = reasons.find(({ code }) => code === "route.matched")?.path ?? ""
            const chosen = dead.find(({ at }) => at === `${decidedBy?.name ?? ""} ${path}`)
            // A message names the hosts for which the route is lost.
            const named = asked.host === "c.example.com" ? "*.example.com" : asked.host
            if (chosen?.message.includes(named) === true)
              throw new Error(`${JSON.stringify(asked)} takes ${chosen.at}, though: ${chosen.message}`)
          }
        },
      ),
      { numRuns: 500 },
    )
    expect(said).toBeGreaterThan(50)
  })
})
