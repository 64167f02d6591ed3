import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import type { Client } from "./client.ts"
import { Explainer, type ExplainQuestion } from "./explain.ts"
import { config, pod, service } from "./fixture.ts"
import { hostMatches } from "./host.ts"
import { defaultSettings } from "./mesh.ts"
import { indexMesh } from "./model.ts"
import { routeRequest } from "./route.ts"
import { exportRank, exportedTo, isExportedTo, visibleService } from "./visibility.ts"

const namespace = fc.constantFrom("shop", "team", "client")
const exportTo = fc.array(fc.constantFrom("*", ".", "~", "shop", "team", "client"), { maxLength: 3 })
const egressHost = fc
  .tuple(
    fc.constantFrom("*", ".", "shop", "team", "~shop", "~*"),
    fc.constantFrom(
      "*",
      "*.svc.cluster.local",
      "*.shop.svc.cluster.local",
      "a.shop.svc.cluster.local",
      "b.team.svc.cluster.local",
    ),
  )
  .map(([where, host]) => `${where}/${host}`)
const client: Client = { kind: "sidecar", namespace: "client", labels: { app: "web" } }
const services = ["shop/a", "team/b", "client/c"]
const hostOf = (at: string): string => at.split("/").toReversed().join(".") + ".svc.cluster.local"
const sidecar = (hosts: readonly string[]): KubeObject[] =>
  hosts.length === 0 ? [] : [config("Sidecar", "client/default", { egress: [{ hosts }] })]

/** What of the services a client sees, said in the words of the documentation. */
const seen = (hosts: readonly string[], exports: readonly string[]): string[] => {
  const mesh = indexMesh([
    ...services
      .map((at) => service(at, 80, {}))
      .map((object) => ({
        ...object,
        metadata: { ...object.metadata, annotations: { "networking.istio.io/exportTo": exports.join(",") } },
      })),
    ...sidecar(hosts),
  ])
  return services.filter((at) => visibleService(mesh, client, hostOf(at), 80).service !== undefined)
}

describe("exportTo", () => {
  test("ranks what is visible, and nothing else", () => {
    fc.assert(
      fc.property(exportTo, namespace, namespace, (to, own, from) => {
        const everywhere = to.length === 0 || to.includes("*")
        const named = !to.includes("~") && (to.includes(from) || (to.includes(".") && own === from))
        expect(isExportedTo(to, own, from)).toBe(everywhere || named)
        if (exportRank(to, own, from) === 0) expect(own).toBe(from)
      }),
    )
  })

  test("puts private objects before exported before public ones, and keeps the order within", () => {
    const items = fc.array(fc.record({ exportTo, namespace }), { maxLength: 12 })
    fc.assert(
      fc.property(items, namespace, (all, to) => {
        const found = exportedTo(all, to)
        const ranks = found.map((item) => exportRank(item.exportTo, item.namespace, to) ?? -1)
        expect(ranks).toEqual(ranks.toSorted())
        for (const rank of [0, 1, 2]) {
          const of = (list: typeof all) =>
            list.filter((item) => exportRank(item.exportTo, item.namespace, to) === rank)
          expect(of(found)).toEqual(of(all))
        }
      }),
    )
  })
})

describe("exportTo and a Sidecar together", () => {
  const hosts = fc.array(egressHost, { minLength: 1, maxLength: 4 })

  test("show what both let through", () => {
    fc.assert(
      fc.property(hosts, exportTo, (egress, exports) => {
        const both = services.filter((at) => {
          const [own = ""] = at.split("/")
          const entries = egress.map((entry) => entry.split("/") as [string, string])
          const takes = ([where, host]: [string, string], excluded: boolean): boolean => {
            const bare = where.replace("~", "") || "*"
            const from = bare === "." ? "client" : bare
            return (
              where.startsWith("~") === excluded &&
              (from === "*" || from === own) &&
              hostMatches(host, hostOf(at))
            )
          }
          const imported =
            entries.some((entry) => takes(entry, false)) && !entries.some((entry) => takes(entry, true))
          return imported && isExportedTo(exports, own, "client")
        })
        expect(seen(egress, exports)).toEqual(both)
      }),
    )
  })

  test("show no more for another order, an exclusion more, or an import less", () => {
    fc.assert(
      fc.property(
        hosts,
        exportTo,
        fc.constantFrom("~*/*", "~shop/*", "~*/a.shop.svc.cluster.local"),
        (egress, exports, excluded) => {
          const now = seen(egress, exports)
          expect(seen(egress.toReversed(), exports)).toEqual(now)
          const less = [
            seen([...egress, excluded], exports),
            ...(egress.length > 1 ? [seen(egress.slice(1), exports)] : []),
          ]
          const [first = ""] = egress
          expect(less[0]?.every((at) => now.includes(at))).toBe(true)
          if (!first.startsWith("~") && less[1]) expect(less[1].every((at) => now.includes(at))).toBe(true)
        },
      ),
    )
  })
})

describe("the answer to a request", () => {
  const gateway: Client = { kind: "gateway", namespace: "shop", labels: { istio: "gw" } }
  const routed = fc.record({
    namespace,
    exportTo,
    hosts: fc.uniqueArray(fc.constantFrom("*", "*.test", "a.test", "*.a.test", "a.shop.svc.cluster.local"), {
      minLength: 1,
      maxLength: 2,
    }),
    path: fc.constantFrom("/", "/x", "/x/y"),
    created: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
  })
  const objectsOf = (
    routes: readonly (typeof routed extends fc.Arbitrary<infer T> ? T : never)[],
  ): KubeObject[] => [
    config("Gateway", "shop/gw", {
      selector: { istio: "gw" },
      servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: ["*.test", "shop/*"] }],
    }),
    service("shop/a"),
    pod("shop/gw-1", { istio: "gw" }),
    pod("client/web-1", { app: "web" }),
    ...routes.map((route, index) =>
      config(
        "VirtualService",
        `${route.namespace}/v${index}`,
        {
          hosts: route.hosts,
          gateways: ["mesh", "shop/gw"],
          exportTo: route.exportTo,
          http: [{ match: [{ uri: { prefix: route.path } }], directResponse: { status: 200 + index } }],
        },
        route.created,
      ),
    ),
  ]
  const request = fc.record({
    host: fc.constantFrom("a.test", "b.a.test", "a.shop.svc.cluster.local"),
    path: fc.constantFrom("/", "/x", "/x/y/z"),
    at: fc.boolean(),
  })

  test("does not depend on the order of the objects", () => {
    fc.assert(
      fc.property(
        fc.array(routed, { maxLength: 6 }),
        request,
        fc.infiniteStream(fc.nat()),
        (routes, asked, order) => {
          const objects = objectsOf(routes)
          const weights = new Map(objects.map((object) => [object, Number(order.next().value)]))
          const shuffled = objects.toSorted((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0))
          const ask = (all: KubeObject[]) =>
            routeRequest(indexMesh(all), asked.at ? gateway : client, {
              ...asked,
              port: 80,
              method: "GET",
              headers: {},
            })
          expect(ask(shuffled)).toEqual(ask(objects))
        },
      ),
    )
  })

  test("is the same when many were asked before", () => {
    fc.assert(
      fc.property(
        fc.array(routed, { maxLength: 6 }),
        fc.array(request, { minLength: 2, maxLength: 6 }),
        (routes, asked) => {
          const mesh = indexMesh(objectsOf(routes), { ...defaultSettings, outbound: "REGISTRY_ONLY" })
          const questions = asked.map(({ host, path, at }, id): ExplainQuestion => {
            const via = at ? "gateway shop/gw-1" : "sidecar client/web-1"
            return { id, via, host, path, port: 80, method: "GET", headers: {} }
          })
          const shared = new Explainer(mesh)
          for (const question of questions)
            expect(shared.explain(question)).toEqual(new Explainer(mesh).explain(question))
        },
      ),
    )
  })
})
