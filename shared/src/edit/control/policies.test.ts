import { describe, expect, test } from "vitest"
import { config, pod, service } from "../../istio/fixture.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { PolicyScope } from "../form.ts"
import { worldAfter } from "../overlay.ts"
import { effectOf } from "../patch.ts"
import type { Plan, Reading } from "../plan.ts"
import { worldOf } from "../testing.ts"
import type { World } from "../world.ts"
import * as circuitBreaker from "./circuit-breaker.ts"
import * as clientTls from "./client-tls.ts"
import * as loadBalancing from "./load-balancing.ts"

type Control<Form> = {
  read: (world: World, target: { service: typeof reviews; scope: PolicyScope }) => Reading<Form>
  plan: (world: World, target: { service: typeof reviews; scope: PolicyScope }, set: Form | null) => Plan
}

const reviews = { namespace: "bookinfo", name: "reviews" }
const shop = [
  service("bookinfo/reviews", 9080),
  pod("bookinfo/reviews-v1", { app: "reviews", version: "v1" }),
  pod("bookinfo/reviews-v2", { app: "reviews", version: "v2" }),
]
const rule = (spec: Record<string, unknown>, at = "bookinfo/reviews"): KubeObject =>
  config("DestinationRule", at, { host: "reviews", ...spec })
const ours = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { "app.kubernetes.io/managed-by": "service-mesh-manager" } },
})

/** What a control makes of the objects: the world after, and what it said. */
function set<Form>(
  control: Control<Form>,
  objects: readonly KubeObject[],
  form: Form | null,
  scope: PolicyScope = {},
) {
  const world = worldOf([...shop, ...objects])
  const plan = control.plan(world, { service: reviews, scope }, form)
  const effect = effectOf(plan.edits, (ref) => world.object(ref))
  if (effect === undefined) throw new Error("an edit does not fit")
  const next = worldAfter(world, effect)
  return {
    plan,
    rules: next
      .list("DestinationRule.networking.istio.io")
      .map(({ spec, metadata }) => ({ name: metadata.name, namespace: metadata.namespace, spec })),
    reading: control.read(next, { service: reviews, scope }),
    codes: plan.warnings.map(({ code }) => code),
  }
}
const issuesOf = (act: () => unknown): { path: string; message: string }[] => {
  try {
    act()
  } catch (error) {
    return (error as { detail: { issues: { path: string; message: string }[] } }).detail.issues
  }
  throw new Error("nothing was refused")
}

describe("the circuit breaker", () => {
  const form = {
    connectionPool: { maxConnections: 10, tcpIdleTimeout: "1m", idleTimeout: "30s" },
    outlierDetection: { consecutive5xxErrors: 3 },
  }
  const written = {
    connectionPool: { tcp: { maxConnections: 10, idleTimeout: "1m" }, http: { idleTimeout: "30s" } },
    outlierDetection: { consecutive5xxErrors: 3 },
  }

  test("of a service without a rule makes one by its name, with our mark and nothing else of ours", () => {
    const { plan, rules, reading } = set(circuitBreaker, [], form)
    expect(plan.edits).toEqual([
      {
        create: {
          apiVersion: "networking.istio.io/v1",
          kind: "DestinationRule",
          metadata: {
            name: "reviews",
            namespace: "bookinfo",
            labels: { "app.kubernetes.io/managed-by": "service-mesh-manager" },
          },
          spec: { host: "reviews", trafficPolicy: written },
        },
      },
    ])
    expect(plan).toMatchObject({
      title: "Set the circuit breaker of bookinfo/reviews",
      services: ["bookinfo/reviews"],
    })
    expect(rules).toHaveLength(1)
    expect(reading.form).toEqual(form)
  })

  test("of a rule changes just its own fields, and keeps what the form cannot show", () => {
    const before = rule({
      trafficPolicy: {
        loadBalancer: { simple: "RANDOM" },
        connectionPool: {
          tcp: { maxConnections: 5, tcpKeepalive: { time: "10s" } },
          http: { maxRetries: 2 },
        },
      },
    })
    const { plan, reading } = set(circuitBreaker, [before], { connectionPool: { maxConnections: 10 } })
    expect(plan.edits).toMatchObject([
      {
        patch: [
          { op: "remove", path: "/spec/trafficPolicy/connectionPool/http" },
          { op: "replace", path: "/spec/trafficPolicy/connectionPool/tcp/maxConnections", value: 10 },
        ],
      },
    ])
    expect(reading.unshown.map(({ path }) => path)).toEqual([
      "spec.trafficPolicy.connectionPool.tcp.tcpKeepalive",
    ])
  })

  test("that is taken away leaves what is not its own, and the parents that hold it", () => {
    const before = rule({
      trafficPolicy: {
        loadBalancer: { simple: "RANDOM" },
        connectionPool: { tcp: { maxConnections: 5, tcpKeepalive: {} } },
        outlierDetection: { interval: "1s" },
      },
    })
    const { rules, reading } = set(circuitBreaker, [before], null)
    expect(rules[0]?.spec).toEqual({
      host: "reviews",
      trafficPolicy: { loadBalancer: { simple: "RANDOM" }, connectionPool: { tcp: { tcpKeepalive: {} } } },
    })
    expect(reading.form).toBeNull()
  })

  test("that was all a rule said takes a rule of ours with it, and leaves one of others empty", () => {
    const before = rule({ trafficPolicy: written })
    expect(set(circuitBreaker, [ours(before)], null).rules).toEqual([])
    expect(set(circuitBreaker, [before], null).rules).toMatchObject([{ spec: { host: "reviews" } }])
    const subsets = [{ name: "v1", labels: { version: "v1" } }]
    expect(set(circuitBreaker, [ours(rule({ subsets, trafficPolicy: written }))], null).rules).toMatchObject([
      { spec: { host: "reviews", subsets } },
    ])
  })

  test("as it is already takes no edit", () => {
    expect(set(circuitBreaker, [rule({ trafficPolicy: written })], form).plan.edits).toEqual([])
    expect(set(circuitBreaker, [], null).plan.edits).toEqual([])
  })

  test("of a version without a subset makes the subset of its pods' labels", () => {
    const { rules, reading, codes } = set(
      circuitBreaker,
      [rule({ trafficPolicy: { connectionPool: { tcp: { maxConnections: 5 }, http: { maxRetries: 2 } } } })],
      { connectionPool: { maxRetries: 7 } },
      { subset: "v2" },
    )
    expect(rules[0]?.spec).toMatchObject({
      subsets: [
        {
          name: "v2",
          labels: { version: "v2" },
          trafficPolicy: { connectionPool: { http: { maxRetries: 7 } } },
        },
      ],
    })
    expect(reading.form).toEqual({ connectionPool: { maxRetries: 7 } })
    expect(codes).toEqual(["destination_rule.replaced"])
  })

  test("of a port tells what counts no more there, and leaves the list of ports when it goes", () => {
    const host = { loadBalancer: { simple: "RANDOM" }, connectionPool: { tcp: { maxConnections: 5 } } }
    const { plan, rules } = set(
      circuitBreaker,
      [rule({ trafficPolicy: host })],
      { connectionPool: { maxConnections: 9 } },
      { port: 9080 },
    )
    expect(rules[0]?.spec).toEqual({
      host: "reviews",
      trafficPolicy: {
        ...host,
        portLevelSettings: [{ port: { number: 9080 }, connectionPool: { tcp: { maxConnections: 9 } } }],
      },
    })
    expect(plan.warnings.map(({ message }) => message)).toEqual([
      "Settings of a port take the place of all that is said for the host and the subset: for port 9080 of bookinfo/reviews these do not count any more: loadBalancer.simple RANDOM",
    ])
    const again = set(circuitBreaker, [rule(rules[0]?.spec as Record<string, unknown>)], null, { port: 9080 })
    expect(again.rules[0]?.spec).toEqual({ host: "reviews", trafficPolicy: host })
  })

  test("of the host tells of ports and subsets with settings of their own", () => {
    const before = rule({
      trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, tls: { mode: "SIMPLE" } }] },
      subsets: [
        { name: "v1", trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } },
        { name: "v2", trafficPolicy: { tls: { mode: "SIMPLE" } } },
      ],
    })
    const { plan } = set(circuitBreaker, [before], { connectionPool: { maxConnections: 9 } })
    expect(plan.warnings.map(({ message }) => message)).toEqual([
      "What is set here does not count for port 9080, subset v1: they have settings of their own",
    ])
  })

  test("of a service that a wider rule is for makes one for just it, with what that one says", () => {
    const wide = config("DestinationRule", "istio-system/all", {
      host: "*.svc.cluster.local",
      exportTo: ["*"],
      trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
    })
    const { rules, codes } = set(circuitBreaker, [wide], { connectionPool: { maxConnections: 9 } })
    expect(rules[0]).toEqual({
      name: "reviews",
      namespace: "bookinfo",
      spec: {
        host: "reviews",
        trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" }, connectionPool: { tcp: { maxConnections: 9 } } },
      },
    })
    expect(rules[1]?.spec).toEqual(wide["spec"])
    expect(codes).toEqual([])
  })

  test("is read from the rule that takes effect, and tells of clients with a rule of their own", () => {
    const [near, root, other] = [
      rule({ trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } }),
      rule(
        {
          host: "reviews.bookinfo.svc.cluster.local",
          trafficPolicy: { connectionPool: { tcp: { maxConnections: 2 } } },
        },
        "istio-system/reviews",
      ),
      rule({ host: "reviews.bookinfo.svc.cluster.local" }, "shop/reviews"),
    ]
    expect(set(circuitBreaker, [root], null).plan.edits).toMatchObject([
      { object: { namespace: "istio-system" } },
    ])
    const { reading } = set(circuitBreaker, [near, root, other], { connectionPool: { maxConnections: 1 } })
    expect(reading.form).toEqual({ connectionPool: { maxConnections: 1 } })
    expect(reading.objects).toMatchObject([{ namespace: "bookinfo" }])
    expect(reading.warnings).toEqual([
      {
        code: "destination_rule.overruled",
        message:
          "Clients in shop have a DestinationRule of their own for reviews.bookinfo.svc.cluster.local, which this does not touch",
      },
    ])
  })

  test("of rules that Istio joins is written where its word counts", () => {
    const [first, second] = [
      config("DestinationRule", "bookinfo/a", { host: "reviews", subsets: [{ name: "v1", labels: {} }] }),
      config("DestinationRule", "bookinfo/b", {
        host: "reviews",
        subsets: [{ name: "v2", labels: {} }],
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
    ]
    const edited = (scope: PolicyScope) =>
      set(circuitBreaker, [first, second], { connectionPool: { maxRetries: 1 } }, scope).plan.edits
    expect(edited({})).toMatchObject([{ object: { name: "b" } }])
    expect(edited({ subset: "v1" })).toMatchObject([{ object: { name: "a" } }])
    expect(edited({ subset: "v2" })).toMatchObject([{ object: { name: "b" } }])
  })

  test.each<[string, Parameters<typeof set>[2], PolicyScope, { path: string; message: RegExp }]>([
    [
      "a duration that Envoy cannot take",
      { outlierDetection: { interval: "0s" } },
      {},
      { path: "outlierDetection.interval", message: /less than 1ms/ },
    ],
    [
      "local failures that are not told apart",
      { outlierDetection: { consecutiveLocalOriginFailures: 2 } },
      {},
      { path: "outlierDetection.consecutiveLocalOriginFailures", message: /splitExternalLocalOriginErrors/ },
    ],
    [
      "an idle timeout finer than a millisecond",
      { connectionPool: { idleTimeout: "1.0005s" } },
      { port: 9080 },
      { path: "connectionPool.idleTimeout", message: /finer than a millisecond/ },
    ],
    [
      "a subset that nobody is",
      { connectionPool: { maxRetries: 1 } },
      { subset: "v9" },
      { path: "scope.subset", message: /no subset v9.*versions are: v1, v2/ },
    ],
    [
      "a port that the service has not",
      { connectionPool: { maxRetries: 1 } },
      { port: 81 },
      { path: "scope.port", message: /no port 81; its ports are 9080/ },
    ],
  ])("refuses %s", (_, form, scope, issue) => {
    expect(issuesOf(() => set(circuitBreaker, [], form as object, scope))).toEqual([
      { path: issue.path, message: expect.stringMatching(issue.message) as string },
    ])
  })

  test("refuses a service that is not there, and a cluster without the kind", () => {
    const world = worldOf(shop, { serves: ["Service"] })
    expect(issuesOf(() => circuitBreaker.plan(world, { service: reviews, scope: {} }, form))[0]?.path).toBe(
      "control",
    )
    expect(
      issuesOf(() =>
        circuitBreaker.read(world, { service: { namespace: "bookinfo", name: "gone" }, scope: {} }),
      )[0]?.path,
    ).toBe("service")
  })
})

describe("load balancing", () => {
  const by = (loadBalancer: unknown) => rule({ trafficPolicy: { loadBalancer } })
  const balancerIn = (rules: { spec: unknown }[]) =>
    (rules[0]?.spec as { trafficPolicy?: { loadBalancer?: unknown } }).trafficPolicy?.loadBalancer

  test.each<[string, Parameters<typeof loadBalancing.plan>[2], unknown]>([
    ["an algorithm", { simple: "LEAST_REQUEST" }, { simple: "LEAST_REQUEST" }],
    [
      "a hash of a cookie",
      { consistentHash: { httpCookie: { name: "user", ttl: "0s" }, maglev: { tableSize: 65537 } } },
      { consistentHash: { httpCookie: { name: "user", ttl: "0s" }, maglev: { tableSize: 65537 } } },
    ],
    [
      "localities and warm-up",
      {
        locality: { enabled: true, distribute: [{ from: "eu/a", to: { "eu/a": 80, "eu/b": 20 } }] },
        warmup: { duration: "30s", minimumPercent: 10 },
      },
      {
        localityLbSetting: { enabled: true, distribute: [{ from: "eu/a", to: { "eu/a": 80, "eu/b": 20 } }] },
        warmup: { duration: "30s", minimumPercent: 10 },
      },
    ],
  ])("is set to %s, and reads back the same", (_, form, written) => {
    const { rules, reading } = set(loadBalancing, [], form)
    expect(balancerIn(rules)).toEqual(written)
    expect(reading.form).toEqual(form)
  })

  test("takes the other choice out whole, also what the form cannot show of it", () => {
    const hash = by({
      consistentHash: {
        httpCookie: { name: "a", attributes: [{ name: "SameSite" }] },
        minimumRingSize: 1024,
      },
    })
    expect(set(loadBalancing, [hash], { simple: "RANDOM" }).rules).toMatchObject([
      { spec: { trafficPolicy: { loadBalancer: { simple: "RANDOM" } } } },
    ])
    expect(
      balancerIn(set(loadBalancing, [hash], { consistentHash: { useSourceIp: true, ringHash: {} } }).rules),
    ).toEqual({ consistentHash: { useSourceIp: true, ringHash: {} } })
    expect(
      balancerIn(set(loadBalancing, [hash], { consistentHash: { httpCookie: { name: "b" } } }).rules),
    ).toEqual({
      consistentHash: {
        httpCookie: { name: "b", attributes: [{ name: "SameSite" }] },
        minimumRingSize: 1024,
      },
    })
    expect(
      balancerIn(set(loadBalancing, [by({ simple: "RANDOM", warmupDurationSecs: "3s" })], null).rules),
    ).toEqual({ warmupDurationSecs: "3s" })
  })

  test("warns of failover without outlier detection, at the host or only at the subset", () => {
    const failover = { locality: { failover: [{ from: "eu", to: "us" }] } }
    expect(set(loadBalancing, [], failover).codes).toEqual([
      "load_balancing.failover_without_outlier_detection",
    ])
    const detecting = rule({ trafficPolicy: { outlierDetection: { interval: "1s" } } })
    expect(set(loadBalancing, [detecting], failover).codes).toEqual([])
    expect(set(loadBalancing, [detecting], failover, { subset: "v1" }).codes).toEqual([])
    expect(set(loadBalancing, [detecting], failover, { port: 9080 }).codes).toEqual([
      "destination_rule.replaced",
      "load_balancing.failover_without_outlier_detection",
    ])
  })

  test("that fails over warns when outlier detection is taken away", () => {
    const before = rule({
      trafficPolicy: {
        outlierDetection: { interval: "1s" },
        loadBalancer: { localityLbSetting: { failover: [{ from: "eu", to: "us" }] } },
      },
    })
    expect(set(circuitBreaker, [before], null).codes).toEqual([
      "load_balancing.failover_without_outlier_detection",
    ])
  })

  test.each<[string, object, string]>([
    [
      "an algorithm beside a hash",
      { simple: "RANDOM", consistentHash: { useSourceIp: true } },
      "consistentHash",
    ],
    ["a hash of nothing", { consistentHash: { ringHash: {} } }, "consistentHash"],
    [
      "a hash of two things",
      { consistentHash: { useSourceIp: true, httpHeaderName: "x" } },
      "consistentHash",
    ],
    [
      "two rings",
      { consistentHash: { useSourceIp: true, ringHash: {}, maglev: {} } },
      "consistentHash.maglev",
    ],
    [
      "a table that is no prime",
      { consistentHash: { useSourceIp: true, maglev: { tableSize: 1000 } } },
      "consistentHash.maglev.tableSize",
    ],
    [
      "weights that do not sum",
      { locality: { distribute: [{ from: "eu", to: { eu: 80, us: 10 } }] } },
      "locality.distribute[0].to",
    ],
    [
      "distribution beside failover",
      { locality: { distribute: [{ from: "eu", to: { eu: 100 } }], failover: [{ from: "eu", to: "us" }] } },
      "locality",
    ],
    ["failover to itself", { locality: { failover: [{ from: "eu", to: "eu" }] } }, "locality.failover[0]"],
    ["a warm-up of no time", { warmup: { duration: "0s" } }, "warmup.duration"],
    ["an aggression of nothing", { warmup: { duration: "3s", aggression: 0 } }, "warmup.aggression"],
  ])("refuses %s", (_, form, path) => {
    expect(issuesOf(() => set(loadBalancing, [], form))[0]?.path).toBe(path)
  })
})

describe("client TLS", () => {
  const strict = config("PeerAuthentication", "bookinfo/default", { mtls: { mode: "STRICT" } })

  test("is set, read and taken away", () => {
    const form = {
      mode: "SIMPLE" as const,
      sni: "reviews.example.com",
      subjectAltNames: ["reviews.example.com"],
    }
    const { rules, reading } = set(clientTls, [], form)
    expect(rules[0]?.spec).toEqual({ host: "reviews", trafficPolicy: { tls: form } })
    expect(reading.form).toEqual(form)
    expect(set(clientTls, [ours(rule(rules[0]?.spec as Record<string, unknown>))], null).rules).toEqual([])
  })

  test("keeps what the form cannot show", () => {
    const before = rule({ trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "a", caCrl: "/crl" } } })
    const { reading } = set(clientTls, [before], { mode: "SIMPLE", caCertificates: "/ca" })
    expect(reading.unshown.map(({ path }) => path)).toEqual(["spec.trafficPolicy.tls.caCrl"])
  })

  test.each<[string, Parameters<typeof clientTls.plan>[2], string]>([
    ["certificates for plain text", { mode: "DISABLE", caCertificates: "/ca" }, "caCertificates"],
    ["certificates for the mesh's own", { mode: "ISTIO_MUTUAL", credentialName: "a" }, "credentialName"],
    ["MUTUAL without a certificate", { mode: "MUTUAL", privateKey: "/key" }, "mode"],
    ["certificates twice", { mode: "SIMPLE", credentialName: "a", caCertificates: "/ca" }, "mode"],
  ])("refuses %s", (_, form, path) => {
    expect(issuesOf(() => set(clientTls, [], form)).map((issue) => issue.path)).toContain(path)
  })

  test("warns where the servers would refuse it", () => {
    expect(set(clientTls, [strict], { mode: "DISABLE" }).plan.warnings).toEqual([
      {
        code: "client_tls.refused",
        message:
          "Clients that do DISABLE would be refused: pods of bookinfo/reviews take only mutual TLS, as PeerAuthentication bookinfo/default says",
      },
    ])
    expect(set(clientTls, [strict], { mode: "ISTIO_MUTUAL" }).codes).toEqual([])
    const plain = pod("bookinfo/reviews-v3", { app: "reviews", version: "v3" }, { sidecar: false })
    expect(set(clientTls, [plain], { mode: "ISTIO_MUTUAL" }).codes).toEqual(["client_tls.no_mutual_tls"])
    expect(set(clientTls, [plain], { mode: "ISTIO_MUTUAL" }, { subset: "v1" }).codes).toEqual([])
  })
})
