import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { authorize } from "./authorization.ts"
import type { Client } from "./client.ts"
import { connectionTo } from "./connection.ts"
import { destinationRuleFor, policyFor } from "./destination-rule.ts"
import { durationMs } from "./duration.ts"
import { targetOf } from "./endpoints.ts"
import { config, pod, service } from "./fixture.ts"
import { compareSpecificity, configHost, hostMatches, mostSpecific } from "./host.ts"
import { podInstance } from "./instance.ts"
import { indexMesh } from "./model.ts"
import { peerAuthenticationFor } from "./peer-authentication.ts"
import { visibleService } from "./visibility.ts"

const client: Client = { kind: "sidecar", namespace: "web", labels: { app: "web" } }
const host = "cart.shop.svc.cluster.local"

describe("hosts", () => {
  test.each([
    ["reviews", "reviews.shop.svc.cluster.local"],
    ["reviews.shop", "reviews.shop"],
    ["*.example", "*.example"],
    ["*", "*"],
    ["api.example.com", "api.example.com"],
  ])("%s in namespace shop is %s", (written, full) => {
    expect(configHost(written, "shop")).toBe(full)
  })

  test.each([
    ["*", "a.example", true],
    ["*.example", "a.example", true],
    ["*.example", "a.b.example", true],
    ["*.example", ".example", false],
    ["*.example", "example", false],
    ["a.example", "a.example", true],
    ["*.b.example", "*.a.b.example", true],
  ])("%s takes %s: %s", (pattern, name, taken) => {
    expect(hostMatches(pattern, name)).toBe(taken)
  })

  test("the most specific pattern is the longest that matches, exact names first", () => {
    expect(mostSpecific(["*", "*.example", "*.a.example"], "x.a.example")).toBe("*.a.example")
    expect(mostSpecific(["*.a.example", "x.a.example"], "x.a.example")).toBe("x.a.example")
    expect(mostSpecific(["b.example"], "x.a.example")).toBeUndefined()
  })

  test("specificity is an order", () => {
    const pattern = fc.constantFrom("*", "*.a", "*.b.a", "a", "b.a", "c.b.a")
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        expect(Math.sign(compareSpecificity(a, b))).toBe(-Math.sign(compareSpecificity(b, a)) || 0)
        if (compareSpecificity(a, b) <= 0 && compareSpecificity(b, c) <= 0)
          expect(compareSpecificity(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

test.each([
  ["1h1m1s1ms", 3_661_001],
  ["0.5s", 500],
  ["0s", 0],
  ["5", null],
  ["s", null],
  [undefined, null],
])("the duration %s is %s ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

describe("what a client sees", () => {
  const seen = (objects: KubeObject[], as = client) => {
    const { service: found, reasons } = visibleService(indexMesh(objects), as, host, 80)
    return found ? "seen" : reasons[0]?.code
  }
  const exported = (value: string): KubeObject => {
    const made = service("shop/cart")
    return { ...made, metadata: { ...made.metadata, annotations: { "networking.istio.io/exportTo": value } } }
  }
  const sidecar = (hosts: string[], over: Record<string, unknown> = {}) =>
    config("Sidecar", "web/default", { egress: [{ hosts }], ...over })

  test.each<[string, KubeObject[], string]>([
    ["a service", [service("shop/cart")], "seen"],
    ["nothing without one", [], "host.unknown"],
    ["not what is kept in its namespace", [exported(".")], "host.not_exported"],
    ["what is exported to it", [exported("web")], "seen"],
    ["nothing that is exported nowhere", [exported("~")], "host.not_exported"],
    ["what its Sidecar imports", [service("shop/cart"), sidecar(["shop/*"])], "seen"],
    ["not what its Sidecar leaves out", [service("shop/cart"), sidecar(["./*"])], "host.not_imported"],
    ["by name", [service("shop/cart"), sidecar([`shop/${host}`])], "seen"],
    [
      "not through a Sidecar of other pods",
      [service("shop/cart"), sidecar(["./*"], { workloadSelector: { labels: { app: "x" } } })],
      "seen",
    ],
    [
      "what the root namespace's Sidecar leaves, for namespaces without one",
      [service("shop/cart"), config("Sidecar", "istio-system/default", { egress: [{ hosts: ["./*"] }] })],
      "host.not_imported",
    ],
  ])("%s", (_, objects, outcome) => {
    expect(seen(objects)).toBe(outcome)
  })
})

describe("the destination rule a client uses", () => {
  const rule = (at: string, over: Record<string, unknown> = {}, created?: string) =>
    config("DestinationRule", at, { host, subsets: [{ name: at, labels: {} }], ...over }, created)
  const chosen = (objects: KubeObject[], as = client) =>
    destinationRuleFor(indexMesh(objects), as, { host, namespace: "shop" }).objects.map(
      ({ namespace, name }) => `${namespace}/${name}`,
    )

  test.each<[string, KubeObject[], string[]]>([
    ["is its own namespace's first", [rule("istio-system/r"), rule("shop/r"), rule("web/r")], ["web/r"]],
    ["then the service's", [rule("istio-system/r"), rule("shop/r"), rule("team/r")], ["shop/r"]],
    ["then the root's", [rule("istio-system/r"), rule("team/r")], ["istio-system/r"]],
    ["and never another namespace's", [rule("team/r")], []],
    [
      "unless it is not exported",
      [rule("istio-system/r"), rule("shop/r", { exportTo: ["."] })],
      ["istio-system/r"],
    ],
    [
      "with the closest host",
      [rule("shop/a", { host: "*.shop.svc.cluster.local" }), rule("shop/b")],
      ["shop/b"],
    ],
    [
      "for its labels before one for all",
      [rule("web/a"), rule("web/b", { workloadSelector: { matchLabels: { app: "web" } } })],
      ["web/b"],
    ],
    [
      "and not one for other labels",
      [rule("web/b", { workloadSelector: { matchLabels: { app: "x" } } })],
      [],
    ],
    ["joined with others of the same host", [rule("shop/a"), rule("shop/b")], ["shop/a", "shop/b"]],
  ])("%s", (_, objects, names) => {
    expect(chosen(objects)).toEqual(names)
  })

  test("a client in the root namespace takes the service's rule before public ones of the root", () => {
    const root = { ...client, namespace: "istio-system" }
    expect(chosen([rule("istio-system/r"), rule("shop/r")], root)).toEqual(["shop/r"])
    expect(chosen([rule("istio-system/r", { exportTo: ["."] }), rule("shop/r")], root)).toEqual([
      "istio-system/r",
    ])
  })

  test("settings of a port replace, those of a subset override what they name", () => {
    const mesh = indexMesh([
      config("DestinationRule", "shop/r", {
        host,
        trafficPolicy: {
          tls: { mode: "ISTIO_MUTUAL" },
          outlierDetection: { interval: "1s" },
          portLevelSettings: [{ port: { number: 81 }, tls: { mode: "DISABLE" } }],
        },
        subsets: [{ name: "v2", labels: { version: "v2" }, trafficPolicy: { tls: { mode: "SIMPLE" } } }],
      }),
    ])
    const effective = destinationRuleFor(mesh, client, { host, namespace: "shop" })
    expect(policyFor(effective, "", 80)).toEqual({
      tls: { mode: "ISTIO_MUTUAL" },
      outlierDetection: { interval: "1s" },
    })
    expect(policyFor(effective, "", 81)).toEqual({ tls: { mode: "DISABLE" } })
    expect(policyFor(effective, "v2", 80)).toEqual({
      tls: { mode: "SIMPLE" },
      outlierDetection: { interval: "1s" },
    })
  })
})

describe("the endpoints of a destination", () => {
  const objects = [
    service("shop/cart"),
    pod("shop/cart-1", { app: "cart", version: "v1" }),
    pod("shop/cart-2", { app: "cart", version: "v2" }),
    pod("shop/cart-3", { app: "cart", version: "v2" }, { ready: false }),
    pod("other/cart-4", { app: "cart", version: "v1" }),
    config("DestinationRule", "shop/cart", {
      host: "cart",
      subsets: [
        { name: "v2", labels: { version: "v2" } },
        { name: "v9", labels: { version: "v9" } },
      ],
    }),
  ]
  const found = (subset: string, port = 80) => {
    const target = targetOf(indexMesh(objects), client, { host, subset, port })
    return [target.state, ...target.instances.map(({ name }) => name)]
  }

  test.each([
    ["", 80, ["endpoints", "cart-1", "cart-2"]],
    ["v2", 80, ["endpoints", "cart-2"]],
    ["v9", 80, ["no_endpoints"]],
    ["nope", 80, ["no_cluster"]],
    ["", 81, ["no_cluster"]],
  ])("subset %j on port %i: %j", (subset, port, outcome) => {
    expect(found(subset, port)).toEqual(outcome)
  })

  test("of a service entry are its workload entries, or outside", () => {
    const ports = [{ number: 80, name: "http", protocol: "HTTP" }]
    const mesh = indexMesh([
      config("ServiceEntry", "shop/vm", {
        hosts: ["vm.internal"],
        location: "MESH_INTERNAL",
        resolution: "STATIC",
        ports,
        workloadSelector: { labels: { app: "vm" } },
      }),
      config("WorkloadEntry", "shop/vm-1", { address: "192.0.2.1", labels: { app: "vm" } }),
      config("ServiceEntry", "shop/api", {
        hosts: ["api.example"],
        location: "MESH_EXTERNAL",
        resolution: "DNS",
        ports,
      }),
    ])
    const state = (name: string) => targetOf(mesh, client, { host: name, subset: "", port: 80 })
    expect(state("vm.internal").instances.map(({ workload }) => workload)).toEqual([
      { kind: "WorkloadEntry", name: "vm-1" },
    ])
    expect(state("api.example").state).toBe("outside")
  })
})

describe("mutual TLS", () => {
  const peer = (at: string, spec: Record<string, unknown>, created?: string) =>
    config("PeerAuthentication", at, spec, created)
  const strict = { mtls: { mode: "STRICT" } }
  const server = { namespace: "shop", labels: { app: "cart" } }

  test.each<[string, KubeObject[], string]>([
    ["is permissive when nobody says", [], "PERMISSIVE"],
    ["is the mesh's", [peer("istio-system/a", strict)], "STRICT"],
    [
      "is the namespace's before the mesh's",
      [peer("istio-system/a", strict), peer("shop/a", { mtls: { mode: "DISABLE" } })],
      "DISABLE",
    ],
    [
      "is the workload's before the namespace's",
      [
        peer("shop/a", strict),
        peer("shop/b", { selector: { matchLabels: { app: "cart" } }, mtls: { mode: "PERMISSIVE" } }),
      ],
      "PERMISSIVE",
    ],
    [
      "is not that of other workloads",
      [peer("shop/b", { selector: { matchLabels: { app: "x" } }, ...strict })],
      "PERMISSIVE",
    ],
    [
      "is the port's first",
      [
        peer("shop/b", {
          selector: { matchLabels: { app: "cart" } },
          ...strict,
          portLevelMtls: { 8080: { mode: "DISABLE" } },
        }),
      ],
      "DISABLE",
    ],
    [
      "is inherited where it is unset",
      [peer("istio-system/a", strict), peer("shop/a", { mtls: { mode: "UNSET" } })],
      "STRICT",
    ],
    [
      "is the oldest's of one level",
      [peer("shop/b", strict, "2025-01-01T00:00:00Z"), peer("shop/a", { mtls: { mode: "DISABLE" } })],
      "STRICT",
    ],
  ])("%s", (_, objects, mode) => {
    expect(peerAuthenticationFor(indexMesh(objects), server, 8080).mode).toBe(mode)
  })

  test.each<[string, string, { fromProxy?: boolean; tls?: string; sidecar?: boolean }, string, boolean]>([
    ["between proxies", "PERMISSIVE", {}, "mutual_tls", true],
    ["under STRICT", "STRICT", {}, "mutual_tls", true],
    ["from no proxy to STRICT", "STRICT", { fromProxy: false }, "none", false],
    ["from no proxy to PERMISSIVE", "PERMISSIVE", { fromProxy: false }, "none", true],
    ["switched off by the client under STRICT", "STRICT", { tls: "DISABLE" }, "none", false],
    ["switched off by the server", "DISABLE", {}, "none", true],
    [
      "demanded by the client, switched off by the server",
      "DISABLE",
      { tls: "ISTIO_MUTUAL" },
      "mutual_tls",
      false,
    ],
    ["to a server without a proxy", "STRICT", { sidecar: false }, "none", true],
    [
      "demanded of a server without a proxy",
      "STRICT",
      { sidecar: false, tls: "ISTIO_MUTUAL" },
      "mutual_tls",
      false,
    ],
  ])("%s (%s)", (_, mode, { fromProxy = true, tls, sidecar = true }, security, accepted) => {
    const mesh = indexMesh([service("shop/cart"), peer("istio-system/a", { mtls: { mode } })])
    const target = mesh.services.get(host)?.[0]
    if (!target) throw new Error("no service")
    expect(
      connectionTo(mesh, {
        fromProxy,
        policy: tls === undefined ? {} : { tls: { mode: tls } },
        service: target,
        server: podInstance(pod("shop/cart-1", { app: "cart" }, { sidecar })),
        port: 8080,
      }),
    ).toMatchObject({ security, accepted })
  })
})

describe("authorization", () => {
  const server = { namespace: "shop", labels: { app: "cart" }, sidecar: true }
  const policy = (spec: Record<string, unknown>, at = "shop/p") => config("AuthorizationPolicy", at, spec)
  const caller = {
    principal: "cluster.local/ns/web/sa/web",
    namespace: "web",
    port: 8080,
    http: { host, method: "GET", path: "/a/b?c", headers: { "x-tier": "gold" } },
  }
  const from = (source: Record<string, unknown>) => ({ rules: [{ from: [{ source }] }] })
  const operation = (fields: Record<string, unknown>) => ({ rules: [{ to: [{ operation: fields }] }] })
  const allowed = (objects: KubeObject[], over: Partial<typeof caller> = {}) =>
    authorize(indexMesh(objects), server, { ...caller, ...over }).allowed

  test.each<[string, Record<string, unknown>[], boolean]>([
    ["lets everything in without a policy", [], true],
    ["of nothing denies all", [{}], false],
    ["with an empty rule allows all", [{ rules: [{}] }], true],
    ["to deny nothing denies nothing", [{ action: "DENY" }], true],
    ["takes a principal", [from({ principals: ["cluster.local/ns/web/sa/web"] })], true],
    ["takes a prefix of principals", [from({ principals: ["cluster.local/ns/web/*"] })], true],
    ["takes a suffix of principals", [from({ principals: ["*/sa/web"] })], true],
    ["refuses another principal", [from({ principals: ["cluster.local/ns/x/sa/x"] })], false],
    ["takes a namespace", [from({ namespaces: ["web"] })], true],
    ["refuses what it excludes", [from({ notNamespaces: ["web"] })], false],
    ["takes an account of the caller's namespace", [from({ serviceAccounts: ["web/web"] })], true],
    ["takes a method", [operation({ methods: ["GET"] })], true],
    ["refuses another method", [operation({ methods: ["POST"] })], false],
    ["takes a path without its query", [operation({ paths: ["/a/b"] })], true],
    ["takes a path template", [operation({ paths: ["/{*}/b"] })], true],
    ["takes the rest of a path by template", [operation({ paths: ["/{**}"] })], true],
    ["takes the container's port", [operation({ ports: ["8080"] })], true],
    ["needs all of one operation", [operation({ methods: ["GET"], paths: ["/x"] })], false],
    [
      "takes a condition",
      [{ rules: [{ when: [{ key: "request.headers[x-tier]", values: ["gold"] }] }] }],
      true,
    ],
    [
      "refuses what a condition excludes",
      [{ rules: [{ when: [{ key: "source.namespace", notValues: ["web"] }] }] }],
      false,
    ],
    [
      "denies before it allows",
      [{ rules: [{}] }, { action: "DENY", ...from({ namespaces: ["web"] }) }],
      false,
    ],
    ["of other workloads says nothing", [{ selector: { matchLabels: { app: "x" } } }], true],
    ["audits without effect", [{ action: "AUDIT", rules: [{}] }], true],
  ])("%s", (_, specs, outcome) => {
    expect(allowed(specs.map((spec, i) => policy(spec, `shop/p${i}`)))).toBe(outcome)
  })

  test("without mutual TLS nobody has a principal", () => {
    expect(allowed([policy(from({ principals: ["*"] }))], { principal: "", namespace: "" })).toBe(false)
    expect(
      allowed([policy({ action: "DENY", ...from({ notPrincipals: ["*"] }) })], {
        principal: "",
        namespace: "",
      }),
    ).toBe(false)
  })

  test("over TCP an ALLOW that asks for HTTP lets nothing in, and a DENY forgets what it asks of HTTP", () => {
    const overTcp = { ...caller, http: null }
    const decide = (spec: Record<string, unknown>) =>
      authorize(indexMesh([policy(spec)]), server, overTcp).allowed
    expect(decide(operation({ methods: ["GET"] }))).toBe(false)
    expect(decide({ action: "DENY", ...operation({ methods: ["POST"] }) })).toBe(false)
    expect(decide({ action: "DENY", ...operation({ ports: ["1"], methods: ["POST"] }) })).toBe(true)
  })

  test("the root namespace's policies hold everywhere, a dry run nowhere", () => {
    expect(allowed([policy({}, "istio-system/p")])).toBe(false)
    const dry = policy({})
    expect(
      allowed([{ ...dry, metadata: { ...dry.metadata, annotations: { "istio.io/dry-run": "true" } } }]),
    ).toBe(true)
  })

  test("an external authorizer is noted, and the reason names the rule", () => {
    const mesh = indexMesh([
      policy({ action: "CUSTOM", provider: { name: "x" }, rules: [{}] }),
      policy({ action: "DENY", rules: [{}] }, "shop/d"),
    ])
    const decision = authorize(mesh, server, caller)
    expect(decision).toMatchObject({ allowed: false, custom: true })
    expect(decision.reasons.at(-1)).toMatchObject({
      code: "authorization.denied",
      object: { name: "d" },
      path: "spec.rules[0]",
    })
  })
})
