import type { ObjectInput } from "#demo/kube/store.ts"
import { account, deployment, istioVersion, namespace, object, proxyImage, service } from "./parts.ts"

/** Istio's id of the demo cluster. */
export const clusterId = "demo"

const node = (name: string, zone: string): ObjectInput =>
  object(
    "v1",
    "Node",
    {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": "eu-demo-1",
        "topology.kubernetes.io/zone": zone,
      },
    },
    {
      spec: { providerID: `demo://${name}` },
      status: {
        capacity: { cpu: "8", memory: "32Gi", pods: "250" },
        allocatable: { cpu: "7800m", memory: "30Gi", pods: "250" },
        conditions: [
          {
            type: "Ready",
            status: "True",
            reason: "KubeletReady",
            message: "kubelet is posting ready status",
          },
        ],
        nodeInfo: {
          kubeletVersion: "v1.34.1",
          osImage: "Demo Linux 1",
          kernelVersion: "6.12.0",
          containerRuntimeVersion: "containerd://2.1.4",
          architecture: "amd64",
          operatingSystem: "linux",
        },
      },
    },
  )

export const nodes = (count: number): ObjectInput[] =>
  Array.from({ length: count }, (_, i) => node(`demo-node-${i + 1}`, `eu-demo-1${"abc".charAt(i % 3)}`))

const system = "istio-system"

/** istiod and an ingress gateway, as an installation with Helm leaves them. */
export const controlPlane = (gatewayReplicas = 1): ObjectInput[] => [
  namespace(system),
  account(system, "istiod"),
  account(system, "istio-ingressgateway"),
  service(
    system,
    "istiod",
    [
      { name: "grpc-xds", port: 15010 },
      { name: "https-dns", port: 15012 },
      { name: "https-webhook", port: 443, target: 15017 },
      { name: "http-monitoring", port: 15014 },
    ],
    { selector: { app: "istiod" }, labels: { istio: "pilot" } },
  ),
  deployment({
    namespace: system,
    name: "istiod",
    labels: { app: "istiod", istio: "pilot", "istio.io/rev": "default", "sidecar.istio.io/inject": "false" },
    account: "istiod",
    image: `docker.io/istio/pilot:${istioVersion}`,
    port: 15012,
    env: [
      { name: "REVISION", value: "default" },
      { name: "CLUSTER_ID", value: clusterId },
      { name: "PILOT_CERT_PROVIDER", value: "istiod" },
    ],
  }),
  object(
    "v1",
    "ConfigMap",
    { namespace: system, name: "istio" },
    {
      data: {
        mesh: "accessLogFile: /dev/stdout\nrootNamespace: istio-system\ntrustDomain: cluster.local\nenablePrometheusMerge: true\n",
        meshNetworks: "networks: {}\n",
      },
    },
  ),
  service(
    system,
    "istio-ingressgateway",
    [
      { name: "status-port", port: 15021 },
      { name: "http2", port: 80, target: 8080 },
      { name: "https", port: 443, target: 8443 },
    ],
    {
      selector: { app: "istio-ingressgateway" },
      labels: { istio: "ingressgateway" },
      spec: { type: "LoadBalancer" },
    },
  ),
  gateway(gatewayReplicas),
]

const gateway = (replicas: number): ObjectInput => {
  const made = deployment({
    namespace: system,
    name: "istio-ingressgateway",
    labels: { app: "istio-ingressgateway", istio: "ingressgateway", "sidecar.istio.io/inject": "true" },
    annotations: { "inject.istio.io/templates": "gateway" },
    account: "istio-ingressgateway",
    image: proxyImage,
    port: 8080,
    replicas,
  })
  const spec = made["spec"] as { template: { spec: { containers: Record<string, unknown>[] } } }
  const [container = {}] = spec.template.spec.containers
  spec.template.spec.containers = [{ ...container, name: "istio-proxy" }]
  return made
}
