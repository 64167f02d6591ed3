import { issueCertificate } from "../kube/certificate.ts"
import { addresses } from "./bed.ts"
import type { Proxy } from "./bootstrap.ts"
import { podOf } from "./http-mesh.ts"
import type { Resource } from "./kube-stub.ts"
import type { Upstreams } from "./upstream.ts"

const istio = "networking.istio.io/v1"
const gateway = "gateway.networking.k8s.io/v1"
export const namespace = "bookinfo"
export const port = 9080

type Pod = { app: string; version: string; address: string }

/** Services with the versions behind them: `vault` speaks TLS, `pages` is routed by an HTTPRoute, and `marker` answers what has been sent last. */
const versions: Record<string, readonly string[]> = {
  reviews: ["v1", "v2", "v3"],
  details: ["v1"],
  vault: ["v1"],
  pages: ["v1", "v2"],
  marker: [],
}

const podName = ({ app, version }: Pod): string => `${app}-${version}`

const service = (name: string, selector: Record<string, string>, at: number): Resource => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace } },
  spec: {
    selector,
    clusterIP: `10.96.0.${at}`,
    ports: [{ name: "http", port, targetPort: port, protocol: "TCP" }],
  },
})

const slice = (name: string, pods: readonly Pod[]): Resource => ({
  ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
  metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
  addressType: "IPv4",
  ports: [{ name: "http", port, protocol: "TCP" }],
  endpoints: pods.map((pod) => ({
    addresses: [pod.address],
    conditions: { ready: true },
    targetRef: { kind: "Pod", namespace, name: podName(pod) },
  })),
})

function podObject(pod: Pod): Resource {
  const { app, version, address } = pod
  const object = podOf({
    name: podName(pod),
    kind: "sidecar",
    namespace,
    labels: { app, version },
    address,
  })
  const conditions = [{ type: "Ready", status: "True" }]
  return { ...object, status: { ...(object["status"] as object), conditions } }
}

const everything = { type: "PathPrefix", value: "/" }
// As the API server completes it: the stub writes no defaults.
const pagesRoute: Resource = {
  ...{ apiVersion: gateway, kind: "HTTPRoute", metadata: { name: "pages", namespace } },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "pages", port }],
    rules: [
      {
        matches: [{ path: everything }],
        backendRefs: [{ group: "", kind: "Service", name: "pages-v1", port, weight: 1 }],
      },
    ],
  },
}

const byVersion = (app: string, pods: readonly Pod[]): Resource[] =>
  pods.flatMap((pod, at) => [
    service(podName(pod), { app, version: pod.version }, 101 + at),
    slice(podName(pod), [pod]),
  ])

const sidecarOf = ({ address }: Proxy): Resource => ({
  ...{ apiVersion: istio, kind: "Sidecar", metadata: { name: "default", namespace } },
  spec: {
    egress: [
      {
        ...{ bind: address, captureMode: "NONE", hosts: ["*/*"] },
        port: { number: port, name: "http", protocol: "HTTP" },
      },
    ],
  },
})

/** A mesh like Istio's sample, with a client, and a real server for every pod. */
export function controlMesh(): {
  objects: Resource[]
  client: Proxy
  serve: (upstreams: Upstreams) => Promise<void>
} {
  const [address = "", ...free] = addresses(16)
  const client: Proxy = {
    ...{ name: "client", kind: "sidecar", namespace, address },
    labels: { app: "productpage", version: "v1" },
  }
  const pods = Object.entries(versions).flatMap(([app, own]) =>
    own.map((version): Pod => ({ app, version, address: free.shift() ?? "" })),
  )
  const of = (app: string): Pod[] => pods.filter((pod) => pod.app === app)
  const certificate = issueCertificate(
    { name: "vault", sans: ["vault.test"], usage: "server" },
    issueCertificate({ name: "authority" }),
  )
  return {
    client,
    objects: [
      ...["istio-system", namespace].map((name) => ({
        ...{ apiVersion: "v1", kind: "Namespace", metadata: { name } },
      })),
      {
        ...{ apiVersion: "security.istio.io/v1", kind: "PeerAuthentication" },
        metadata: { name: "default", namespace: "istio-system" },
        spec: { mtls: { mode: "DISABLE" } },
      },
      {
        ...{ apiVersion: gateway, kind: "GatewayClass", metadata: { name: "istio" } },
        spec: { controllerName: "istio.io/gateway-controller" },
      },
      sidecarOf(client),
      podOf(client),
      ...pods.map(podObject),
      ...Object.keys(versions).flatMap((app, at) => [service(app, { app }, 1 + at), slice(app, of(app))]),
      ...byVersion("pages", of("pages")),
      pagesRoute,
    ],
    serve: async (upstreams) => {
      for (const pod of pods)
        await upstreams.start(
          { pod: podName(pod), version: pod.version, address: pod.address, port },
          pod.app === "vault" ? certificate : undefined,
        )
    },
  }
}
