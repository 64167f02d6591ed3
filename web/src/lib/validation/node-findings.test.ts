import { describe, expect, test } from "vitest"
import type { TopologySources } from "#shared/api/mesh.ts"
import type { FindingItem } from "#shared/api/validation.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { worstByObject } from "./finding-place.ts"
import { findingsByNode } from "./node-findings.ts"

const finding = (kind: string, name: string, level: FindingItem["level"] = "error", namespace = "shop") =>
  ({
    cluster: "c",
    code: "a.b",
    level,
    path: "",
    object: { kind, namespace, name },
  }) as FindingItem

const workload = (name: string, labels: Record<string, string>, namespace = "shop"): TopologyFact => ({
  type: "workload",
  id: `Deployment.apps/${namespace}/${name}`,
  kind: "Deployment",
  namespace,
  name,
  labels,
  pods: { ready: 1, total: 1 },
  sidecar: true,
  ambient: null,
  role: "app",
})
const config = (
  kind: string,
  name: string,
  hosts: string[],
  selector: Record<string, string> | null,
  namespace = "shop",
): TopologyFact => ({
  type: "config",
  id: `${kind}/${namespace}/${name}`,
  namespace,
  name,
  hosts,
  selector,
  badges: [],
})

const sources = {
  clusters: [
    {
      cluster: "c",
      facts: [
        workload("web-v1", { app: "web" }),
        workload("db", { app: "db" }),
        workload("far", { app: "web" }, "other"),
        config(
          "VirtualService.networking.istio.io",
          "web",
          ["web.shop.svc.cluster.local", "api.example"],
          null,
        ),
        config("AuthorizationPolicy.security.istio.io", "web", [], { app: "web" }),
        config("PeerAuthentication.security.istio.io", "all", [], {}, "istio-system"),
      ],
    },
  ],
} as unknown as TopologySources

const nodes = (...found: FindingItem[]) =>
  [
    ...findingsByNode(worstByObject(found), sources, [
      { id: "wl/c/shop/web-v1", related: ["svc/c/shop/web"] },
    ]),
  ].map(([id, { worst, items }]) => `${id} ${worst} ${items.length}`)

describe("findings of nodes", () => {
  test("are those of the service itself, and of what names its host", () => {
    expect(
      nodes(finding("Service", "web", "info"), finding("VirtualService.networking.istio.io", "web")),
    ).toEqual(["svc/c/shop/web error 2", "ext/api.example error 1"])
  })

  test("are those of the workload, of its pods, and of policies that select it, also at the service in front", () => {
    expect(nodes(finding("Deployment.apps", "db"), finding("Pod", "web-v1-6d4-x2x", "warning"))).toEqual([
      "wl/c/shop/db error 1",
      "wl/c/shop/web-v1 warning 1",
      "svc/c/shop/web warning 1",
    ])
    expect(nodes(finding("AuthorizationPolicy.security.istio.io", "web"))).toEqual([
      "wl/c/shop/web-v1 error 1",
      "svc/c/shop/web error 1",
    ])
  })

  test("of a policy of the root namespace are everywhere", () => {
    const all = nodes(finding("PeerAuthentication.security.istio.io", "all", "warning", "istio-system"))
    expect(all).toHaveLength(4)
  })

  test("of another cluster, or of what is nowhere, are at no node", () => {
    expect(nodes({ ...finding("Service", "web"), cluster: "d" }, finding("Namespace", "shop"))).toEqual([])
  })
})
