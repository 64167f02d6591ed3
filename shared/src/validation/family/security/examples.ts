import type { Example } from "../../check.ts"
import {
  account,
  destination,
  namespace,
  peer,
  plainPod,
  pod,
  policy,
  request,
  service,
  yaml,
} from "./example-objects.ts"

const cart = [namespace("shop"), pod("cart"), service("cart")]

/** A policy for cart with a source. */
const from = (source: string): string =>
  policy(`{ selector: { matchLabels: { app: cart } }, rules: [{ from: [{ source: ${source} }] }] }`)
const to = (operation: string, action = "ALLOW"): string =>
  policy(
    `{ action: ${action}, selector: { matchLabels: { app: cart } }, rules: [{ to: [{ operation: ${operation} }] }] }`,
  )

const names: readonly Example[] = [
  {
    code: "authorizationpolicy.namespace_unknown",
    fires: yaml(...cart, from("{ namespaces: [shopp] }")),
    silent: yaml(...cart, from('{ namespaces: ["sh*"] }')),
  },
  {
    code: "authorizationpolicy.service_account_unknown",
    fires: yaml(...cart, account("web"), from("{ principals: [cluster.local/ns/shop/sa/webb] }")),
    silent: yaml(...cart, account("web"), from("{ principals: [cluster.local/ns/shop/sa/web] }")),
  },
  {
    code: "authorizationpolicy.service_account_remote",
    fires: yaml(...cart, account("web"), from("{ principals: [cluster.local/ns/shop/sa/batch] }")),
    silent: yaml(...cart, account("batch"), from("{ principals: [cluster.local/ns/shop/sa/batch] }")),
    clusters: { far: yaml(namespace("shop"), account("batch")) },
  },
  {
    code: "authorizationpolicy.trust_domain_foreign",
    fires: yaml(...cart, from("{ principals: [partner.example/ns/shop/sa/default] }")),
    silent: yaml(...cart, from("{ principals: [old.example/ns/shop/sa/default] }")),
    meshConfig: "trustDomainAliases: [old.example]",
  },
  {
    code: "authorizationpolicy.principal_malformed",
    fires: yaml(...cart, from("{ principals: ['spiffe://cluster.local/ns/shop/sa/default'] }")),
    silent: yaml(...cart, from("{ principals: ['*/sa/default'] }")),
  },
  {
    code: "authorizationpolicy.method_unknown",
    fires: yaml(...cart, to("{ methods: [get] }")),
    silent: yaml(...cart, to("{ methods: [GET, 'P*'] }")),
  },
  {
    code: "authorizationpolicy.path_without_slash",
    fires: yaml(...cart, to("{ paths: [api/v1] }")),
    silent: yaml(...cart, to("{ paths: ['/api/v1', '*.html', '{*}/x'] }")),
  },
  {
    code: "authorizationpolicy.path_wildcard_inside",
    fires: yaml(...cart, to("{ paths: ['/api/*/items'] }")),
    silent: yaml(...cart, to("{ paths: ['/api/{*}/items', '/api/*'] }")),
  },
  {
    code: "authorizationpolicy.host_unknown",
    fires: yaml(...cart, to("{ hosts: [kart] }")),
    silent: yaml(...cart, to("{ hosts: [cart, cart.shop, 'cart.shop.svc.cluster.local:80'] }")),
  },
]

const gatewayPod = `
apiVersion: v1
kind: Pod
metadata: { name: front-1, namespace: shop, labels: { gateway.networking.k8s.io/gateway-name: front } }
spec: { containers: [{ name: istio-proxy }] }`
const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }`
const onGateway = "selector: { matchLabels: { gateway.networking.k8s.io/gateway-name: front } }"
const toGateway = "targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: front }]"

const selectors: readonly Example[] = [
  {
    code: "authorizationpolicy.selects_nothing",
    fires: yaml(...cart, policy("{ selector: { matchLabels: { app: kart } } , action: DENY, rules: [{}] }")),
    silent: yaml(...cart, policy("{ selector: { matchLabels: { app: cart } } , action: DENY, rules: [{}] }")),
  },
  ...[
    [
      "authorizationpolicy",
      policy("{ selector: { matchLabels: { app: cart } }, action: DENY, rules: [{}] }"),
    ],
    ["peerauthentication", peer("{ selector: { matchLabels: { app: cart } }, mtls: { mode: STRICT } }")],
    ["requestauthentication", request("{ selector: { matchLabels: { app: cart } } }")],
  ].map(([domain = "", object = ""]) => ({
    code: `${domain}.selects_no_proxy`,
    fires: yaml(namespace("shop"), plainPod("cart"), object),
    silent: yaml(...cart, object),
  })),
  {
    code: "authorizationpolicy.selector_on_gateway",
    fires: yaml(gatewayPod, gateway, policy(`{ ${onGateway}, action: DENY, rules: [{}] }`)),
    silent: yaml(gatewayPod, gateway, policy(`{ ${toGateway}, action: DENY, rules: [{}] }`)),
  },
  {
    code: "requestauthentication.selector_on_gateway",
    fires: yaml(gatewayPod, gateway, request(`{ ${onGateway} }`)),
    silent: yaml(gatewayPod, gateway, request(`{ ${toGateway} }`)),
  },
  {
    code: "peerauthentication.selector_in_root",
    fires: peer(
      "{ selector: { matchLabels: { app: cart } }, mtls: { mode: STRICT } }",
      "cart",
      "istio-system",
    ),
    silent: peer("{ mtls: { mode: STRICT } }", "default", "istio-system"),
  },
  {
    code: "peerauthentication.port_not_targeted",
    fires: yaml(
      ...cart,
      peer("{ selector: { matchLabels: { app: cart } }, portLevelMtls: { 80: { mode: DISABLE } } }"),
    ),
    silent: yaml(
      ...cart,
      peer("{ selector: { matchLabels: { app: cart } }, portLevelMtls: { 8080: { mode: DISABLE } } }"),
    ),
  },
]

const strict = peer("{ mtls: { mode: STRICT } }")
const meshStrict = peer("{ mtls: { mode: STRICT } }", "default", "istio-system")
const disabled = peer("{ mtls: { mode: DISABLE } }")
const meshDisabled = peer("{ mtls: { mode: DISABLE } }", "default", "istio-system")
const whole = '"*.shop.svc.cluster.local"'
const noAuto = "enableAutoMtls: false"
const external = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec: { hosts: [api.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{ number: 443, name: https, protocol: HTTPS }] }`

const mtls: readonly Example[] = [
  {
    code: "destinationrule.plaintext_to_strict",
    fires: yaml(...cart, strict, destination("cart", "DISABLE")),
    silent: yaml(...cart, strict, destination("cart", "ISTIO_MUTUAL")),
  },
  {
    code: "destinationrule.plaintext_to_mesh_strict",
    fires: yaml(...cart, meshStrict, destination(whole, "DISABLE")),
    silent: yaml(...cart, meshStrict, peer("{ mtls: { mode: PERMISSIVE } }"), destination(whole, "DISABLE")),
  },
  {
    code: "destinationrule.mutual_to_disabled",
    fires: yaml(...cart, disabled, destination("cart", "ISTIO_MUTUAL")),
    silent: yaml(...cart, disabled, destination("cart", "DISABLE")),
  },
  {
    code: "destinationrule.mutual_to_no_proxy",
    fires: yaml(namespace("shop"), plainPod("cart"), service("cart"), destination("cart", "ISTIO_MUTUAL")),
    silent: yaml(...cart, destination("cart", "ISTIO_MUTUAL")),
  },
  {
    code: "destinationrule.mutual_to_external",
    fires: yaml(external, destination("api.example.com", "ISTIO_MUTUAL")),
    silent: yaml(external, destination("api.example.com", "SIMPLE")),
  },
  {
    code: "destinationrule.tls_to_sidecar",
    fires: yaml(...cart, strict, destination("cart", "SIMPLE")),
    silent: yaml(
      namespace("shop"),
      pod("cart"),
      service("cart", { port: "https", number: 443 }),
      destination("cart", "SIMPLE"),
    ),
    note: "A PERMISSIVE server hands TLS that is not the mesh's to the application, which is right for a port named https.",
  },
  {
    code: "destinationrule.hides_wider_mutual",
    fires: yaml(destination(whole, "ISTIO_MUTUAL", "all"), destination("cart", "", "pool")),
    silent: yaml(destination(whole, "ISTIO_MUTUAL", "all"), destination("cart", "ISTIO_MUTUAL", "pool")),
    meshConfig: noAuto,
  },
  {
    code: "peerauthentication.strict_mesh_without_client_mutual",
    fires: meshStrict,
    silent: yaml(
      meshStrict,
      destination('"*.local"', "ISTIO_MUTUAL").replace("namespace: shop", "namespace: istio-system"),
    ),
    meshConfig: noAuto,
  },
  {
    code: "peerauthentication.strict_without_client_mutual",
    fires: yaml(...cart, strict),
    silent: yaml(...cart, strict, destination("cart", "ISTIO_MUTUAL")),
    meshConfig: noAuto,
  },
  {
    code: "peerauthentication.disabled_with_client_mutual",
    fires: yaml(...cart, disabled, destination(whole, "ISTIO_MUTUAL")),
    silent: yaml(...cart, disabled, destination(whole, "DISABLE")),
  },
  {
    code: "peerauthentication.mesh_disabled_with_client_mutual",
    fires: yaml(meshDisabled, destination('"*.local"', "ISTIO_MUTUAL")),
    silent: yaml(meshDisabled, destination('"*.local"', "DISABLE")),
  },
  {
    code: "peerauthentication.strict_beside_plaintext",
    fires: yaml(...cart, plainPod("batch"), strict),
    silent: yaml(...cart, pod("batch"), strict),
  },
  {
    code: "peerauthentication.disable_ignored",
    fires: yaml(
      namespace("shop", "istio.io/dataplane-mode: ambient"),
      pod("cart", { sidecar: false }),
      disabled,
    ),
    silent: yaml(...cart, disabled),
  },
  {
    code: "authorizationpolicy.identity_without_mutual_tls",
    fires: yaml(...cart, disabled, from("{ namespaces: [shop] }")),
    silent: yaml(...cart, strict, from("{ namespaces: [shop] }")),
  },
]

const rules = (text: string, action = "ALLOW"): string =>
  policy(`{ action: ${action}, selector: { matchLabels: { app: cart } }, rules: [${text}] }`)
const tcpCart = [namespace("shop"), pod("cart"), service("cart", { port: "tcp" })]

const never: readonly Example[] = [
  {
    code: "authorizationpolicy.excludes_itself",
    fires: yaml(...cart, to("{ paths: ['/admin/*'], notPaths: ['/admin*'] }")),
    silent: yaml(...cart, to("{ paths: ['/admin/*'], notPaths: ['/admin/open*'] }")),
  },
  {
    code: "authorizationpolicy.conditions_exclude_each_other",
    fires: yaml(
      ...cart,
      namespace("web"),
      from("{ principals: [cluster.local/ns/shop/sa/default], namespaces: [web] }"),
    ),
    silent: yaml(
      ...cart,
      namespace("web"),
      from("{ principals: [cluster.local/ns/shop/sa/default], namespaces: [web, shop] }"),
    ),
  },
  {
    code: "authorizationpolicy.host_never_reaches",
    fires: yaml(...cart, pod("web"), service("web"), to("{ hosts: [web] }")),
    silent: yaml(...cart, pod("web"), service("web"), to("{ hosts: [web, cart] }")),
  },
  {
    code: "authorizationpolicy.port_unused",
    fires: yaml(...cart, to("{ ports: ['80'] }")),
    silent: yaml(...cart, to("{ ports: ['8080'] }")),
  },
  {
    code: "authorizationpolicy.http_on_tcp",
    fires: yaml(...tcpCart, to("{ methods: [GET] }")),
    silent: yaml(...tcpCart, to("{ ports: ['8080'] }")),
  },
]

const authorizers =
  "extensionProviders: [{ name: opa, envoyExtAuthzGrpc: { service: opa.shop.svc.cluster.local, port: 9191 } }, { name: other, envoyExtAuthzGrpc: { service: opa.shop.svc.cluster.local, port: 9192 } }]"
const custom = (provider: string, name: string): string =>
  policy(
    `{ action: CUSTOM, provider: { name: ${provider} }, selector: { matchLabels: { app: cart } }, rules: [{}] }`,
    name,
  )
const deployment = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec: { template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: ${name} }] } } }`

const overruled: readonly Example[] = [
  {
    code: "authorizationpolicy.overruled_by_deny",
    fires: yaml(
      ...cart,
      to("{ methods: [GET], paths: ['/admin/users'] }"),
      policy("{ action: DENY, rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }] }", "admin"),
    ),
    silent: yaml(
      ...cart,
      to("{ methods: [GET], paths: ['/admin/users'] }"),
      policy(
        "{ action: DENY, rules: [{ to: [{ operation: { paths: ['/admin*'], notMethods: [GET] } }] }] }",
        "admin",
      ),
    ),
  },
  {
    code: "authorizationpolicy.useless_beside_allow_all",
    fires: yaml(...cart, to("{ methods: [GET] }"), policy("{ rules: [{}] }", "all")),
    silent: yaml(
      ...cart,
      to("{ methods: [GET] }"),
      policy("{ rules: [{ to: [{ operation: { methods: [POST] } }] }] }", "all"),
    ),
  },
  {
    code: "authorizationpolicy.denies_everything",
    fires: yaml(...cart, policy("{}")),
    silent: yaml(
      ...cart,
      policy("{}"),
      rules("{ to: [{ operation: { methods: [GET] } }] }").replace("guard", "get"),
    ),
  },
  {
    code: "authorizationpolicy.provider_unknown",
    fires: yaml(...cart, custom("oppa", "ask")),
    silent: yaml(...cart, custom("opa", "ask")),
    meshConfig: authorizers,
  },
  {
    code: "authorizationpolicy.several_providers",
    fires: yaml(...cart, custom("opa", "ask"), custom("other", "ask-too")),
    silent: yaml(...cart, custom("opa", "ask"), custom("opa", "ask-too")),
    meshConfig: authorizers,
  },
  {
    code: "namespace.workloads_without_authorization_policy",
    fires: yaml(...cart, deployment("web"), to("{ methods: [GET] }")),
    silent: yaml(...cart, deployment("cart"), to("{ methods: [GET] }")),
  },
]

export const securityExamples: readonly Example[] = [...names, ...selectors, ...mtls, ...never, ...overruled]
