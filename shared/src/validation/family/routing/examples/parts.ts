/** Objects that examples have in common. */

export const reviews = `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop }
spec:
  selector: { app: reviews }
  ports: [{ name: http, port: 9080, protocol: TCP }]
`

export const ingress = `
apiVersion: v1
kind: Pod
metadata: { name: ingress-1, namespace: edge, labels: { istio: ingressgateway } }
spec: { containers: [{ name: istio-proxy, image: proxyv2 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ingress, namespace: edge }
spec:
  selector: { istio: ingressgateway }
  ports:
  - { name: http2, port: 80, targetPort: 8080, protocol: TCP }
  - { name: https, port: 443, targetPort: 8443, protocol: TCP }
`

type Server = {
  name?: string
  protocol?: string
  port?: number
  tls?: string
  hosts?: string
  portName?: string
}

/** An Istio Gateway of the pods of \`ingress\`. */
export const gateway = ({
  name = "public",
  protocol = "HTTP",
  port = 80,
  tls,
  hosts = "shop.example.com",
  portName,
}: Server = {}): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: ${port}, name: ${portName ?? protocol.toLowerCase()}, protocol: ${protocol} }
    hosts: ["${hosts}"]${tls === undefined ? "" : `\n    tls: ${tls}`}
`

/** A VirtualService in shop; \`spec\` is indented by two. */
export const virtualService = (name: string, spec: string, created = "2026-01-01T00:00:00Z"): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop, creationTimestamp: "${created}" }
spec:
${spec}
`

export const destinationRule = (spec: string, namespace = "shop", name = "reviews"): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`

export const toReviews = `
  http:
  - route:
    - destination: { host: reviews }`

export const together = (...parts: readonly string[]): string => parts.join("---")
