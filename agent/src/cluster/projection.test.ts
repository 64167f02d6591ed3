import { describe, expect, test } from "vitest"
import { objectHash } from "#shared/kube/bucket.ts"
import { kindOf, type KindSpec } from "#shared/kube/kinds.ts"
import { factsOf } from "#shared/topology/facts.ts"
import { project, type RawObject } from "./projection.ts"

const specOf = (key: string): KindSpec => {
  const spec = kindOf(key)
  if (!spec) throw new Error(key)
  return spec
}
const trim = (key: string, raw: object, version = "v1") => project(specOf(key), version, raw as RawObject)

const metadata = {
  name: "reviews-v1",
  namespace: "bookinfo",
  uid: "u",
  resourceVersion: "7",
  generation: 3,
  creationTimestamp: "2026-01-01T00:00:00Z",
  labels: { app: "reviews", version: "v1" },
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": "{...}",
    "prometheus.io/port": "9080",
    "sidecar.istio.io/inject": "true",
    "sidecar.istio.io/status": "{...}",
    "ambient.istio.io/redirection": "enabled",
    "team.example/owner": "x",
  },
  managedFields: [{ manager: "kubectl" }],
}
const secretEnv = [{ name: "PASSWORD", value: "hunter2" }]
const container = {
  name: "reviews",
  image: "reviews:1",
  env: secretEnv,
  ports: [{ containerPort: 9080, name: "http" }],
}
const template = {
  metadata: { labels: { app: "reviews" }, annotations: metadata.annotations },
  spec: {
    serviceAccountName: "reviews",
    containers: [container],
    initContainers: [{ name: "istio-proxy", image: "proxyv2:1", restartPolicy: "Always", env: secretEnv }],
    volumes: [{ name: "certs", secret: { secretName: "tls" } }],
  },
}
const deployment = {
  metadata,
  spec: { replicas: 3, selector: { matchLabels: { app: "reviews" } }, template },
  status: {
    readyReplicas: 2,
    observedGeneration: 3,
    conditions: [{ type: "Available", status: "True", message: "m" }],
  },
}
const pod = {
  metadata: {
    ...metadata,
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "x", controller: true }],
  },
  spec: { ...template.spec, nodeName: "n1", tolerations: [] },
  status: {
    phase: "Running",
    podIP: "10.0.0.1",
    startTime: "2026-01-01T00:00:00Z",
    conditions: [
      { type: "Ready", status: "True", lastProbeTime: null },
      { type: "Initialized", status: "True" },
    ],
    containerStatuses: [{ name: "reviews", restartCount: 2, ready: true, imageID: "sha256:..." }],
  },
}

describe("what is kept of an object", () => {
  test("a pod keeps what the graph, the telemetry and its page read, and nothing of its environment", () => {
    const kept = trim("Pod", pod)
    expect(kept).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "reviews-v1",
        namespace: "bookinfo",
        uid: "u",
        creationTimestamp: "2026-01-01T00:00:00Z",
        labels: { app: "reviews", version: "v1" },
        annotations: {
          "prometheus.io/port": "9080",
          "sidecar.istio.io/inject": "true",
          "ambient.istio.io/redirection": "enabled",
        },
        ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", controller: true }],
      },
      spec: {
        nodeName: "n1",
        serviceAccountName: "reviews",
        containers: [{ name: "reviews", image: "reviews:1", ports: [{ name: "http", containerPort: 9080 }] }],
        initContainers: [{ name: "istio-proxy", image: "proxyv2:1", restartPolicy: "Always" }],
      },
      status: {
        phase: "Running",
        podIP: "10.0.0.1",
        startTime: "2026-01-01T00:00:00Z",
        conditions: [{ type: "Ready", status: "True" }],
        containerStatuses: [{ name: "reviews", ready: true, restartCount: 2 }],
      },
    })
  })

  test.each([
    ["Deployment.apps", { apiVersion: "apps/v1", kind: "Deployment", ...deployment }],
    ["StatefulSet.apps", { apiVersion: "apps/v1", kind: "StatefulSet", ...deployment }],
    ["ReplicaSet.apps", { apiVersion: "apps/v1", kind: "ReplicaSet", ...deployment }],
    [
      "DaemonSet.apps",
      {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata,
        spec: { template },
        status: { numberReady: 2, desiredNumberScheduled: 4 },
      },
    ],
    [
      "Job.batch",
      { apiVersion: "batch/v1", kind: "Job", metadata, spec: { template }, status: { active: 2, ready: 1 } },
    ],
    ["Pod", { apiVersion: "v1", kind: "Pod", ...pod, metadata }],
    [
      "Service",
      {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: {
          clusterIP: "None",
          selector: { app: "reviews" },
          ports: [{ name: "http", port: 9080, appProtocol: "http" }],
        },
      },
    ],
    [
      "Namespace",
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "b", labels: { "istio-injection": "enabled" } },
      },
    ],
    [
      "VirtualService.networking.istio.io",
      {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata,
        spec: {
          hosts: ["reviews"],
          http: [{ fault: { abort: {} }, route: [{ destination: { host: "reviews" } }] }],
        },
      },
    ],
  ])("the graph finds the same in a trimmed %s as in a whole one", (key, raw) => {
    expect(factsOf(trim(key, raw))).toEqual(factsOf(raw).map((fact) => ({ ...fact })))
  })

  test("nothing of a Deployment's environment is kept but istiod's cluster id and revision", () => {
    expect(JSON.stringify(trim("Deployment.apps", deployment))).not.toContain("hunter2")
    const env = [...secretEnv, { name: "CLUSTER_ID", value: "east" }, { name: "REVISION", value: "1-27" }]
    const istiod = {
      metadata: { name: "istiod", namespace: "istio-system", labels: { app: "istiod" } },
      spec: { template: { spec: { containers: [{ name: "discovery", image: "pilot:1.27.0", env }] } } },
    }
    expect(trim("Deployment.apps", istiod)["spec"]).toMatchObject({
      template: {
        spec: {
          containers: [
            {
              image: "pilot:1.27.0",
              env: [
                { name: "CLUSTER_ID", value: "east" },
                { name: "REVISION", value: "1-27" },
              ],
            },
          ],
        },
      },
    })
  })

  test("an update of nothing that is kept is no change", () => {
    const later = { ...pod, metadata: { ...pod.metadata, resourceVersion: "8", managedFields: [] } }
    expect(objectHash(trim("Pod", later))).toBe(objectHash(trim("Pod", pod)))
  })

  test("configuration is kept whole, but for managedFields and the last applied text", () => {
    const spec = { hosts: ["*"], anything: { deep: [1, null, "x"] } }
    const raw = {
      apiVersion: "networking.istio.io/v1beta1",
      kind: "Gateway",
      metadata,
      spec,
      status: { ok: true },
    }
    const kept = trim("Gateway.networking.istio.io", raw, "v1beta1")
    expect(kept).toMatchObject({
      apiVersion: "networking.istio.io/v1beta1",
      kind: "Gateway",
      spec,
      status: { ok: true },
    })
    expect(kept.metadata).toMatchObject({ resourceVersion: "7", generation: 3 })
    expect(kept.metadata["managedFields"]).toBeUndefined()
    expect(kept.metadata.annotations).toHaveProperty(["team.example/owner"], "x")
    expect(JSON.stringify(kept)).not.toContain("last-applied")
  })

  test("a service account is only its name", () => {
    expect(
      trim("ServiceAccount", { metadata, secrets: [{ name: "s" }], imagePullSecrets: [{ name: "p" }] }),
    ).toEqual({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: {
        name: "reviews-v1",
        namespace: "bookinfo",
        uid: "u",
        creationTimestamp: "2026-01-01T00:00:00Z",
      },
    })
  })
})
