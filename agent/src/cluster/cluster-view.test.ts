import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { createCache } from "./cache.ts"
import { createClusterView } from "./cluster-view.ts"

const owner = (kind: string, name: string) => [{ apiVersion: "apps/v1", kind, name, controller: true }]
const pod = (name: string, ownerReferences: object[]): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", labels: { app: "cart" }, ownerReferences },
  spec: {
    nodeName: "n1",
    serviceAccountName: "cart",
    containers: [{ name: "cart", image: "cart:1", ports: [{ name: "http", containerPort: 8080 }] }],
    initContainers: [
      { name: "istio-init", image: "proxyv2" },
      { name: "istio-proxy", image: "proxyv2", restartPolicy: "Always", ports: [{ containerPort: 15090 }] },
    ],
  },
  status: { phase: "Running", podIP: "10.0.0.7", conditions: [{ type: "Ready", status: "True" }] },
})

describe("what telemetry sees of the cluster", () => {
  const cache = createCache(() => 0)
  const view = createClusterView(cache, () => "uid")
  cache.put("ReplicaSet.apps", {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "cart-abc", namespace: "shop", ownerReferences: owner("Deployment", "cart") },
  })
  cache.put("Pod", pod("cart-abc-1", owner("ReplicaSet", "cart-abc")))
  cache.put("Pod", pod("db-0", owner("StatefulSet", "db")))
  cache.put("Pod", pod("alone", []))
  cache.put("Pod", pod("orphan", owner("ReplicaSet", "gone")))

  test("a pod with its address, its containers and its native sidecar", () => {
    expect([...view.pods()][0]).toEqual({
      namespace: "shop",
      name: "cart-abc-1",
      ip: "10.0.0.7",
      phase: "Running",
      ready: true,
      node: "n1",
      serviceAccount: "cart",
      labels: { app: "cart" },
      annotations: {},
      containers: [
        { name: "cart", image: "cart:1", ports: [{ name: "http", port: 8080, protocol: "TCP" }] },
        { name: "istio-proxy", image: "proxyv2", ports: [{ name: "", port: 15090, protocol: "TCP" }] },
      ],
    })
  })

  test.each([
    ["cart-abc-1", "Deployment", "cart"],
    ["db-0", "StatefulSet", "db"],
    ["alone", "Pod", "alone"],
    ["orphan", "ReplicaSet", "gone"],
    ["unheard-of", "Pod", "unheard-of"],
  ])("the workload of %s is %s %s", (name, kind, workload) => {
    expect(view.workloadOf({ namespace: "shop", name })).toEqual({ kind, namespace: "shop", name: workload })
  })

  test("a service's target port is a number or a name, as text", () => {
    cache.put("Service", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cart", namespace: "shop" },
      spec: {
        clusterIP: "10.96.0.1",
        selector: { app: "cart" },
        ports: [{ name: "http", port: 80, targetPort: "web" }, { port: 81 }, { port: 82, targetPort: 8082 }],
      },
    })
    expect([...view.services()][0]?.ports.map(({ targetPort }) => targetPort)).toEqual(["web", "81", "8082"])
  })
})
