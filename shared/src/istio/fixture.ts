import type { KubeObject } from "../kube/object.ts"

/** Objects for the tests of this folder, short to write. */

export const config = (
  kind: string,
  at: string,
  spec: Record<string, unknown>,
  created = "2026-01-01T00:00:00Z",
): KubeObject => {
  const [namespace = "", name = ""] = at.split("/")
  const group = ["PeerAuthentication", "AuthorizationPolicy"].includes(kind) ? "security" : "networking"
  return {
    apiVersion: `${group}.istio.io/v1`,
    kind,
    metadata: { namespace, name, creationTimestamp: created },
    spec,
  }
}

export const service = (at: string, port = 80, over: Record<string, unknown> = {}): KubeObject => {
  const [namespace = "", name = ""] = at.split("/")
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { selector: { app: name }, ports: [{ name: "http", port, targetPort: 8080 }], ...over },
  }
}

export const pod = (
  at: string,
  labels: Record<string, string>,
  { ready = true, sidecar = true, account = "default" } = {},
): KubeObject => {
  const [namespace = "", name = ""] = at.split("/")
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, labels },
    spec: {
      serviceAccountName: account,
      containers: [{ name: "app" }, ...(sidecar ? [{ name: "istio-proxy" }] : [])],
    },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  }
}
