import type { Example } from "../../check.ts"

const virtualService = (route: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews]
  http:
    - ${route}
      route: [{ destination: { host: reviews } }]
`

const destinationRule = (policy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec:
  host: reviews
  trafficPolicy: ${policy}
`

const httpRoute = (rules: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: reviews, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  rules: ${rules}
`

const serviceEntry = (ports: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: payments, namespace: default }
spec:
  hosts: [pay.example.com]
  resolution: DNS
  ports: ${ports}
`

/** For each rule a document that it speaks of, and one as near as can be that is right. */
export const structureExamples: readonly Example[] = [
  {
    code: "schema.type",
    fires: virtualService("timeout: 5"),
    silent: virtualService("timeout: 5s"),
  },
  {
    code: "schema.unknown_field",
    fires: virtualService("timeOut: 5s"),
    silent: virtualService("timeout: 5s"),
  },
  {
    code: "schema.missing_field",
    fires: virtualService("mirror: { subset: v2 }"),
    silent: virtualService("mirror: { host: reviews-next }"),
  },
  {
    code: "schema.value",
    fires: destinationRule("{ loadBalancer: { simple: round_robin } }"),
    silent: destinationRule("{ loadBalancer: { simple: ROUND_ROBIN } }"),
  },
  {
    code: "schema.range",
    fires: destinationRule("{ connectionPool: { tcp: { maxConnections: 3000000000 } } }"),
    silent: destinationRule("{ connectionPool: { tcp: { maxConnections: 3000000 } } }"),
  },
  {
    code: "schema.limit",
    fires: httpRoute("[]"),
    silent: httpRoute("[{ backendRefs: [{ name: reviews, port: 9080 }] }]"),
  },
  {
    code: "schema.pattern",
    fires: httpRoute("[{ timeouts: { request: 1.5s }, backendRefs: [{ name: reviews, port: 9080 }] }]"),
    silent: httpRoute("[{ timeouts: { request: 1500ms }, backendRefs: [{ name: reviews, port: 9080 }] }]"),
  },
  {
    code: "schema.duplicate",
    fires: serviceEntry(
      "[{ number: 443, name: tls, protocol: TLS }, { number: 8443, name: tls, protocol: TLS }]",
    ),
    silent: serviceEntry(
      "[{ number: 443, name: tls, protocol: TLS }, { number: 8443, name: tls-alt, protocol: TLS }]",
    ),
  },
  {
    code: "schema.exclusive",
    fires: virtualService("match: [{ uri: { exact: /a, prefix: /b } }]"),
    silent: virtualService("match: [{ uri: { exact: /a } }, { uri: { prefix: /b } }]"),
  },
  {
    code: "schema.constraint",
    fires: httpRoute("[{ backendRefs: [{ name: reviews }] }]"),
    silent: httpRoute("[{ backendRefs: [{ name: reviews, group: example.com, kind: Bucket }] }]"),
  },
  {
    code: "schema.version",
    fires: virtualService("timeout: 5s").replace("istio.io/v1", "istio.io/v2"),
    silent: virtualService("timeout: 5s").replace("istio.io/v1", "istio.io/v1alpha3"),
  },
]
