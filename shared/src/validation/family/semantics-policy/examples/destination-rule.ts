import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const dr = yamlOf("networking.istio.io/v1", "DestinationRule")
const policy = (text: string): string => dr(`host: reviews\ntrafficPolicy: ${text}`)
const both = (code: string, fires: string, silent: string): Example => ({
  code: `destinationrule.${code}`,
  fires: policy(fires),
  silent: policy(silent),
})

export const destinationRuleExamples: readonly Example[] = [
  {
    code: "destinationrule.host_invalid",
    fires: dr("host: reviews.*.svc.cluster.local"),
    silent: dr('host: "*.shop.svc.cluster.local"'),
  },
  {
    code: "destinationrule.subset_invalid",
    fires: dr(
      "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v1, labels: {version: v2}}]",
    ),
    silent: dr(
      "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]",
    ),
  },
  both("policy_invalid", "{}", "{loadBalancer: {simple: ROUND_ROBIN}}"),
  both(
    "outlier_invalid",
    "{outlierDetection: {maxEjectionPercent: 101}}",
    "{outlierDetection: {maxEjectionPercent: 100}}",
  ),
  both(
    "connection_pool_invalid",
    "{connectionPool: {tcp: {connectTimeout: 1.0000001s}}}",
    "{connectionPool: {tcp: {connectTimeout: 1ms, idleTimeout: 0s}}}",
  ),
  both(
    "load_balancer_invalid",
    "{loadBalancer: {consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 65536}}}}",
    "{loadBalancer: {consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 65537}}}}",
  ),
  both(
    "hash_key_missing",
    "{loadBalancer: {consistentHash: {ringHash: {minimumRingSize: 1024}}}}",
    "{loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 1024}}}}",
  ),
  both(
    "port_policy_twice",
    "{portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}, {port: {number: 80}, tls: {mode: DISABLE}}]}",
    "{portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}, {port: {number: 81}, tls: {mode: DISABLE}}]}",
  ),
  both(
    "locality_invalid",
    '{loadBalancer: {localityLbSetting: {distribute: [{from: eu/*, to: {"eu/*": 80, "us/*": 10}}]}}}',
    '{loadBalancer: {localityLbSetting: {distribute: [{from: eu/*, to: {"eu/*": 80, "us/*": 20}}]}}}',
  ),
  both(
    "failover_without_outlier",
    "{loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}}",
    "{loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}, outlierDetection: {consecutive5xxErrors: 5}}",
  ),
  both(
    "field_deprecated",
    "{loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: 1024}}}",
    "{loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 1024}}}}",
  ),
  both(
    "tls_invalid",
    "{tls: {mode: MUTUAL, caCertificates: /etc/certs/ca.pem, clientCertificate: /etc/certs/client.pem}}",
    "{tls: {mode: MUTUAL, caCertificates: /etc/certs/ca.pem, clientCertificate: /etc/certs/client.pem, privateKey: /etc/certs/key.pem}}",
  ),
  both("tls_unverified", "{tls: {mode: SIMPLE}}", "{tls: {mode: SIMPLE, caCertificates: /etc/certs/ca.pem}}"),
  both(
    "port_tls_unverified",
    "{portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE, credentialName: ca}}]}",
    "{portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE, caCertificates: /etc/certs/ca.pem}}]}",
  ),
  both(
    "tunnel_invalid",
    "{tunnel: {protocol: GET, targetHost: example.com, targetPort: 443}}",
    "{tunnel: {protocol: CONNECT, targetHost: example.com, targetPort: 443}}",
  ),
  {
    code: "destinationrule.export_invalid",
    fires: dr('host: reviews\nexportTo: [".", "*"]'),
    silent: dr('host: reviews\nexportTo: [".", front]'),
  },
]
