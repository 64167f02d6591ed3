import { type KubeObject, groupOf } from "../kube/object.ts"
import { record } from "../topology/fact/read.ts"
import { meshConfigKind } from "../validation/check.ts"

/** As the gateways' chart makes them. */
const ports = [
  { name: "status-port", port: 15021, protocol: "TCP", targetPort: 15021 },
  { name: "http2", port: 80, protocol: "TCP", targetPort: 8080 },
  { name: "https", port: 443, protocol: "TCP", targetPort: 8443 },
  { name: "tcp", port: 31400, protocol: "TCP", targetPort: 31400 },
  { name: "tls", port: 15443, protocol: "TCP", targetPort: 15443 },
]

/** `OFF` without quotes is false in YAML 1.1. */
const isOff = (mode: unknown): boolean => mode === "OFF" || mode === false

function gateway(namespace: string, role: "ingressgateway" | "egressgateway"): KubeObject[] {
  const name = `istio-${role}`
  const labels = { app: name, istio: role }
  const metadata = { name, namespace, labels }
  return [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: { containers: [{ name: "istio-proxy", image: "auto" }] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    },
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports } },
  ]
}

/**
 * The gateways that Istio's installation makes, for files that do not hold what runs in Istio's own namespace: those of an application name them
 * (`istio: ingressgateway`) and do not define them. None when MeshConfig says that there is none. Source: istioctl analyze does so for ingress.
 */
export function defaultGateways(objects: readonly KubeObject[], istioNamespace: string): KubeObject[] {
  for (const { apiVersion, kind, metadata, spec } of objects) {
    if (kind === meshConfigKind && isOff(record(spec)["ingressControllerMode"])) return []
    const inside = metadata.namespace === istioNamespace
    if (inside && (kind === "Pod" || kind === "Service" || groupOf(apiVersion) === "apps")) return []
  }
  return [...gateway(istioNamespace, "ingressgateway"), ...gateway(istioNamespace, "egressgateway")]
}
