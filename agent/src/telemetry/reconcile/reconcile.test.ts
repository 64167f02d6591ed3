import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { edgeKey } from "#shared/telemetry/edge.ts"
import { createReconciler, reconcile } from "./reconcile.ts"
import type { Family, RateSeries } from "./series.ts"

const series = (family: Family, perSecond: number, labels: Record<string, string> = {}): RateSeries => ({
  family,
  perSecond,
  labels: {
    reporter: "source",
    source_workload: "web",
    source_workload_namespace: "shop",
    source_app: "web",
    source_version: "v1",
    source_cluster: "east",
    destination_workload: "cart",
    destination_workload_namespace: "shop",
    destination_app: "cart",
    destination_version: "v1",
    destination_cluster: "east",
    destination_service_name: "cart",
    destination_service_namespace: "shop",
    request_protocol: "http",
    response_code: "200",
    response_flags: "-",
    connection_security_policy: "unknown",
    ...labels,
  },
})

describe("who is believed", () => {
  const cases: [string, RateSeries[], object][] = [
    [
      "both sides agree",
      [
        series("requests", 10),
        series("requests", 9.5, { reporter: "destination", connection_security_policy: "mutual_tls" }),
      ],
      { reporter: "both", requestsPerSecond: 10, mtlsRatio: 1 },
    ],
    [
      "the caller sees what never arrived",
      [
        series("requests", 10),
        series("requests", 5, { response_code: "503", response_flags: "UF" }),
        series("requests", 10, { reporter: "destination", connection_security_policy: "none" }),
      ],
      { reporter: "source", requestsPerSecond: 15, mtlsRatio: 0 },
    ],
    [
      "the caller has no proxy",
      [
        series("requests", 3, {
          reporter: "destination",
          source_workload: "unknown",
          source_workload_namespace: "unknown",
        }),
      ],
      { reporter: "destination", source: { workload: "", namespace: "" } },
    ],
    [
      "a waypoint speaks for both",
      [series("requests", 3, { reporter: "waypoint", connection_security_policy: "mutual_tls" })],
      { reporter: "waypoint", mtlsRatio: 1 },
    ],
    [
      "a ztunnel on each side",
      [
        series("tcpReceived", 30, { app: "ztunnel", connection_security_policy: "mutual_tls" }),
        series("tcpReceived", 30, {
          app: "ztunnel",
          reporter: "destination",
          connection_security_policy: "mutual_tls",
        }),
      ],
      { reporter: "ztunnel", protocol: "tcp", bytesPerSecond: { sent: 30, received: 0 }, mtlsRatio: 1 },
    ],
    [
      "a sidecar calls into ambient",
      [
        series("tcpSent", 30),
        series("tcpSent", 30, {
          app: "ztunnel",
          reporter: "destination",
          connection_security_policy: "mutual_tls",
        }),
      ],
      { reporter: "both", bytesPerSecond: { sent: 0, received: 30 } },
    ],
    [
      "half of it is plain",
      [
        series("requests", 10),
        series("requests", 5, { reporter: "destination", connection_security_policy: "mutual_tls" }),
        series("requests", 5, { reporter: "destination", connection_security_policy: "none" }),
      ],
      { reporter: "both", mtlsRatio: 0.5 },
    ],
    ["nobody knows about TLS", [series("requests", 10)], { reporter: "source", mtlsRatio: null }],
  ]

  test.each(cases)("%s", (_, input, wanted) => {
    const edges = reconcile(input)
    expect(edges).toHaveLength(1)
    expect(edges[0]).toMatchObject(wanted)
  })
})

describe("what labels mean", () => {
  const serviceCases: [string, string, string, string][] = [
    ["reviews.shop.svc.cluster.local", "other", "reviews", "shop"],
    ["reviews", "shop", "reviews", "shop"],
    ["API.Example.com:443", "unknown", "api.example.com", ""],
    ["*.wikipedia.org", "egress", "*.wikipedia.org", "egress"],
    ["PassthroughCluster", "unknown", "PassthroughCluster", ""],
    ["BlackHoleCluster", "unknown", "BlackHoleCluster", ""],
    ["unknown", "unknown", "", ""],
  ]
  test.each(serviceCases)("service %s in %s is %s in '%s'", (name, namespace, service, serviceNamespace) => {
    const [edge] = reconcile([
      series("requests", 1, { destination_service_name: name, destination_service_namespace: namespace }),
    ])
    expect(edge?.destination).toMatchObject({ service, serviceNamespace })
  })

  describe("of requests that reached nobody", () => {
    const nobody = {
      destination_workload: "unknown",
      destination_workload_namespace: "unknown",
      destination_cluster: "unknown",
      destination_service_namespace: "unknown",
      response_code: "503",
    }
    const cases: [string, string, string, string, string][] = [
      ["UH", "cart", "cart.shop.svc.cluster.local", "cart", "shop"],
      ["FI", "cart", "cart.other.svc.cluster.local", "cart", "other"],
      ["NC", "nothing", "nothing", "nothing", "shop"],
      ["NR", "cart.other", "cart.other", "cart.other", ""],
      ["UF", "api.example.com", "api.example.com", "api.example.com", ""],
      ["UH", "BlackHoleCluster", "cart.shop.svc.cluster.local", "BlackHoleCluster", ""],
      ["UH", "PassthroughCluster", "unknown", "PassthroughCluster", ""],
      ["DC", "unknown", "unknown", "", ""],
    ]
    test.each(cases)(
      "%s, the service %s of host %s is %s in '%s'",
      (flags, name, host, service, namespace) => {
        const labels = { ...nobody, destination_service_name: name, destination_service: host }
        const [edge] = reconcile([series("requests", 1, { ...labels, response_flags: flags })])
        expect(edge?.destination).toMatchObject({ service, serviceNamespace: namespace })
      },
    )

    test("two services of one name stay two, with their own latencies", () => {
      const to = (namespace: string) => ({
        ...nobody,
        destination_service_name: "cart",
        destination_service: `cart.${namespace}.svc.cluster.local`,
      })
      const reconciler = createReconciler()
      for (const [namespace, rate] of [
        ["shop", 3],
        ["other", 4],
      ] as const)
        reconciler.add(series("requests", rate, to(namespace)))
      expect(reconciler.chosen().hosts).toBe(true)
      for (const [namespace, bytes] of [
        ["shop", 30],
        ["other", 40],
      ] as const)
        reconciler.add(series("requestBytes", bytes, to(namespace)))
      expect(
        reconciler
          .edges()
          .map(({ destination, requestsPerSecond, bytesPerSecond }) => [
            destination.serviceNamespace,
            requestsPerSecond,
            bytesPerSecond.sent,
          ]),
      ).toEqual([
        ["other", 4, 40],
        ["shop", 3, 30],
      ])
    })

    test("hosts are not asked for where namespaces are known", () => {
      const reconciler = createReconciler()
      reconciler.add(series("requests", 1, { destination_service: "cart.shop.svc.cluster.local" }))
      expect(reconciler.chosen().hosts).toBe(false)
    })
  })

  test("the same names in two clusters are two relations, with their own bytes", () => {
    const west = { destination_cluster: "west" }
    const edges = reconcile([
      series("requests", 1),
      series("requests", 2, west),
      series("requestBytes", 100),
      series("requestBytes", 200, west),
    ])
    expect(
      edges.map(({ destination, bytesPerSecond }) => [destination.cluster, bytesPerSecond.sent]),
    ).toEqual([
      ["east", 100],
      ["west", 200],
    ])
  })

  test("a relation whose version changes keeps the name of the busier one", () => {
    const [edge, ...others] = reconcile([
      series("requests", 1, { source_version: "v1" }),
      series("requests", 9, { source_version: "v2" }),
    ])
    expect(others).toEqual([])
    expect(edge?.source.version).toBe("v2")
  })

  test("bytes without cluster labels find their relation", () => {
    const bytes = series("responseBytes", 70)
    const labels = { ...bytes.labels, source_cluster: undefined, destination_cluster: undefined }
    expect(reconcile([series("requests", 1), { ...bytes, labels }])[0]?.bytesPerSecond.received).toBe(70)
  })

  test("what is no number is dropped and told", () => {
    const reconciler = createReconciler()
    for (const value of [NaN, Infinity, -1, 4]) reconciler.add(series("requests", value))
    expect(reconciler.edges()[0]?.requestsPerSecond).toBe(4)
    expect(reconciler.gaps()).toEqual(["istio_requests_total: 3 not a number, left out"])
  })

  test("a family whose answer broke off leaves nothing behind", () => {
    const reconciler = createReconciler()
    reconciler.add(series("requests", 1))
    reconciler.add(series("requestBytes", 100))
    reconciler.add(series("duration", 1, { le: "10" }))
    reconciler.forget("requestBytes")
    reconciler.forget("duration")
    expect(reconciler.edges()[0]).toMatchObject({ bytesPerSecond: { sent: 0 }, latencyMs: null })
  })
})

const anySeries: fc.Arbitrary<RateSeries> = fc
  .record({
    family: fc.constantFrom<Family[]>("requests", "tcpSent", "tcpReceived", "tcpOpened"),
    perSecond: fc.double({ min: 0, max: 1e6, noNaN: true }),
    reporter: fc.constantFrom("source", "destination", "waypoint"),
    source_workload: fc.constantFrom("a", "b", "unknown"),
    destination_workload: fc.constantFrom("c", "d", "unknown"),
    destination_service_name: fc.constantFrom("c", "d", "unknown", "x.example.com"),
    request_protocol: fc.constantFrom("http", "grpc"),
    response_code: fc.constantFrom("200", "503", "0"),
    connection_security_policy: fc.constantFrom("mutual_tls", "none", "unknown"),
  })
  .map(({ family, perSecond, ...labels }) => series(family, perSecond, labels))

describe("for any series", () => {
  const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-6 * Math.max(1, a, b))

  test("no request is lost or counted twice: the sum over edges is the sum over the believed reporters", () => {
    fc.assert(
      fc.property(fc.array(anySeries, { maxLength: 40 }), (input) => {
        const sums = new Map<string, Map<string, number>>()
        for (const { family, perSecond, labels } of input) {
          if (family !== "requests") continue
          const { source_workload, destination_workload, destination_service_name, request_protocol } = labels
          const key = [
            source_workload,
            destination_workload,
            destination_service_name,
            request_protocol,
          ].join()
          const reporters = sums.get(key) ?? new Map<string, number>()
          sums.set(key, reporters)
          const reporter = labels["reporter"] ?? ""
          reporters.set(reporter, (reporters.get(reporter) ?? 0) + perSecond)
        }
        const believed = [...sums.values()].map(
          (each) => each.get("source") || each.get("waypoint") || each.get("destination") || 0,
        )
        const edges = reconcile(input)
        near(
          edges.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
          believed.reduce((sum, rate) => sum + rate, 0),
        )
        for (const edge of edges)
          near(
            edge.responses.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
            edge.requestsPerSecond,
          )
      }),
    )
  })

  test("edges do not depend on the order of series, are ordered, and have no duplicates", () => {
    fc.assert(
      fc.property(fc.array(anySeries, { maxLength: 40 }), (input) => {
        const keys = reconcile(input).map(edgeKey)
        expect(keys).toEqual([...new Set(keys)].sort())
        expect(reconcile(input.toReversed()).map(edgeKey)).toEqual(keys)
      }),
    )
  })

  test("shares of mutual TLS are between 0 and 1", () => {
    fc.assert(
      fc.property(fc.array(anySeries, { maxLength: 40 }), (input) => {
        for (const { mtlsRatio } of reconcile(input))
          expect(mtlsRatio === null || (mtlsRatio >= 0 && mtlsRatio <= 1 + 1e-12)).toBe(true)
      }),
    )
  })
})
