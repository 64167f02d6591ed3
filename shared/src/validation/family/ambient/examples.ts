import type { Example } from "../../check.ts"
import { yaml } from "../security/example-objects.ts"

const namespace = (labels: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { ${labels} } }`
const captured = namespace("istio.io/dataplane-mode: ambient")
const bound = namespace("istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp")
const injected = namespace("istio-injection: enabled")

const waypoint = (labels = "", allowed = ""): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: wp, namespace: shop${labels === "" ? "" : `, labels: { ${labels} }`} }
spec:
  gatewayClassName: istio-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE${allowed} }]`

const service = (labels = ""): string => `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop${labels === "" ? "" : `, labels: { ${labels} }`} }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80 }] }`

const deployment = (labels: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { template: { metadata: { labels: { app: cart${labels === "" ? "" : `, ${labels}`} } }, spec: { containers: [{ name: cart }] } } }`

const pod = ({ name = "cart", sidecar = false, annotations = "", labels = "", image = "" } = {}): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: { app: ${name}${labels === "" ? "" : `, ${labels}`} }
  annotations: { ${annotations} }
  ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: ${name}, controller: true }]
spec: { containers: [{ name: cart }${sidecar ? `, { name: istio-proxy${image === "" ? "" : `, image: "${image}"`} }` : ""}] }`

const object = (apiVersion: string, kind: string, spec: string, at = "shop"): string => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: it, namespace: ${at} }
spec: { ${spec} }`

const policy = (spec: string): string => object("security.istio.io/v1", "AuthorizationPolicy", spec)
const request = (spec: string): string => object("security.istio.io/v1", "RequestAuthentication", spec)
const wasm = (spec: string): string => object("extensions.istio.io/v1alpha1", "WasmPlugin", spec)
const telemetry = (spec: string): string => object("telemetry.istio.io/v1", "Telemetry", spec)
const virtualService = (at: string): string =>
  object(
    "networking.istio.io/v1",
    "VirtualService",
    "hosts: [cart.shop.svc.cluster.local], http: [{ timeout: 1s, route: [{ destination: { host: cart.shop.svc.cluster.local } }] }]",
    at,
  )
const destinationRule = (at: string): string =>
  object(
    "networking.istio.io/v1",
    "DestinationRule",
    "host: cart.shop.svc.cluster.local, trafficPolicy: { outlierDetection: {} }",
    at,
  )

const toWaypoint = "targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: wp }]"
const toService = 'targetRefs: [{ group: "", kind: Service, name: cart }]'
const getOnly = "action: ALLOW, rules: [{ to: [{ operation: { methods: [GET] } }] }]"
const portOnly = 'action: ALLOW, rules: [{ to: [{ operation: { ports: ["8080"] } }] }]'

/** For each kind of policy: in a namespace without a waypoint, in one that has one, and as it is right. */
const policies = (
  domain: string,
  of: (spec: string) => string,
  { spec, harmless }: { spec: string; harmless: string },
): Example[] => [
  {
    code: `${domain}.no_waypoint`,
    fires: yaml(captured, of(spec)),
    silent: yaml(injected, of(harmless)),
  },
  {
    code: `${domain}.no_target`,
    fires: yaml(bound, waypoint(), of(spec)),
    silent: yaml(bound, waypoint(), of(`${toWaypoint}, ${spec}`)),
  },
]

const open = ", allowedRoutes: { namespaces: { from: All } }"
const guest = `
apiVersion: v1
kind: Namespace
metadata: { name: guest, labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: shop } }`

const istiod = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod, namespace: istio-system, labels: { app: istiod } }
spec: { template: { spec: { containers: [{ name: discovery, image: "docker.io/istio/pilot:1.27.1" }] } } }`

export const ambientExamples: readonly Example[] = [
  {
    code: "waypoint.not_found",
    fires: yaml(captured, service("istio.io/use-waypoint: wpp"), waypoint()),
    silent: yaml(captured, service("istio.io/use-waypoint: wp"), waypoint()),
  },
  {
    code: "waypoint.not_allowed",
    fires: yaml(captured, guest, waypoint()),
    silent: yaml(captured, guest, waypoint("", open)),
  },
  {
    code: "waypoint.other_traffic",
    fires: yaml(captured, service("istio.io/use-waypoint: wp"), waypoint("istio.io/waypoint-for: workload")),
    silent: yaml(captured, service("istio.io/use-waypoint: wp"), waypoint("istio.io/waypoint-for: all")),
  },
  {
    code: "workload.waypoint_without_ambient",
    fires: yaml(
      namespace("team: shop"),
      deployment("istio.io/use-waypoint: wp"),
      waypoint("istio.io/waypoint-for: all"),
    ),
    silent: yaml(captured, deployment("istio.io/use-waypoint: wp"), waypoint("istio.io/waypoint-for: all")),
  },
  {
    code: "namespace.sidecar_and_ambient",
    fires: namespace("istio.io/dataplane-mode: ambient, istio-injection: enabled"),
    silent: namespace("istio.io/dataplane-mode: ambient, istio-injection: disabled"),
  },
  {
    code: "workload.sidecar_and_ambient",
    fires: yaml(injected, deployment("istio.io/dataplane-mode: ambient")),
    silent: yaml(injected, deployment('istio.io/dataplane-mode: ambient, sidecar.istio.io/inject: "false"')),
  },
  {
    code: "workload.sidecar_in_ambient_namespace",
    fires: yaml(captured, deployment('sidecar.istio.io/inject: "true"')),
    silent: yaml(captured, deployment('sidecar.istio.io/inject: "true", istio.io/dataplane-mode: none')),
  },
  {
    code: "pod.captured_with_sidecar",
    fires: yaml(injected, pod({ sidecar: true, annotations: "ambient.istio.io/redirection: enabled" })),
    silent: yaml(injected, pod({ sidecar: true })),
  },
  {
    code: "namespace.mixed_dataplanes",
    fires: yaml(captured, pod(), pod({ name: "old", sidecar: true })),
    silent: yaml(
      captured,
      pod(),
      pod({ name: "old", sidecar: true, labels: "istio.io/dataplane-mode: none" }),
    ),
  },
  ...policies("authorizationpolicy", policy, { spec: getOnly, harmless: portOnly }),
  ...policies("requestauthentication", request, {
    spec: "jwtRules: [{ issuer: a }]",
    harmless: "jwtRules: [{ issuer: a }]",
  }),
  ...policies("wasmplugin", wasm, { spec: "url: oci://plugin", harmless: "url: oci://plugin" }),
  ...policies("telemetry", telemetry, {
    spec: "tracing: [{ randomSamplingPercentage: 1 }]",
    harmless: "tracing: [{ randomSamplingPercentage: 1 }]",
  }),
  {
    code: "policy.target_without_waypoint",
    fires: yaml(captured, service(), policy(`${toService}, ${getOnly}`)),
    silent: yaml(bound, waypoint(), service(), policy(`${toService}, ${getOnly}`)),
  },
  {
    code: "virtualservice.no_waypoint",
    fires: yaml(captured, service(), virtualService("shop")),
    silent: yaml(bound, waypoint(), service(), virtualService("shop")),
  },
  {
    code: "virtualservice.outside_service_namespace",
    fires: yaml(bound, waypoint(), service(), virtualService("web")),
    silent: yaml(bound, waypoint(), service(), virtualService("shop")),
  },
  {
    code: "destinationrule.no_waypoint",
    fires: yaml(captured, service(), destinationRule("shop")),
    silent: yaml(captured, service("istio.io/use-waypoint: wp"), waypoint(), destinationRule("shop")),
  },
  {
    code: "destinationrule.outside_service_namespace",
    fires: yaml(bound, waypoint(), service(), destinationRule("web")),
    silent: yaml(bound, waypoint(), service(), destinationRule("shop")),
  },
  {
    code: "namespace.proxies_behind",
    fires: yaml(injected, istiod, pod({ sidecar: true, image: "docker.io/istio/proxyv2:1.26.0" })),
    silent: yaml(
      injected,
      istiod,
      pod({ sidecar: true, image: "docker.io/istio/proxyv2:1.27.1-distroless" }),
    ),
  },
]
