import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const sidecar = yamlOf("networking.istio.io/v1", "Sidecar")
const both = (code: string, fires: string, silent: string): Example => ({
  code: `sidecar.${code}`,
  fires: sidecar(fires),
  silent: sidecar(silent),
})
const ingress = (text: string): string =>
  `ingress: [{port: {number: 8443, protocol: HTTPS, name: https}, ${text}}]`

export const sidecarExamples: readonly Example[] = [
  both("empty", "workloadSelector: {labels: {app: web}}", 'egress: [{hosts: ["./*"]}]'),
  both(
    "ingress_invalid",
    "ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: 10.0.0.1:8080}]",
    "ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: 127.0.0.1:8080}]",
  ),
  both(
    "ingress_tls_invalid",
    ingress("tls: {mode: SIMPLE, credentialName: web}"),
    ingress("tls: {mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key}"),
  ),
  both(
    "ingress_tls_ineffective",
    ingress("tls: {mode: SIMPLE, serverCertificate: /a.crt, privateKey: /a.key, cipherSuites: [RC4-SHA]}"),
    ingress("tls: {mode: SIMPLE, serverCertificate: /a.crt, privateKey: /a.key, cipherSuites: [AES128-SHA]}"),
  ),
  both(
    "connection_pool_invalid",
    "inboundConnectionPool: {http: {http1MaxPendingRequests: -1}}",
    "inboundConnectionPool: {http: {http1MaxPendingRequests: 0}}",
  ),
  both(
    "http_pool_ineffective",
    "ingress: [{port: {number: 3306, protocol: TCP}, connectionPool: {http: {maxRetries: 3}}}]",
    "ingress: [{port: {number: 3306, protocol: TCP}, connectionPool: {tcp: {maxConnections: 3}}}]",
  ),
  both(
    "egress_invalid",
    'egress: [{hosts: ["./*"]}, {port: {number: 9080, protocol: HTTP}, hosts: ["other/*"]}]',
    'egress: [{port: {number: 9080, protocol: HTTP}, hosts: ["other/*"]}, {hosts: ["./*"]}]',
  ),
  both(
    "egress_host_invalid",
    "egress: [{hosts: [reviews]}]",
    "egress: [{hosts: [./reviews.shop.svc.cluster.local]}]",
  ),
  both(
    "egress_host_redundant",
    'egress: [{hosts: ["other/*", other/reviews.other.svc.cluster.local]}]',
    'egress: [{hosts: ["./*", other/reviews.other.svc.cluster.local]}]',
  ),
  both(
    "outbound_invalid",
    "outboundTrafficPolicy: {mode: REGISTRY_ONLY, egressProxy: {host: egress.example.com, port: {number: 443}}}",
    "outboundTrafficPolicy: {mode: REGISTRY_ONLY}",
  ),
  both(
    "egress_proxy_hidden",
    "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: egress.example.com, port: {number: 443}}}",
    "outboundTrafficPolicy: {mode: ALLOW_ANY}",
  ),
]
