import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { istio } from "./mesh/parts.ts"
import { type Demo, startDemo } from "./demo.ts"

describe("a demo of the shop", () => {
  let demo: Demo
  let at = Date.UTC(2026, 0, 1)
  beforeAll(async () => {
    demo = await startDemo({ mesh: "shop", now: () => at, tickMs: 60_000, amplitude: 0 })
  })
  afterAll(() => demo.close())

  const get = async (url: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(url)
    return { status: response.status, body: await response.text() }
  }
  const firstPod = (workload: string) =>
    demo.kube.store.list("Pod").find(({ metadata }) => metadata.name.startsWith(`${workload}-`))

  test("serves each proxy where the pod's own annotations say", async () => {
    at += 10_000
    const pod = firstPod("productpage-v1")
    const { "prometheus.io/port": port, "prometheus.io/path": path } = pod?.metadata.annotations ?? {}
    const { status, body } = await get(`http://127.0.0.1:${port ?? ""}${path ?? ""}`)
    expect(status).toBe(200)
    expect(body).toMatch(/^istio_requests_total\{reporter="source",source_workload="productpage-v1".*\} \d+/m)
    expect(body).toBe(demo.metrics("bookinfo", pod?.metadata.name ?? ""))
  })

  test("has nothing for pods without a proxy and pods that are not there", async () => {
    for (const pod of [firstPod("intranet")?.metadata.name ?? "", "nobody"])
      expect((await get(`${demo.metricsUrl}/stats/prometheus/legacy/${pod}`)).status).toBe(404)
    expect((await get(`${demo.metricsUrl}/`)).status).toBe(404)
  })

  test("names all its proxies for Prometheus, and serves them as one", async () => {
    const targets = JSON.parse((await get(`${demo.metricsUrl}/sd`)).body) as {
      targets: string[]
      labels: Record<string, string>
    }[]
    expect(targets.length).toBeGreaterThan(60)
    expect(targets[0]?.labels["__metrics_path__"]).toMatch(/^\/stats\/prometheus\//)
    const { body } = await get(`${demo.metricsUrl}/metrics/all`)
    expect(body.match(/^# TYPE /gm)).toHaveLength(8)
    expect(body).toContain(`namespace="bookinfo",pod="${firstPod("details-v1")?.metadata.name ?? ""}"`)
  })

  test("answers over the Kubernetes API, and its traffic follows what is written there", () => {
    const flags = () =>
      demo.traffic
        .flows()
        .some(
          ({ labels }) =>
            labels["destination_service_name"] === "ratings" && labels["response_flags"] === "FI",
        )
    expect(flags()).toBe(false)
    demo.kube.store.apply(
      istio("VirtualService", "bookinfo", "ratings", {
        hosts: ["ratings"],
        http: [
          {
            fault: { abort: { percentage: { value: 50 }, httpStatus: 503 } },
            route: [{ destination: { host: "ratings" } }],
          },
        ],
      }),
    )
    expect(flags()).toBe(true)
    demo.kube.store.remove("VirtualService.networking.istio.io", "ratings", "bookinfo")
    expect(flags()).toBe(false)
  })

  test("goes on when a definition is removed with all its objects", () => {
    demo.kube.store.remove(
      "CustomResourceDefinition.apiextensions.k8s.io",
      "peerauthentications.security.istio.io",
    )
    expect(demo.traffic.flows().length).toBeGreaterThan(100)
  })
})
