import { join } from "node:path"
import { existsSync } from "node:fs"
import type { KubeObject, KubeWriter } from "../e2e/kube.ts"
import { fixtures } from "../e2e/room.ts"

/** Services `from` to `to` of the mesh of mesh.ts, with a deployment, pods and whatever else each one has in a cluster. */
export type Part = { from: number; to: number; podsEach: number; namespaces: number }

const nameOf = (i: number): string => `service-${String(i).padStart(4, "0")}`
const namespaceName = (i: number): string => `team-${String(i).padStart(2, "0")}`

const env = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `SETTING_${i}`,
    value: `a value of usual length, number ${i}`,
  }))

/** As the sidecar injector leaves it: about 8 KB, like the pods of real meshes. */
const podSpec = (name: string) => ({
  serviceAccountName: name,
  initContainers: [
    {
      name: "istio-init",
      image: "docker.io/istio/proxyv2:1.27.1",
      args: ["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*"],
      resources: { limits: { cpu: "2", memory: "1Gi" }, requests: { cpu: "10m", memory: "40Mi" } },
    },
  ],
  containers: [
    {
      name: "app",
      image: `registry.invalid/shop/${name}:1.4.2`,
      ports: [{ containerPort: 8080, name: "http" }],
      env: env(20),
      readinessProbe: { httpGet: { path: "/ready", port: 8080 } },
      volumeMounts: [{ name: "settings", mountPath: "/etc/settings" }],
    },
    {
      name: "istio-proxy",
      image: "docker.io/istio/proxyv2:1.27.1",
      args: ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
      env: env(25),
      ports: [{ containerPort: 15090, name: "http-envoy-prom" }],
      volumeMounts: [
        { name: "istiod-ca-cert", mountPath: "/var/run/secrets/istio" },
        { name: "istio-envoy", mountPath: "/etc/istio/proxy" },
      ],
    },
  ],
  volumes: [
    { name: "settings", configMap: { name } },
    { name: "istio-envoy", emptyDir: { medium: "Memory" } },
    { name: "istiod-ca-cert", configMap: { name: "istio-ca-root-cert" } },
  ],
})

const podStatus = (ip: string) => ({
  phase: "Running",
  podIP: ip,
  podIPs: [{ ip }],
  hostIP: "10.0.0.7",
  startTime: "2026-01-01T00:00:00Z",
  conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  })),
  containerStatuses: ["app", "istio-proxy"].map((name) => ({
    name,
    ready: true,
    restartCount: 0,
    image: `registry.invalid/${name}:1`,
    imageID: `registry.invalid/${name}@sha256:${"0".repeat(64)}`,
    containerID: `containerd://${"1".repeat(64)}`,
    state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
  })),
})

const owner = ({ apiVersion, kind, metadata }: KubeObject) => [
  { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true },
]

async function createService(kube: KubeWriter, i: number, part: Part): Promise<void> {
  const name = nameOf(i)
  const namespace = namespaceName(i % part.namespaces)
  const labels = { app: name, version: "v1", "service.istio.io/canonical-name": name }
  const count = part.podsEach
  const ready = { replicas: count, readyReplicas: count, availableReplicas: count }
  const selector = { matchLabels: { app: name, version: "v1" } }
  const template = { metadata: { labels }, spec: podSpec(name) }
  await kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } })
  await kube.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 8080 }] },
  })
  const deployment = await kube.createWithStatus(
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: `${name}-v1`, namespace, labels },
      spec: { replicas: count, selector, template },
    },
    ready,
  )
  const set = await kube.createWithStatus(
    {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: `${name}-v1-7d4f`, namespace, labels, ownerReferences: owner(deployment) },
      spec: { replicas: count, selector, template },
    },
    ready,
  )
  const addresses = Array.from({ length: count }, (_, n) => `10.${1 + (i >> 8)}.${i % 256}.${n + 1}`)
  await Promise.all(
    addresses.map((ip, n) =>
      kube.createWithStatus(
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: `${name}-v1-7d4f-${n}`,
            namespace,
            labels: { ...labels, "pod-template-hash": "7d4f", "security.istio.io/tlsMode": "istio" },
            annotations: { "sidecar.istio.io/status": JSON.stringify({ containers: ["istio-proxy"] }) },
            ownerReferences: owner(set),
          },
          spec: template.spec,
        },
        podStatus(ip),
      ),
    ),
  )
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-x1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: addresses.map((ip, n) => ({
      addresses: [ip],
      conditions: { ready: true },
      targetRef: { kind: "Pod", namespace, name: `${name}-v1-7d4f-${n}` },
    })),
  }
  await kube.create(slice)
}

/** Istio's and the Gateway API's kinds when the fixtures are there, and the namespaces. Resolves to a remark about what is not there. */
export async function createGround(kube: KubeWriter, namespaces: number): Promise<string> {
  const files = ["crds/istio.yaml", "crds/gateway-api.yaml"]
  const missing = files.filter((file) => !existsSync(join(fixtures, file)))
  for (const file of files) if (!missing.includes(file)) await kube.createFile(file)
  for (let i = 0; i < namespaces; i++)
    await kube.create({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespaceName(i), labels: { "istio-injection": "enabled" } },
    })
  return missing.length > 0 ? `; without ${missing.join(", ")} (set SMM_FIXTURES)` : ""
}

/** Creates them, four services at a time. */
export async function createPart(kube: KubeWriter, part: Part): Promise<void> {
  let next = part.from
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (next < part.to) await createService(kube, next++, part)
    }),
  )
}
