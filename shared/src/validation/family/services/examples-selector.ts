import type { Example } from "../../check.ts"
import {
  documents,
  host,
  namespace,
  peerAuthentication,
  pod,
  service,
  serviceAccount,
  sidecar,
  telemetry,
  workloadGroup,
} from "./examples-yaml.ts"

const pods = documents(pod("cart-x", "app: cart, tier: back"), pod("web-x", "app: web, tier: front"))
const egress = 'egress: [{ hosts: ["./*"] }]'
const ofSidecar = (labels: string): string => `workloadSelector: { labels: { ${labels} } }\n${egress}`
const spans = "tracing: [{ randomSamplingPercentage: 5 }]"
const ofTelemetry = (labels: string): string => `selector: { matchLabels: { ${labels} } }\n${spans}`
const ofPeers = (labels: string): string => `selector: { matchLabels: { ${labels} } }\nmtls: { mode: STRICT }`
const gateway = "gateway.networking.k8s.io/gateway-name"

export const selectorExamples: readonly Example[] = [
  {
    code: "selector.unmatched",
    fires: documents(pods, telemetry("cart", ofTelemetry("app: carts"))),
    silent: documents(pods, telemetry("cart", ofTelemetry("app: cart"))),
  },
  {
    code: "selector.gateway",
    fires: documents(pod("gw-x", `app: gw, ${gateway}: gw`), telemetry("gw", ofTelemetry("app: gw"))),
    silent: documents(
      pod("gw-x", `app: gw, ${gateway}: gw`),
      telemetry(
        "gw",
        `targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }]\n${spans}`,
      ),
    ),
  },
  {
    code: "sidecar.workload_conflict",
    fires: documents(pods, sidecar("a", ofSidecar("app: cart")), sidecar("b", ofSidecar("tier: back"))),
    silent: documents(pods, sidecar("a", ofSidecar("app: cart")), sidecar("b", ofSidecar("tier: front"))),
  },
  {
    code: "sidecar.default_conflict",
    fires: documents(sidecar("a", egress), sidecar("b", egress)),
    silent: documents(pods, sidecar("a", egress), sidecar("b", ofSidecar("app: cart"))),
  },
  {
    code: "sidecar.ambient",
    fires: documents(namespace("shop", "istio.io/dataplane-mode: ambient"), sidecar("default", egress)),
    silent: documents(
      namespace("shop", "istio.io/dataplane-mode: ambient, istio-injection: enabled"),
      sidecar("default", egress),
    ),
  },
  {
    code: "sidecar.root_selector",
    fires: documents(
      pod("gw", "app: gw", "istio-system"),
      sidecar("default", ofSidecar("app: gw"), { namespace: "istio-system" }),
    ),
    silent: sidecar("default", egress, { namespace: "istio-system" }),
  },
  {
    code: "sidecar.egress_unknown",
    fires: documents(
      namespace("shop"),
      service("cart"),
      sidecar("default", `egress: [{ hosts: ["./${host("carts")}"] }]`),
    ),
    silent: documents(
      namespace("shop"),
      service("cart"),
      sidecar("default", `egress: [{ hosts: ["./${host("cart")}"] }]`),
    ),
  },
  {
    code: "sidecar.egress_hidden",
    fires: documents(
      namespace("shop"),
      service("cart", "shop", '"networking.istio.io/exportTo": "."'),
      sidecar("default", `egress: [{ hosts: ["shop/${host("cart")}"] }]`, { namespace: "front" }),
    ),
    silent: documents(
      namespace("shop"),
      service("cart"),
      sidecar("default", `egress: [{ hosts: ["shop/${host("cart")}"] }]`, { namespace: "front" }),
    ),
  },
  {
    code: "sidecar.outbound_mode",
    fires: sidecar("default", "outboundTrafficPolicy: {}"),
    silent: sidecar("default", "outboundTrafficPolicy: { mode: ALLOW_ANY }"),
  },
  {
    code: "telemetry.workload_conflict",
    fires: documents(
      pods,
      telemetry("a", ofTelemetry("app: cart")),
      telemetry("b", ofTelemetry("tier: back")),
    ),
    silent: documents(
      pods,
      telemetry("a", ofTelemetry("app: cart")),
      telemetry("b", ofTelemetry("tier: front")),
    ),
  },
  {
    code: "telemetry.default_conflict",
    fires: documents(telemetry("a", spans), telemetry("b", spans)),
    silent: documents(telemetry("a", spans), telemetry("b", spans, { namespace: "front" })),
  },
  {
    code: "telemetry.provider_missing",
    fires: telemetry("logs", 'accessLogging: [{ filter: { expression: "response.code >= 500" } }]'),
    silent: documents(
      telemetry("logs", 'accessLogging: [{ filter: { expression: "response.code >= 500" } }]'),
      telemetry("all", "accessLogging: [{ providers: [{ name: envoy }] }]", { namespace: "istio-system" }),
    ),
    note: "A provider of the root namespace's Telemetry is inherited",
  },
  {
    code: "telemetry.provider_unknown",
    fires: telemetry("traces", "tracing: [{ providers: [{ name: zipkn }] }]"),
    silent: telemetry("traces", "tracing: [{ providers: [{ name: zipkin }] }]"),
    meshConfig: "extensionProviders: [{ name: zipkin, zipkin: { service: zipkin.obs, port: 9411 } }]",
  },
  {
    code: "telemetry.lightstep",
    fires: telemetry("traces", "tracing: [{ providers: [{ name: steps }] }]"),
    silent: telemetry("traces", "tracing: [{ providers: [{ name: otel }] }]"),
    meshConfig:
      "extensionProviders:\n- { name: steps, lightstep: { service: ls.obs, port: 443 } }\n- { name: otel, opentelemetry: { service: otel.obs, port: 4317 } }",
  },
  {
    code: "peerauthentication.workload_conflict",
    fires: documents(
      pods,
      peerAuthentication("a", ofPeers("app: cart")),
      peerAuthentication("b", ofPeers("tier: back")),
    ),
    silent: documents(
      pods,
      peerAuthentication("a", ofPeers("app: cart")),
      peerAuthentication("b", ofPeers("tier: front")),
    ),
  },
  {
    code: "peerauthentication.default_conflict",
    fires: documents(
      peerAuthentication("a", "mtls: { mode: STRICT }"),
      peerAuthentication("b", "mtls: { mode: PERMISSIVE }"),
    ),
    silent: documents(
      pods,
      peerAuthentication("a", "mtls: { mode: STRICT }"),
      peerAuthentication("b", ofPeers("app: cart")),
    ),
  },
  {
    code: "workloadgroup.service_account_missing",
    fires: documents(
      serviceAccount("machine"),
      workloadGroup("vms", "metadata: { labels: { app: vm } }\ntemplate: { serviceAccount: machines }"),
    ),
    silent: documents(
      serviceAccount("machine"),
      workloadGroup("vms", "metadata: { labels: { app: vm } }\ntemplate: { serviceAccount: machine }"),
    ),
  },
  {
    code: "workloadgroup.labels_duplicate",
    fires: documents(
      workloadGroup("a", "metadata: { labels: { app: vm } }\ntemplate: {}"),
      workloadGroup("b", "metadata: { labels: { app: vm } }\ntemplate: {}"),
    ),
    silent: documents(
      workloadGroup("a", "metadata: { labels: { app: vm, version: a } }\ntemplate: {}"),
      workloadGroup("b", "metadata: { labels: { app: vm, version: b } }\ntemplate: {}"),
    ),
  },
]
