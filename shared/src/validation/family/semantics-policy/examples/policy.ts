import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const authorization = yamlOf("security.istio.io/v1", "AuthorizationPolicy")
const request = yamlOf("security.istio.io/v1", "RequestAuthentication")
const peer = yamlOf("security.istio.io/v1", "PeerAuthentication")

const rules = (action: string, text: string): string => authorization(`action: ${action}\nrules: [${text}]`)
const one = (code: string, fires: string, silent: string): Example => ({
  code: `authorizationpolicy.${code}`,
  fires: rules("ALLOW", fires),
  silent: rules("ALLOW", silent),
})
const jwt = (code: string, fires: string, silent: string): Example => ({
  code: `requestauthentication.${code}`,
  fires: request(`jwtRules: [${fires}]`),
  silent: request(`jwtRules: [${silent}]`),
})
const key = (more: string): string =>
  `{issuer: a, jwks: '{"keys":[{"kty":"RSA","n":"xAE7","e":"AQAB"${more}}]}'}`

export const policyExamples: readonly Example[] = [
  {
    code: "selector.invalid",
    fires: authorization('selector: {matchLabels: {app: "web-*"}}'),
    silent: authorization("selector: {matchLabels: {app: web}}"),
  },
  {
    code: "selector.empty",
    fires: peer("selector: {matchLabels: {}}\nmtls: {mode: STRICT}"),
    silent: peer("mtls: {mode: STRICT}"),
  },
  {
    code: "targetref.with_selector",
    fires: authorization("selector: {matchLabels: {app: web}}\ntargetRefs: [{kind: Service, name: web}]"),
    silent: authorization("targetRefs: [{kind: Service, name: web}]"),
  },
  {
    code: "targetref.invalid",
    fires: authorization("targetRefs: [{group: apps, kind: Deployment, name: web}]"),
    silent: authorization("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: web}]"),
  },
  {
    code: "authorizationpolicy.provider_invalid",
    fires: authorization("action: CUSTOM\nrules: [{}]"),
    silent: authorization("action: CUSTOM\nprovider: {name: oauth}\nrules: [{}]"),
  },
  {
    code: "authorizationpolicy.rules_missing",
    fires: authorization("action: DENY"),
    silent: authorization("action: ALLOW"),
  },
  {
    code: "authorizationpolicy.custom_unsupported",
    fires: authorization(
      "action: CUSTOM\nprovider: {name: oauth}\nrules: [{from: [{source: {namespaces: [front]}}]}]",
    ),
    silent: authorization(
      "action: CUSTOM\nprovider: {name: oauth}\nrules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]",
    ),
  },
  one("rule_empty", "{from: [{source: {}}]}", "{from: [{source: {namespaces: [front]}}]}"),
  one(
    "source_invalid",
    "{from: [{source: {ipBlocks: [10.0.0.0/33]}}]}",
    "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}",
  ),
  one(
    "operation_invalid",
    '{to: [{operation: {paths: ["/a/{**}/b/{*}"]}}]}',
    '{to: [{operation: {paths: ["/a/{*}/b/{**}/c"]}}]}',
  ),
  one(
    "condition_invalid",
    "{when: [{key: request.headers, values: [a]}]}",
    '{when: [{key: "request.headers[x-user]", values: [a]}]}',
  ),
  one(
    "condition_unknown",
    "{when: [{key: source.workload, values: [a]}]}",
    "{when: [{key: source.namespace, values: [a]}]}",
  ),
  {
    code: "authorizationpolicy.denies_tcp",
    fires: rules("DENY", "{to: [{operation: {methods: [DELETE]}}]}"),
    silent: rules("DENY", '{to: [{operation: {methods: [DELETE], ports: ["8080"]}}]}'),
  },
  {
    code: "authorizationpolicy.dry_run_invalid",
    fires: authorization("action: ALLOW", 'annotations: {istio.io/dry-run: "yes"}'),
    silent: authorization("action: ALLOW", 'annotations: {istio.io/dry-run: "false"}'),
  },
  jwt("issuer_missing", "{forwardOriginalToken: true}", "{issuer: https://accounts.example.com}"),
  jwt("jwks_invalid", '{issuer: a, jwks: \'{"keys":[{"kty":"RSA"}]}\'}', key("")),
  jwt("jwks_private", key(',"d":"c2VjcmV0"'), key("")),
  jwt(
    "location_invalid",
    "{issuer: a, fromHeaders: [{prefix: Bearer}]}",
    "{issuer: a, fromHeaders: [{name: x-token}]}",
  ),
  jwt(
    "claim_header_invalid",
    "{issuer: a, outputClaimToHeaders: [{claim: sub, header: x%sub}]}",
    "{issuer: a, outputClaimToHeaders: [{claim: sub, header: x-sub}]}",
  ),
  jwt("rule_invalid", "{issuer: a, timeout: 0s}", "{issuer: a, timeout: 5s}"),
  {
    code: "peerauthentication.port_level_invalid",
    fires: peer("portLevelMtls: {8080: {mode: DISABLE}}"),
    silent: peer("selector: {matchLabels: {app: web}}\nportLevelMtls: {8080: {mode: DISABLE}}"),
  },
]
