import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { defaultGateways } from "./default-gateways.ts"
import { podsOfTemplates } from "./template-pods.ts"

type Labels = Record<string, string>

const workload = (
  name: string,
  pod: { labels?: Labels; spec?: object } = {},
  kind = "Deployment",
): KubeObject => {
  const template = {
    metadata: { labels: { app: name, ...pod.labels } },
    spec: { containers: [{ name: "app" }], ...pod.spec },
  }
  const spec = kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template }
  const apiVersion = kind.endsWith("Job") ? "batch/v1" : "apps/v1"
  return { apiVersion, kind, metadata: { name, namespace: "shop" }, spec }
}
const namespace = (labels: Labels): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop", labels },
})
const pod = (name: string, of = "shop"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: of },
})

const containersOf = (object: KubeObject | undefined): unknown =>
  (object?.["spec"] as { containers: { name: string }[] }).containers.map(({ name }) => name)

describe("pods of workloads' templates", () => {
  test.each(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"])(
    "are made for a %s",
    (kind) => {
      expect(podsOfTemplates([workload("cart", {}, kind)])).toMatchObject([
        {
          kind: "Pod",
          metadata: {
            name: "cart",
            namespace: "shop",
            labels: { app: "cart" },
            ownerReferences: [{ kind, name: "cart" }],
          },
        },
      ])
    },
  )

  test("are not made where the namespace has pods of its own", () => {
    expect(podsOfTemplates([workload("cart"), pod("x")])).toEqual([])
    expect(podsOfTemplates([workload("cart"), pod("x", "other")])).toHaveLength(1)
  })

  test("are not made of what only looks like a workload", () => {
    expect(podsOfTemplates([{ ...workload("cart"), apiVersion: "acme/v1" }, namespace({})])).toEqual([])
    expect(podsOfTemplates([{ ...workload("cart"), spec: 7 }])).toMatchObject([{ metadata: { labels: {} } }])
  })

  const cases: [string, Parameters<typeof workload>[1], Labels | undefined, boolean][] = [
    ["a namespace that is not among the files", {}, undefined, true],
    ["a namespace that asks for it", {}, { "istio-injection": "enabled" }, true],
    ["a namespace that names a revision", {}, { "istio.io/rev": "canary" }, true],
    ["a namespace that does not ask", {}, {}, false],
    ["a namespace in ambient mode", {}, { "istio.io/dataplane-mode": "ambient" }, false],
    ["a pod that asks for itself", { labels: { "sidecar.istio.io/inject": "true" } }, {}, true],
    [
      "a pod that does not want it",
      { labels: { "sidecar.istio.io/inject": "false" } },
      { "istio-injection": "enabled" },
      false,
    ],
    ["a pod on its node's network", { spec: { hostNetwork: true } }, undefined, false],
  ]
  test.each(cases)("have a sidecar as it will be injected: %s", (_, template, labels, has) => {
    const [made] = podsOfTemplates([workload("cart", template), ...(labels ? [namespace(labels)] : [])])
    expect(containersOf(made)).toEqual(has ? ["app", "istio-proxy"] : ["app"])
  })

  test("keep a proxy that the template has", () => {
    const [made] = podsOfTemplates([workload("gw", { spec: { containers: [{ name: "istio-proxy" }] } })])
    expect(containersOf(made)).toEqual(["istio-proxy"])
  })
})

describe("Istio's own gateways", () => {
  const config = (mode: unknown): KubeObject => ({
    apiVersion: "v1",
    kind: "MeshConfig",
    metadata: { name: "istio", namespace: "istio-system" },
    spec: { ingressControllerMode: mode },
  })

  test("are taken to be there when nothing of its namespace is among the files", () => {
    expect(
      defaultGateways([workload("cart"), config("STRICT")], "istio-system").map(({ kind }) => kind),
    ).toEqual(["Pod", "Service", "Pod", "Service"])
    expect(defaultGateways([pod("x", "istio-system")], "mesh")).toMatchObject([
      { metadata: { namespace: "mesh" } },
      {},
      {},
      {},
    ])
  })

  test.each([
    ["a pod there", pod("x", "istio-system")],
    ["a workload there", { ...workload("x"), metadata: { name: "x", namespace: "istio-system" } }],
    ["it is off", config("OFF")],
    // YAML 1.1 has no other meaning for OFF without quotes.
    ["it is off without quotes", config(false)],
  ])("are not when there is %s", (_, object) => {
    expect(defaultGateways([object], "istio-system")).toEqual([])
  })
})
