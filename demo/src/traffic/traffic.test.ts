import fc from "fast-check"
import { beforeEach, describe, expect, test } from "vitest"
import { type KubeApi, createKubeApi } from "#demo/kube/kube-api.ts"
import type { ObjectInput } from "#demo/kube/store.ts"
import { bookinfo } from "#demo/mesh/bookinfo.ts"
import { type Controllers, startControllers } from "#demo/mesh/control/controllers.ts"
import { type DemoMesh, istio, proxyImage, security } from "#demo/mesh/parts.ts"
import { shop } from "#demo/mesh/shop.ts"
import { type Flow, httpColumns, tcpColumns } from "./flow.ts"
import { type Traffic, createTraffic } from "./traffic.ts"

type World = {
  kube: KubeApi
  traffic: Traffic
  controllers: Controllers
  pass(ms: number): void
  apply(object: ObjectInput): void
}

function worldOf(mesh: DemoMesh): World {
  let at = Date.UTC(2026, 0, 1)
  const now = () => at
  const kube = createKubeApi({ now })
  for (const object of mesh.objects) kube.store.apply(object)
  const metrics = {
    port: 1,
    path: (namespace: string, pod: string) => `/stats/prometheus/${namespace}/${pod}`,
  }
  const controllers = startControllers({ store: kube.store, now, metrics, proxyImage })
  controllers.run()
  const traffic = createTraffic({
    store: kube.store,
    demand: mesh.demand,
    now,
    cluster: "demo",
    amplitude: 0,
  })
  traffic.advance()
  const pass = (ms: number): void => {
    at += ms
    controllers.run()
    traffic.advance()
  }
  return { kube, traffic, controllers, pass, apply: (object) => void kube.store.apply(object) }
}

const rate = (flows: readonly Flow[], labels: Record<string, string>): number =>
  flows
    .filter((flow) => Object.entries(labels).every(([name, value]) => flow.labels[name] === value))
    .reduce((sum, { perSecond }) => sum + (perSecond[httpColumns.requests] ?? 0), 0)

const toReviews = { reporter: "source", destination_service: "reviews.bookinfo.svc.cluster.local" }
const virtualService = (http: unknown[]): ObjectInput =>
  istio("VirtualService", "bookinfo", "reviews", { hosts: ["reviews"], http })
const route = (subset: string, weight = 100) => ({ destination: { host: "reviews", subset }, weight })

describe("Bookinfo under a changing config", () => {
  let world: World
  beforeEach(() => {
    world = worldOf(bookinfo())
  })
  const asked = (labels: Record<string, string>): number => rate(world.traffic.flows(), labels)

  test("requests start at the gateway, which reports as source, and both sides of a call agree", () => {
    expect(
      asked({
        reporter: "source",
        source_workload: "istio-ingressgateway",
        destination_workload: "productpage-v1",
      }),
    ).toBeCloseTo(20, 6)
    expect(asked({ reporter: "destination", destination_workload: "istio-ingressgateway" })).toBe(0)
    expect(asked({ ...toReviews, reporter: "destination" })).toBeCloseTo(asked(toReviews), 9)
  })

  test("shifted weights shift the rates within the tick", () => {
    world.apply(virtualService([{ route: [route("v1", 25), route("v3", 75)] }]))
    expect(asked({ ...toReviews, destination_version: "v1" })).toBeCloseTo(5, 6)
    expect(asked({ ...toReviews, destination_version: "v2" })).toBe(0)
    expect(asked({ ...toReviews, destination_version: "v3" })).toBeCloseTo(15, 6)
    expect(
      asked({ reporter: "source", source_workload: "reviews-v3", destination_service_name: "ratings" }),
    ).toBeCloseTo(15, 6)
  })

  test("a header that the user carries decides at every hop", () => {
    world.apply(
      virtualService([
        { match: [{ headers: { "end-user": { exact: "jason" } } }], route: [route("v2")] },
        { route: [route("v1")] },
      ]),
    )
    expect(asked({ ...toReviews, destination_version: "v2" })).toBeCloseTo(2, 6)
    expect(asked({ ...toReviews, destination_version: "v1" })).toBeCloseTo(18, 6)
  })

  test("an abort becomes its code with FI, only at the caller, and the server gets the rest", () => {
    world.apply(
      virtualService([
        { fault: { abort: { percentage: { value: 40 }, httpStatus: 418 } }, route: [route("v1")] },
      ]),
    )
    expect(
      asked({ ...toReviews, response_code: "418", response_flags: "FI", destination_workload: "unknown" }),
    ).toBeCloseTo(8, 6)
    expect(asked({ ...toReviews, response_code: "200" })).toBeCloseTo(12, 6)
    expect(asked({ ...toReviews, reporter: "destination" })).toBeCloseTo(12, 6)
  })

  test("a delay slows the caller and what waits for it, not the server", () => {
    const mean = (labels: Record<string, string>): number => {
      const flows = world.traffic
        .flows()
        .filter((flow) => Object.entries(labels).every(([name, value]) => flow.labels[name] === value))
      const sum = (column: number) =>
        flows.reduce((total, { perSecond }) => total + (perSecond[column] ?? 0), 0)
      return sum(httpColumns.durationMs) / sum(httpColumns.requests)
    }
    const before = mean({ reporter: "destination", destination_workload: "productpage-v1" })
    const server = mean({ ...toReviews, reporter: "destination", destination_version: "v1" })
    world.apply(
      virtualService([
        { fault: { delay: { percentage: { value: 50 }, fixedDelay: "2s" } }, route: [route("v1")] },
      ]),
    )
    expect(mean({ reporter: "destination", destination_workload: "productpage-v1" })).toBeGreaterThan(
      before + 900,
    )
    expect(mean({ ...toReviews, reporter: "destination", destination_version: "v1" })).toBeCloseTo(server, 6)
    expect(asked({ ...toReviews, response_flags: "DI" })).toBeCloseTo(10, 6)
  })

  test.each<[string, unknown[], string, string]>([
    ["a missing subset", [{ route: [route("v9")] }], "503", "NC"],
    ["a missing host", [{ route: [{ destination: { host: "nowhere" } }] }], "503", "NC"],
    ["no matching route", [{ match: [{ uri: { exact: "/never" } }], route: [route("v1")] }], "404", "NR"],
    ["a direct response", [{ directResponse: { status: 429 } }], "429", "-"],
  ])("%s ends all calls at the caller", (_, http, code, flags) => {
    world.apply(virtualService(http))
    expect(
      asked({ ...toReviews, response_code: code, response_flags: flags, destination_workload: "unknown" }),
    ).toBeCloseTo(20, 6)
    expect(asked({ ...toReviews, reporter: "destination" })).toBe(0)
  })

  test("a timeout cuts what takes longer: 504 UT at the caller, DC at the server", () => {
    world.apply(virtualService([{ timeout: "5ms", route: [route("v2")], retries: { attempts: 0 } }]))
    const late = asked({ ...toReviews, response_code: "504", response_flags: "UT" })
    expect(late).toBeGreaterThan(15)
    expect(asked({ ...toReviews, reporter: "destination", response_flags: "DC" })).toBeCloseTo(late, 6)
    expect(asked(toReviews)).toBeCloseTo(20, 6)
  })

  test("a mirror gets copies that only it reports", () => {
    world.apply(
      virtualService([
        { route: [route("v1")], mirror: { host: "reviews", subset: "v3" }, mirrorPercentage: { value: 50 } },
      ]),
    )
    expect(asked({ ...toReviews, destination_version: "v3" })).toBe(0)
    expect(asked({ ...toReviews, reporter: "destination", destination_version: "v3" })).toBeCloseTo(10, 6)
  })

  test("scaled to nothing, calls end with 503 UH; scaled up again, they arrive", () => {
    const scale = (replicas: number): void => {
      for (const version of ["v1", "v2", "v3"]) {
        const live = world.kube.store.get("Deployment.apps", `reviews-${version}`, "bookinfo")
        const spec = live?.["spec"] as Record<string, unknown>
        world.apply({ ...live, spec: { ...spec, replicas } } as ObjectInput)
      }
      world.pass(1000)
    }
    scale(0)
    expect(asked({ ...toReviews, response_code: "503", response_flags: "UH" })).toBeCloseTo(20, 6)
    scale(2)
    expect(asked({ ...toReviews, response_code: "200" })).toBeCloseTo(20, 6)
  })

  test("a client that switches mTLS off against STRICT gets 503 UC", () => {
    world.apply(security("PeerAuthentication", "bookinfo", "default", { mtls: { mode: "STRICT" } }))
    expect(asked({ ...toReviews, response_code: "200" })).toBeCloseTo(20, 6)
    world.apply(
      istio("DestinationRule", "bookinfo", "ratings", {
        host: "ratings",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
    )
    const toRatings = { reporter: "source", destination_service_name: "ratings" }
    expect(asked({ ...toRatings, response_code: "503" })).toBeCloseTo(asked(toRatings), 6)
    expect(asked({ ...toRatings, reporter: "destination" })).toBe(0)
  })

  test("a policy that denies answers 403 on both sides, and nothing is called behind it", () => {
    world.apply(
      security("AuthorizationPolicy", "bookinfo", "deny", {
        selector: { matchLabels: { app: "reviews" } },
        action: "DENY",
        rules: [
          { from: [{ source: { principals: ["cluster.local/ns/bookinfo/sa/bookinfo-productpage"] } }] },
        ],
      }),
    )
    for (const reporter of ["source", "destination"])
      expect(asked({ ...toReviews, reporter, response_code: "403" })).toBeCloseTo(20, 6)
    expect(asked({ destination_service_name: "ratings" })).toBe(0)
  })

  test("what came to no server is labelled as Envoy does: by the service where its cluster is known, else by the host", () => {
    const labelsOf = (http: unknown[]) => {
      world.apply(virtualService(http))
      return world.traffic
        .flows()
        .filter(
          ({ labels }) => labels["source_workload"] === "productpage-v1" && labels["response_code"] !== "200",
        )
        .map(({ labels }) => [labels["destination_service_name"], labels["destination_service_namespace"]])
    }
    const abort = { percentage: { value: 100 }, httpStatus: 500 }
    expect(labelsOf([{ fault: { abort }, route: [route("v1")] }])).toEqual([
      ["reviews", "unknown"],
      ["reviews", "unknown"],
    ])
    expect(labelsOf([{ route: [route("v9")] }])).toEqual([
      ["reviews.bookinfo.svc.cluster.local", "unknown"],
      ["reviews.bookinfo.svc.cluster.local", "unknown"],
    ])
  })

  test("an HTTPRoute of the service splits its calls, and a backend that is not there answers 500", () => {
    world.kube.store.remove("VirtualService.networking.istio.io", "reviews", "bookinfo")
    world.apply({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "reviews", namespace: "bookinfo" },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "reviews", port: 9080 }],
        rules: [
          {
            backendRefs: [
              { name: "ratings", port: 9080, weight: 3 },
              { name: "nowhere", port: 9080, weight: 1 },
            ],
          },
        ],
      },
    })
    const fromPage = { reporter: "source", source_workload: "productpage-v1" }
    expect(asked({ ...fromPage, destination_workload: "ratings-v1", response_code: "200" })).toBeCloseTo(
      15,
      6,
    )
    expect(asked({ ...fromPage, response_code: "500", response_flags: "NC" })).toBeCloseTo(5, 6)
  })

  test("a new version that nobody described takes its share", () => {
    const live = world.kube.store.get("Deployment.apps", "ratings-v1", "bookinfo")
    const labels = { app: "ratings", version: "v2" }
    const spec = live?.["spec"] as { template: { spec: unknown } }
    world.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "ratings-v2", namespace: "bookinfo" },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: { ...spec.template, metadata: { labels } },
      },
    })
    world.pass(1000)
    const all = asked({ reporter: "source", destination_service_name: "ratings" })
    expect(asked({ reporter: "source", destination_workload: "ratings-v2" })).toBeCloseTo(all * 0.75, 6)
  })
})

describe("the shop", () => {
  const world = worldOf(shop())
  const asked = (labels: Record<string, string>): number => rate(world.traffic.flows(), labels)

  test("a caller without a sidecar is unknown, in plain text, and reported by the server only", () => {
    const labels = { destination_workload: "opinions", source_workload: "unknown" }
    expect(
      asked({
        ...labels,
        reporter: "destination",
        connection_security_policy: "none",
        source_principal: "unknown",
      }),
    ).toBeGreaterThan(0)
    expect(asked({ source_workload: "intranet" })).toBe(0)
  })

  test("and under STRICT it is not heard at all, while meshed callers are", () => {
    const strict = security("PeerAuthentication", "catalog", "default", { mtls: { mode: "STRICT" } })
    const meshed = asked({ reporter: "destination", destination_workload: "catalog", source_workload: "web" })
    world.apply(strict)
    expect(asked({ destination_workload: "catalog", source_workload: "unknown" })).toBe(0)
    expect(
      asked({ reporter: "destination", destination_workload: "catalog", source_workload: "web" }),
    ).toBeCloseTo(meshed, 6)
    world.kube.store.remove("PeerAuthentication.security.istio.io", "default", "catalog")
  })

  test("has gRPC, TCP, a canary, a failing, a slow and a denied service, a machine and a host outside", () => {
    const stable = asked({ reporter: "source", destination_workload: "orders-v1" })
    expect(asked({ reporter: "source", destination_workload: "orders-v2" })).toBeCloseTo(stable / 9, 6)
    expect(
      asked({ reporter: "source", request_protocol: "grpc", grpc_response_status: "0" }),
    ).toBeGreaterThan(10)
    expect(
      asked({ reporter: "source", destination_workload: "payment", response_code: "502" }),
    ).toBeGreaterThan(0.2)
    expect(
      asked({ source_workload: "reports", destination_workload: "payment", response_code: "403" }),
    ).toBeGreaterThan(0.3)
    expect(asked({ reporter: "source", destination_service_name: "api.payments.example" })).toBeGreaterThan(1)
    expect(asked({ reporter: "source", destination_workload: "erp-vm-1" })).toBeGreaterThan(0)
    expect(asked({ reporter: "source", destination_workload: "search-index" })).toBeGreaterThan(1)
    const tcp = (labels: Record<string, string>, column: number) =>
      world.traffic
        .flows()
        .filter((flow) => Object.entries(labels).every(([name, value]) => flow.labels[name] === value))
        .reduce((sum, { perSecond }) => sum + (perSecond[column] ?? 0), 0)
    const database = { reporter: "source", destination_service_name: "orders-db" }
    expect(tcp(database, tcpColumns.sentBytes)).toBeGreaterThan(1000)
    const denied = {
      reporter: "destination",
      source_workload: "dashboards",
      destination_service_name: "users-db",
    }
    expect(tcp(denied, tcpColumns.sentBytes)).toBe(0)
    expect(tcp(denied, tcpColumns.opened)).toBeGreaterThan(0)
  })

  test("every call that reached a server with a proxy is reported there as often as by its caller", () => {
    const reached = (reporter: string) =>
      rate(
        world.traffic
          .flows()
          .filter(
            ({ labels }) =>
              labels["source_workload"] !== "unknown" &&
              labels["destination_workload"] !== "erp-vm-1" &&
              labels["destination_workload"] !== "unknown" &&
              labels["response_flags"] === "-" &&
              labels["request_protocol"] !== "tcp",
          ),
        { reporter },
      )
    expect(reached("source")).toBeCloseTo(reached("destination"), 6)
  })
})

describe("counters", () => {
  const total = (text: string, name: string): number =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0)
  const podOf = (world: World, workload: string): string =>
    world.traffic.pods().find(({ pod }) => pod.startsWith(workload))?.pod ?? ""

  test("grow by rate and time, and histograms count the same requests", () => {
    const world = worldOf(bookinfo())
    world.pass(10_000)
    const text = world.traffic.metrics("bookinfo", podOf(world, "details-v1")) ?? ""
    expect(total(text, "istio_requests_total")).toBeCloseTo(200, 2)
    expect(total(text, "istio_request_duration_milliseconds_count")).toBeCloseTo(200, 2)
    expect(text).toContain('le="+Inf"} 200')
    expect(total(text, "istio_response_bytes_sum")).toBeCloseTo(200 * 178, 0)
  })

  test("a pod that comes later starts at zero, and a pod that is gone has no metrics", () => {
    const world = worldOf(bookinfo())
    world.pass(10_000)
    const old = podOf(world, "details-v1")
    world.kube.store.remove("Pod", old, "bookinfo")
    world.pass(1_000)
    const next = podOf(world, "details-v1")
    expect(next).not.toBe(old)
    world.pass(10_000)
    expect(world.traffic.metrics("bookinfo", old)).toBeUndefined()
    expect(total(world.traffic.metrics("bookinfo", next) ?? "", "istio_requests_total")).toBeCloseTo(200, 2)
  })

  test("the pods of a workload share what it does", () => {
    const world = worldOf(shop())
    world.pass(10_000)
    const pods = world.traffic.pods().filter(({ pod }) => pod.startsWith("web-"))
    const each = pods.map(({ namespace, pod }) =>
      total(world.traffic.metrics(namespace, pod) ?? "", "istio_requests_total"),
    )
    expect(each).toHaveLength(3)
    expect(new Set(each).size).toBe(1)
  })

  test("never fall and never lose a response, whatever happens to the config", () => {
    const change = fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
        .map(([a, b]) => virtualService([{ route: [route("v1", a), route("v3", b), route("v2", 1)] }])),
      fc
        .integer({ min: 0, max: 100 })
        .map((value) =>
          virtualService([
            { fault: { abort: { percentage: { value }, httpStatus: 500 } }, route: [route("v1")] },
          ]),
        ),
      fc
        .constantFrom("v1", "v9")
        .map((subset) => virtualService([{ timeout: "6ms", route: [route(subset)] }])),
      fc
        .constantFrom("STRICT", "DISABLE", "PERMISSIVE")
        .map((mode) => security("PeerAuthentication", "bookinfo", "default", { mtls: { mode } })),
      fc.constantFrom("ALLOW", "DENY").map((action) =>
        security("AuthorizationPolicy", "bookinfo", "p", {
          action,
          rules: [{ to: [{ operation: { paths: ["/reviews/*"] } }] }],
        }),
      ),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const world = worldOf(bookinfo())
        const read = () =>
          new Map(
            world.traffic
              .allMetrics()
              .split("\n")
              .filter((line) => line !== "" && !line.startsWith("#"))
              .map((line) => [
                line.slice(0, line.lastIndexOf(" ")),
                Number(line.slice(line.lastIndexOf(" ") + 1)),
              ]),
          )
        let before = read()
        for (const object of changes) {
          world.apply(object)
          world.pass(2_000)
          const after = read()
          for (const [series, value] of before)
            expect(after.get(series) ?? 0, series).toBeGreaterThanOrEqual(value)
          before = after
          const called = rate(world.traffic.flows(), {
            reporter: "destination",
            destination_workload: "productpage-v1",
            response_code: "200",
          })
          expect(rate(world.traffic.flows(), { ...toReviews })).toBeCloseTo(called, 6)
        }
      }),
      { numRuns: 15 },
    )
  })
})
