import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const authorization = yamlOf("security.istio.io/v1", "AuthorizationPolicy")
const request = yamlOf("security.istio.io/v1", "RequestAuthentication")
const sidecar = yamlOf("networking.istio.io/v1", "Sidecar")
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
    fires: sidecar('workloadSelector: {labels: {"app*": web}}\negress: [{hosts: ["./*"]}]'),
    silent: sidecar('workloadSelector: {labels: {app: web}}\negress: [{hosts: ["./*"]}]'),
  },
  {
    code: "selector.empty",
    fires: peer("selector: {matchLabels: {}}\nmtls: {mode: STRICT}"),
    silent: peer("mtls: {mode: STRICT}"),
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
  jwt("timeout_invalid", "{issuer: a, timeout: 1.0000001s}", "{issuer: a, timeout: 5s}"),
]
