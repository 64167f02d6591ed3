/** Pieces of YAML that examples of the Gateway API share. */

type Place = { namespace?: string; created?: string; labels?: string }

const indented = (body: string): string => body.trim().replaceAll(/^/gm, "  ")

const metadata = (name: string, { namespace, created, labels }: Place): string =>
  `{ name: ${name}${namespace === undefined ? "" : `, namespace: ${namespace}`}${created === undefined ? "" : `, creationTimestamp: "${created}"`}${labels === undefined ? "" : `, labels: { ${labels} }`} }`

const of =
  (apiVersion: string, kind: string) =>
  (name: string, body: string, place: Place = {}): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata(name, { namespace: "shop", ...place })}\nspec:\n${indented(body)}`

const group = "gateway.networking.k8s.io"
export const gateway = of(`${group}/v1`, "Gateway")
export const httpRoute = of(`${group}/v1`, "HTTPRoute")
export const grpcRoute = of(`${group}/v1`, "GRPCRoute")
export const tcpRoute = of(`${group}/v1alpha2`, "TCPRoute")
export const referenceGrant = of(`${group}/v1beta1`, "ReferenceGrant")

export const namespace = (name: string, labels = "team: shop"): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: { ${labels} } }`

export const service = (name: string, where = "shop"): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${where} }\nspec:\n  selector: { app: ${name} }\n  ports: [{ name: http, port: 80, targetPort: 8080 }]`

export const secret = (name: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name}, namespace: shop }\ntype: kubernetes.io/tls`

/** Listeners as people write them in one line. */
export const listening = (...listeners: readonly string[]): string =>
  `gatewayClassName: istio\nlisteners:\n${listeners.map((listener) => `- { ${listener} }`).join("\n")}`

export const all = "allowedRoutes: { namespaces: { from: All } }"
export const http = "name: http, port: 80, protocol: HTTP"

export const attached = (rules: string, more = ""): string =>
  `parentRefs: [{ name: gw }]${more === "" ? "" : `\n${more}`}\nrules:\n${rules}`

export const toCart = "- backendRefs: [{ name: cart, port: 80 }]"
