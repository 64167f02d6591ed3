import { type KubeObject, groupOf } from "../kube/object.ts"
import { record } from "../topology/fact/read.ts"
import { meshConfigKind } from "../validation/check.ts"

const labels = { app: "istio-ingressgateway", istio: "ingressgateway" }

/** As the ingress gateway's chart makes it. */
const ports = [
  { name: "status-port", port: 15021, protocol: "TCP", targetPort: 15021 },
  { name: "http2", port: 80, protocol: "TCP", targetPort: 8080 },
  { name: "https", port: 443, protocol: "TCP", targetPort: 8443 },
  { name: "tcp", port: 31400, protocol: "TCP", targetPort: 31400 },
  { name: "tls", port: 15443, protocol: "TCP", targetPort: 15443 },
]

/** `OFF` without quotes is false in YAML 1.1. */
const isOff = (mode: unknown): boolean => mode === "OFF" || mode === false

/**
 * The ingress gateway that Istio's installation makes, for files that do not hold what runs in Istio's own namespace: those of an application name it
 * (`istio: ingressgateway`) and do not define it. None when MeshConfig says that there is none. Source: istioctl analyze does the same.
 */
export function defaultGateway(objects: readonly KubeObject[], istioNamespace: string): KubeObject[] {
  for (const { apiVersion, kind, metadata, spec } of objects) {
    if (kind === meshConfigKind && isOff(record(spec)["ingressControllerMode"])) return []
    const inside = metadata.namespace === istioNamespace
    if (inside && (kind === "Pod" || kind === "Service" || groupOf(apiVersion) === "apps")) return []
  }
  const metadata = { namespace: istioNamespace, labels }
  return [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: "istio-ingressgateway" },
      spec: { containers: [{ name: "istio-proxy", image: "auto" }] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, name: "istio-ingressgateway" },
      spec: { type: "LoadBalancer", selector: labels, ports },
    },
  ]
}
