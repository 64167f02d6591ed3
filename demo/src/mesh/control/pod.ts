import type { ObjectInput } from "#demo/kube/store.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { list, record, stringMap, text } from "#shared/topology/fact/read.ts"
import { hashOf } from "../seed.ts"

/** Where the demo's proxies are scraped. */
export type MetricsAddress = { port: number; path(namespace: string, pod: string): string }

export type PodContext = {
  /** RFC 3339. */
  time: string
  metrics: MetricsAddress
  nodes: readonly string[]
  /** Image of the sidecar. */
  proxyImage: string
  /** Labels of the namespace. */
  namespaceLabels: Readonly<Record<string, string>>
}

type Template = {
  labels: Record<string, string>
  annotations: Record<string, string>
  spec: Record<string, unknown>
}

const templateOf = (owner: KubeObject): Template => {
  const template = record(record(owner["spec"])["template"])
  const metadata = record(template["metadata"])
  return {
    labels: stringMap(metadata["labels"]),
    annotations: stringMap(metadata["annotations"]),
    spec: { ...record(template["spec"]) },
  }
}

/** Source: istio.io, "Controlling the injection policy": the pod's label decides, then the namespace's. */
function isInjected({ labels }: Template, namespaceLabels: PodContext["namespaceLabels"]): boolean {
  const own = labels["sidecar.istio.io/inject"]
  if (own !== undefined) return own === "true"
  return namespaceLabels["istio-injection"] === "enabled" || namespaceLabels["istio.io/rev"] !== undefined
}

type Place = { namespace: string; name: string }

/** What Istio's injector adds: the proxy, its labels, and where its metrics are. */
function injected(
  template: Template,
  { namespace, name }: Place,
  { metrics, proxyImage }: PodContext,
): Template {
  const { labels, annotations, spec } = template
  const proxy = {
    name: "istio-proxy",
    image: proxyImage,
    args: ["proxy", "sidecar"],
    ports: [{ name: "http-envoy-prom", containerPort: 15090, protocol: "TCP" }],
    resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { cpu: "2", memory: "1Gi" } },
  }
  const app = list(spec["containers"]).filter((container) => record(container)["name"] !== "istio-proxy")
  const canonical = labels["app"] ?? labels["app.kubernetes.io/name"] ?? name
  return {
    labels: {
      ...labels,
      "security.istio.io/tlsMode": "istio",
      "service.istio.io/canonical-name": canonical,
      "service.istio.io/canonical-revision": labels["version"] ?? "latest",
    },
    annotations: {
      ...annotations,
      "prometheus.io/scrape": "true",
      "prometheus.io/port": String(metrics.port),
      "prometheus.io/path": metrics.path(namespace, name),
      "sidecar.istio.io/status": '{"containers":["istio-proxy"],"revision":"default"}',
    },
    spec: { ...spec, containers: [...app, proxy] },
  }
}

/** A pod of a ReplicaSet or StatefulSet as it is once the kubelet is done with it: injected, scheduled, running and ready. */
export function podOf(owner: KubeObject, name: string, context: PodContext): ObjectInput {
  const namespace = owner.metadata.namespace ?? ""
  const written = templateOf(owner)
  const template = isInjected(written, context.namespaceLabels)
    ? injected(written, { namespace, name }, context)
    : written
  const node = context.nodes[hashOf(`${namespace}/${name}`) % Math.max(1, context.nodes.length)]
  const time = { lastProbeTime: null, lastTransitionTime: context.time }
  const containers = list(template.spec["containers"]).map(record)
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: template.labels,
      annotations: template.annotations,
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? "",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { ...template.spec, ...(node === undefined ? {} : { nodeName: node }) },
    status: {
      phase: "Running",
      podIP: "127.0.0.1",
      podIPs: [{ ip: "127.0.0.1" }],
      hostIP: "127.0.0.1",
      startTime: context.time,
      qosClass: "Burstable",
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        ...time,
      })),
      containerStatuses: containers.map((container) => ({
        name: text(container["name"]),
        image: text(container["image"]),
        imageID: "",
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: context.time } },
      })),
    },
  }
}
