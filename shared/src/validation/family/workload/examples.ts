import type { Example } from "../../check.ts"

const namespace = (name: string, labels: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {${labels}}}
---`

const annotated = (kind: string, name: string, value: string): string => `
apiVersion: v1
kind: ${kind}
metadata: {name: cart, namespace: shop, annotations: {${name}: ${value}}}
spec: {}
`

const pod = (containers: string, more = ""): string => `
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart}}
spec:
  containers: [${containers}]
  ${more}
---`

const app = "{name: cart, image: cart}"
const proxy = (image: string): string => `{name: istio-proxy, image: ${image}}`

const service = (name: string, ports: string, more = "selector: {app: cart}"): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
  ports: [${ports}]
  ${more}
---`

const deployment = (containers: string, more = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers: [${containers}]
      ${more}
---`

const injected = namespace("shop", "istio-injection: enabled")

const injector = (values: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  values: '${values}'
---`
const images = injector(
  '{"global": {"hub": "docker.io/istio", "tag": "1.27.0", "proxy": {"image": "proxyv2"}}}',
)

const mutating = (name: string, hook: string, selector: string, client: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: ${name}}
webhooks:
- name: ${hook}
  clientConfig: {${client}}
  namespaceSelector: {matchLabels: {${selector}}}
---`
const istiod = "service: {namespace: istio-system, name: istiod}"
const istiodService = `
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system, labels: {istio: pilot}}
spec: {ports: [{name: https-webhook, port: 443}]}
---`
const remote = (url: string): string =>
  mutating("istio-sidecar-injector", "rev.namespace.sidecar-injector.istio.io", "istio.io/rev: a", url)

const istiodDeployment = (env: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec: {containers: [{name: discovery, image: pilot, env: [${env}]}]}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: istio-system}
spec: {jwtRules: [{issuer: https://issuer.example, jwksUri: https://issuer.example/keys}]}
---`

export const workloadExamples: Example[] = [
  {
    code: "annotation.unknown",
    fires: annotated("Service", "networking.istio.io/exportsTo", '"."'),
    silent: annotated("Service", "networking.istio.io/exportTo", '"."'),
  },
  {
    code: "annotation.misplaced",
    fires: annotated("Service", "sidecar.istio.io/logLevel", "debug"),
    silent: annotated("Pod", "sidecar.istio.io/logLevel", "debug"),
  },
  {
    code: "annotation.invalid",
    fires: annotated("Pod", "traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0"),
    silent: annotated("Pod", "traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8"),
  },
  {
    code: "annotation.deprecated",
    fires: annotated("Pod", "sidecar.istio.io/inject", '"false"'),
    silent: pod(app).replace("labels: {app: cart}", 'labels: {app: cart, sidecar.istio.io/inject: "false"}'),
  },
  {
    code: "annotation.alpha",
    fires: annotated("Pod", "sidecar.istio.io/proxyCPU", "100m"),
    silent: annotated("Pod", "proxy.istio.io/config", "'{}'"),
  },
  {
    code: "namespace.injection_labels_conflict",
    fires: namespace("shop", "istio-injection: enabled, istio.io/rev: stable"),
    silent: namespace("shop", "istio-injection: disabled, istio.io/rev: stable"),
  },
  {
    code: "namespace.not_injected",
    fires: namespace("shop", "team: a"),
    silent: namespace("shop", "istio-injection: disabled"),
  },
  {
    code: "namespace.injected_by_default",
    fires:
      namespace("shop", "team: a") +
      injector('{"sidecarInjectorWebhook": {"enableNamespacesByDefault": true}}'),
    silent:
      namespace("shop", "team: a") +
      injector('{"sidecarInjectorWebhook": {"enableNamespacesByDefault": false}}'),
  },
  {
    code: "workload.proxy_missing",
    fires: injected + pod(app),
    silent: injected + pod(app, "hostNetwork: true"),
  },
  {
    code: "namespace.proxy_image_mismatch",
    fires: injected + images + pod(`${app}, ${proxy("docker.io/istio/proxyv2:1.26.0")}`),
    silent: injected + images + pod(`${app}, ${proxy("docker.io/istio/proxyv2:1.27.0")}`),
  },
  {
    code: "workload.runs_as_proxy",
    fires: pod("{name: cart, image: cart, securityContext: {runAsUser: 1337}}"),
    silent: pod("{name: cart, image: cart, securityContext: {runAsUser: 1338}}"),
  },
  { code: "workload.image_auto_left", fires: pod(proxy("auto")), silent: pod(proxy("proxyv2")) },
  {
    code: "workload.image_auto_not_injected",
    fires: namespace("shop", "team: a") + deployment(proxy("auto")),
    silent:
      injected +
      deployment(proxy("auto")) +
      istiodService +
      mutating(
        "istio-sidecar-injector",
        "namespace.sidecar-injector.istio.io",
        "istio-injection: enabled",
        istiod,
      ),
  },
  {
    code: "workload.protocols_conflict",
    fires:
      injected +
      deployment(app) +
      service("cart", "{name: http, port: 53, protocol: TCP}") +
      service("cart-udp", "{name: udp, port: 53, protocol: UDP}"),
    silent:
      injected +
      deployment(app) +
      service("cart", "{name: http, port: 53, protocol: TCP}") +
      service("cart-udp", "{name: udp, port: 54, protocol: UDP}"),
  },
  {
    code: "workload.ports_conflict",
    fires:
      injected +
      deployment(app) +
      service("cart", "{name: http, port: 80, targetPort: 8080}") +
      service("cart-b", "{name: http, port: 81, targetPort: 8080}"),
    silent:
      injected +
      deployment(app) +
      service("cart", "{name: http, port: 80, targetPort: 8080}") +
      service("cart-b", "{name: http, port: 81, targetPort: 8081}"),
  },
  {
    code: "service.port_protocol_unknown",
    fires: service("cart", "{name: web, port: 80}"),
    silent: service("cart", "{name: web, port: 80, appProtocol: http}"),
  },
  {
    code: "service.external_name_port",
    fires: service("cart", "{name: tcp, port: 80}", "type: ExternalName\n  externalName: cart.example"),
    silent: service("cart", "{name: http, port: 80}", "type: ExternalName\n  externalName: cart.example"),
  },
  {
    code: "service.app_protocol_unknown",
    fires: service("cart", "{name: http, port: 80, appProtocol: htpp}"),
    silent: service("cart", "{name: http, port: 80, appProtocol: example.com/own}"),
  },
  {
    code: "service.target_port_missing",
    fires:
      service("cart", "{name: http, port: 80, targetPort: web}") +
      pod("{name: cart, image: cart, ports: [{name: http, containerPort: 8080}]}"),
    silent:
      service("cart", "{name: http, port: 80, targetPort: http}") +
      pod("{name: cart, image: cart, ports: [{name: http, containerPort: 8080}]}"),
  },
  {
    code: "webhook.overlap",
    fires:
      istiodService +
      mutating("istio-sidecar-injector", "a.istio.io", "istio-injection: enabled", istiod) +
      mutating("istio-sidecar-injector-b", "b.istio.io", "istio-injection: enabled", istiod),
    silent:
      istiodService +
      mutating("istio-sidecar-injector", "a.istio.io", "istio-injection: enabled", istiod) +
      mutating("istio-sidecar-injector-b", "b.istio.io", "istio-injection: disabled", istiod),
  },
  {
    code: "webhook.service_missing",
    fires: mutating("istio-sidecar-injector", "a.istio.io", "istio-injection: enabled", istiod),
    silent:
      istiodService + mutating("istio-sidecar-injector", "a.istio.io", "istio-injection: enabled", istiod),
  },
  {
    code: "webhook.url_invalid",
    fires: remote("url: not-an-address"),
    silent: remote("url: 'https://istiod.example:15017/inject'"),
  },
  {
    code: "webhook.url_is_ip",
    fires: remote("url: 'https://10.0.0.1:15017/inject'"),
    silent: remote("url: 'https://istiod.example:15017/inject'"),
  },
  {
    code: "meshnetworks.registry_unknown",
    fires: "",
    silent: `
apiVersion: v1
kind: Secret
metadata: {name: remote, namespace: istio-system, labels: {istio/multiCluster: "true"}}
data: {east: e30=}
`,
    meshNetworks:
      "networks: {net: {endpoints: [{fromRegistry: east}], gateways: [{address: 1.2.3.4, port: 15443}]}}",
  },
  {
    code: "istiod.jwks_fetch_unrestricted",
    fires: istiodDeployment(""),
    silent: istiodDeployment("{name: BLOCKED_CIDRS_IN_JWKS_URIS, value: 10.0.0.0/8}"),
  },
]
