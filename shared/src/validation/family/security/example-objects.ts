/** Objects for examples, short to write. `shop` is a namespace of the mesh. */

export const yaml = (...documents: readonly string[]): string =>
  documents.map((one) => one.trim()).join("\n---\n")

export const namespace = (name: string, labels = "istio-injection: enabled"): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }`

export const account = (name: string): string => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name}, namespace: shop }`

const container = (name: string, ports: string): string =>
  ports === "" ? `{ name: ${name} }` : `{ name: ${name}, ports: [{ containerPort: ${ports} }] }`

export const pod = (
  name: string,
  { sidecar = true, labels = `app: ${name}`, port = "8080" } = {},
): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}-1, namespace: shop, labels: { ${labels} } }
spec: { containers: [${container(name, port)}${sidecar ? ", { name: istio-proxy }" : ""}] }`

/** Opted out of injection: no proxy, whatever its namespace says. */
export const plainPod = (name: string): string =>
  pod(name, { sidecar: false, labels: `app: ${name}, sidecar.istio.io/inject: "false"` })

export const service = (name: string, { port = "http", number = 80 } = {}): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ name: ${port}, port: ${number}, targetPort: 8080 }] }`

export const policy = (spec: string, name = "guard", at = "shop"): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${at} }
spec: ${spec}`

export const peer = (spec: string, name = "default", at = "shop"): string => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: ${name}, namespace: ${at} }
spec: ${spec}`

export const request = (spec: string): string => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: shop }
spec: ${spec}`

export const destination = (host: string, tls: string, name = "tls"): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: shop }
spec: { host: ${host}${tls === "" ? "" : `, trafficPolicy: { tls: { mode: ${tls} } }`} }`
