import { beforeEach, describe, expect, test } from "vitest"
import { type KubeApi, createKubeApi } from "#demo/kube/kube-api.ts"
import type { ObjectInput } from "#demo/kube/store.ts"
import { list, record } from "#shared/topology/fact/read.ts"
import { account, deployment, namespace, proxyImage, service, statefulSet } from "../parts.ts"
import { type Controllers, startControllers } from "./controllers.ts"

const at = "shop"
const slices = "EndpointSlice.discovery.k8s.io"

describe("a namespace with injection, a deployment, a stateful set and a service", () => {
  let kube: KubeApi
  let controllers: Controllers
  const names = (kind: string) =>
    kube.store.list(kind, { namespace: at }).map(({ metadata }) => metadata.name)
  const webPods = () => names("Pod").filter((name) => name.startsWith("web-"))
  const change = (spec: Record<string, unknown>): void => {
    const live = kube.store.get("Deployment.apps", "web", at)
    kube.store.update({ ...live, spec: { ...record(live?.["spec"]), ...spec } } as ObjectInput)
    controllers.run()
  }
  const endpoints = () =>
    list(kube.store.list(slices, { namespace: at })[0]?.["endpoints"]).map(
      (endpoint) => record(record(endpoint)["targetRef"])["name"],
    )

  beforeEach(() => {
    kube = createKubeApi({ now: () => Date.UTC(2026, 0, 1) })
    for (const object of [
      namespace(at, { "istio-injection": "enabled" }),
      account(at, "web"),
      service(at, "web", [{ name: "http", port: 80, target: 8080 }]),
      deployment({
        namespace: at,
        name: "web",
        labels: { app: "web", version: "v1" },
        replicas: 2,
        account: "web",
      }),
      deployment({
        namespace: at,
        name: "plain",
        labels: { app: "plain", "sidecar.istio.io/inject": "false" },
      }),
      statefulSet({ namespace: at, name: "db", labels: { app: "db" }, replicas: 2, service: "db" }),
    ])
      kube.store.apply(object)
    controllers = startControllers({
      store: kube.store,
      now: () => Date.UTC(2026, 0, 1),
      metrics: { port: 4711, path: (namespaceOfIt, pod) => `/${namespaceOfIt}/${pod}` },
      proxyImage,
    })
    controllers.run()
  })

  test("has ready pods of each, with ordinals for the stateful set, and an account", () => {
    expect(webPods()).toHaveLength(2)
    expect(names("Pod").filter((name) => name.startsWith("db-"))).toEqual(["db-0", "db-1"])
    expect(record(kube.store.get("Deployment.apps", "web", at)?.["status"])).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
    })
    expect(names("ServiceAccount")).toContain("default")
  })

  test("injects the proxy with its annotations, unless a pod opts out", () => {
    const [name = ""] = webPods()
    const pod = kube.store.get("Pod", name, at)
    expect(pod?.metadata.annotations).toMatchObject({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "4711",
      "prometheus.io/path": `/shop/${name}`,
    })
    const containers = (podName: string) =>
      list(record(kube.store.get("Pod", podName, at)?.["spec"])["containers"]).map(
        (container) => record(container)["name"],
      )
    expect(containers(name)).toEqual(["web", "istio-proxy"])
    expect(containers(names("Pod").find((candidate) => candidate.startsWith("plain-")) ?? "")).toEqual([
      "plain",
    ])
  })

  test("has its endpoints in the service's slice", () => {
    expect(endpoints().sort()).toEqual(webPods())
    expect(kube.store.list(slices, { namespace: at })[0]).toMatchObject({
      ports: [{ name: "http", port: 8080 }],
    })
  })

  test("follows when it is scaled", () => {
    change({ replicas: 5 })
    expect(webPods()).toHaveLength(5)
    change({ replicas: 1 })
    expect(webPods()).toHaveLength(1)
    expect(endpoints().sort()).toEqual(webPods())
  })

  test("replaces a pod that was deleted under another name", () => {
    const [first = ""] = webPods()
    kube.store.remove("Pod", first, at)
    controllers.run()
    expect(webPods()).toHaveLength(2)
    expect(webPods()).not.toContain(first)
  })

  test("replaces all pods when the template changes", () => {
    const before = webPods()
    const template = record(record(kube.store.get("Deployment.apps", "web", at)?.["spec"])["template"])
    change({ template: { ...template, metadata: { labels: { app: "web", version: "v2" } } } })
    expect(webPods()).toHaveLength(2)
    expect(webPods().filter((name) => before.includes(name))).toEqual([])
    expect(names("ReplicaSet.apps").filter((name) => name.startsWith("web-"))).toHaveLength(1)
  })

  test("leaves nothing behind when owners are deleted", () => {
    kube.store.remove("Deployment.apps", "web", at)
    kube.store.remove("StatefulSet.apps", "db", at)
    kube.store.remove("Service", "web", at)
    controllers.run()
    expect(names("Pod").every((name) => name.startsWith("plain-"))).toBe(true)
    expect(names(slices)).toEqual([])
  })

  test("ends with its namespace, and nothing comes back", () => {
    kube.store.remove("Namespace", at)
    controllers.run()
    expect(names("Pod")).toEqual([])
    expect(kube.store.get("Namespace", at)).toBeUndefined()
  })

  test("has nothing left to do once it is settled", () => {
    controllers.run()
    expect(controllers.run()).toBe(0)
  })
})
