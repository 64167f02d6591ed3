import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { expressionOf } from "#shared/istio/re2.ts"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import { listenersOf } from "#shared/istio/server.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { skipNote } from "../skip.ts"
import { type Bed, addresses, bedMissing, startBed, until } from "./bed.ts"
import type { Proxy } from "./bootstrap.ts"
import type { Resource } from "./kube-stub.ts"

const istio = "networking.istio.io/v1"
const [bind = ""] = addresses(1)
const proxy: Proxy = {
  name: "gateway",
  kind: "router",
  namespace: "edge",
  labels: { istio: "ingress" },
  address: bind,
}

const gateway = (name: string, created: string, servers: [number, string, string][]): Resource => ({
  ...{ apiVersion: istio, kind: "Gateway" },
  metadata: { name, namespace: "edge", creationTimestamp: created },
  spec: {
    selector: proxy.labels,
    servers: servers.map(([number, protocol, host]) => ({
      ...{ bind, hosts: [host], port: { number, protocol, name: `p-${number}-${protocol.toLowerCase()}` } },
      ...(protocol === "TLS" ? { tls: { mode: "PASSTHROUGH" } } : {}),
    })),
  },
})
const route = (spec: Record<string, unknown>): Resource => ({
  ...{ apiVersion: istio, kind: "VirtualService" },
  metadata: { name: "asked", namespace: "edge" },
  spec: { hosts: ["*"], gateways: ["edge/young", "edge/old"], ...spec },
})
const answer = (status: number) => ({ directResponse: { status } })
const gateways = [
  gateway("old", "2026-01-01T00:00:00Z", [
    [8080, "HTTP", "*"],
    [8081, "TCP", "*"],
    [8082, "HTTP", "*"],
    [8443, "TLS", "a.test"],
  ]),
  gateway("young", "2026-01-02T00:00:00Z", [
    [8080, "GRPC", "*"],
    [8081, "HTTP", "*"],
    [8082, "TCP", "*"],
    [8443, "TLS", "a.test"],
    [8443, "TLS", "b.test"],
  ]),
]

const patterns = [
  ...[
    "a.*",
    "(?i)abc",
    "[[:alpha:]]+",
    String.raw`\d{2,3}`,
    "(?P<name>x)",
    String.raw`\Qa.b\E`,
    "a{1,1000}",
    "x|y|",
    "(?:a)*",
  ],
  ...[
    String.raw`\pL+`,
    String.raw`\p{Greek}`,
    String.raw`[^\d]`,
    String.raw`\x41`,
    String.raw`\x{41}`,
    String.raw`\A.*\z`,
    "[a-]",
  ],
  ...[
    "a(?=b)",
    "(?!x)y",
    String.raw`(a)\1`,
    "a{1,1001}",
    "a**",
    "a++",
    "(",
    ")",
    "[z-a]",
    "[a",
    String.raw`\h`,
    String.raw`\uABCD`,
  ],
  ...["(?<=a)b", "(?P<n>a)(?P<n>b)", "*a", "(?x)a", String.raw`\8`, "a{2}{3}", "x{1,2,3}", "[[:nope:]]"],
]

describe.skipIf(skipNote("what Envoy and istiod refuse", bedMissing()))("a gateway's port", () => {
  let bed: Bed
  beforeAll(async () => {
    bed = await startBed([...gateways, route({ http: [{ ...answer(202) }] })], [proxy])
  })
  afterAll(() => bed.stop())

  /** How Envoy took the routes that were sent last. */
  const updates = async () => {
    const stats = await bed.stats(proxy.name, /^http\.outbound.*\.rds\..*\.(update_rejected|update_success)$/)
    const sum = (end: string) =>
      [...stats].reduce((all, [name, value]) => all + (name.endsWith(end) ? value : 0), 0)
    return { rejected: sum("update_rejected"), accepted: sum("update_success") }
  }
  const send = async (spec: Record<string, unknown>): Promise<"rejected" | "accepted"> => {
    const before = await updates()
    bed.stub.apply(route(spec))
    return until("Envoy took or refused it", async () => {
      const now = await updates()
      if (now.rejected > before.rejected) return "rejected" as const
      return now.accepted > before.accepted && ("accepted" as const)
    })
  }

  test("is run for those servers that can share it, the oldest first", async () => {
    const { refused } = listenersOf(indexMesh(gateways as KubeObject[], defaultSettings), {
      ...{ kind: "gateway", namespace: "edge", labels: proxy.labels },
    })
    expect(refused.map(({ server }) => `${server.name} ${server.port} ${server.protocol}`)).toEqual([
      "edge/young 8081 HTTP",
      "edge/young 8082 TCP",
      "edge/young 8443 TLS",
    ])
    const log = await bed.log("istiod", /skipping server on gateway/)
    for (const port of ["8081.HTTP", "8082.TCP"]) expect(log.join("\n")).toContain(port)
    expect(log.join("\n")).toContain("duplicate host names: [a.test]")
    const statuses = await Promise.all(
      [8080, 8082].map(async (port) => (await bed.ask(proxy.name, port, {})).status),
    )
    expect(statuses).toEqual([202, 202])
    expect(await bed.connect(proxy.name, 8081, null)).toBeNull()
  })

  test("refuses routes with a pattern exactly when the model takes it for none", async () => {
    const wrong: string[] = []
    for (const [index, regex] of patterns.entries()) {
      const matched = [{ headers: { "x-a": { regex } } }]
      const said = expressionOf(regex) === undefined ? "rejected" : "accepted"
      const real = await send({ http: [{ match: matched, ...answer(203 + index) }, answer(202)] })
      if (said !== real) wrong.push(`${regex}: ${said}, really ${real}`)
    }
    expect(wrong).toEqual([])
  })

  test("keeps all its old routes when one virtual service is refused", async () => {
    expect(await send({ http: [answer(207)] })).toBe("accepted")
    const bad = { host: "a.shop.svc.cluster.local" }
    const weights = [
      { destination: bad, weight: -10 },
      { destination: bad, weight: 110 },
    ]
    expect(await send({ http: [{ route: weights }] })).toBe("rejected")
    expect((await bed.ask(proxy.name, 8080, {})).status).toBe(207)
  })
})
