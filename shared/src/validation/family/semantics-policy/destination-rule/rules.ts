import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/destination-rule/"

export const hostInvalid = rule({
  code: "destinationrule.host_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Host of the DestinationRule is no name",
  effect: refused,
  remedy: "Give a host name, whose first label alone may be a wildcard",
  source,
})

export const subsetInvalid = rule({
  code: "destinationrule.subset_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Subset is not well formed",
  effect: refused,
  remedy: "Give each subset a name of its own (a DNS label) and valid labels",
  source: `${source}#Subset`,
})

export const policyInvalid = rule({
  code: "destinationrule.policy_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Traffic policy says nothing, or not for which port",
  effect: refused,
  remedy: "Set at least one field of the policy, and the port of a port's policy, or leave it out",
  source: `${source}#TrafficPolicy`,
})

export const portPolicyTwice = rule({
  code: "destinationrule.port_policy_twice",
  aliases: [],
  level: "warning",
  title: "Port has more than one policy",
  effect: "istiod takes the first policy of the port, and leaves the others out",
  remedy: "Merge the policies of the port into one",
  source: `${source}#TrafficPolicy-PortTrafficPolicy`,
})

export const outlierInvalid = rule({
  code: "destinationrule.outlier_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Outlier detection has values that cannot be",
  effect: refused,
  remedy: "Use whole milliseconds of at least one, and percentages from 0 to 100",
  source: `${source}#OutlierDetection`,
})

export const poolInvalid = rule({
  code: "destinationrule.connection_pool_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Connection pool has values that cannot be",
  effect: refused,
  remedy: "Set tcp or http, with limits of at least 0 and durations in whole milliseconds",
  source: `${source}#ConnectionPoolSettings`,
})

export const balancerInvalid = rule({
  code: "destinationrule.load_balancer_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Load balancer has values that cannot be",
  effect: refused,
  remedy: "Correct the setting that the message names",
  source: `${source}#LoadBalancerSettings`,
})

export const hashKeyMissing = rule({
  code: "destinationrule.hash_key_missing",
  aliases: [],
  level: "warning",
  title: "Consistent hash of nothing",
  effect: "Without a key to hash, each request goes to any endpoint, so clients do not stick to one",
  remedy: "Set httpHeaderName, httpCookie, httpQueryParameterName, or useSourceIp: true",
  source: `${source}#LoadBalancerSettings-ConsistentHashLB`,
})

export const localityInvalid = rule({
  code: "destinationrule.locality_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Locality load balancing contradicts itself",
  effect: refused,
  remedy:
    "Distribute or fail over, not both; weights of each origin add up to 100, and localities do not overlap",
  source:
    "https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting",
})

export const failoverWithoutOutlier = rule({
  code: "destinationrule.failover_without_outlier",
  aliases: ["IST0133"],
  level: "warning",
  title: "Failover without outlier detection",
  effect: "Proxies never learn that endpoints fail, so traffic stays where it is",
  remedy: "Add outlierDetection beside the load balancer",
  source: "https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/",
})

export const deprecatedField = rule({
  code: "destinationrule.field_deprecated",
  aliases: ["IST0133"],
  level: "warning",
  title: "DestinationRule uses a field that is being given up",
  effect: "The field works no longer, or will stop to with a coming version of Istio",
  remedy: "Use the field that took its place",
  source,
})

export const tlsInvalid = rule({
  code: "destinationrule.tls_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "TLS settings contradict each other",
  effect: refused,
  remedy: "Name certificates in one way only, and what the mode needs",
  source: `${source}#ClientTLSSettings`,
})

export const tlsUnverified = rule({
  code: "destinationrule.tls_unverified",
  aliases: ["IST0128"],
  level: "warning",
  title: "TLS to the host without a CA to verify it",
  effect:
    "Without a CA, proxies take the public ones of their system; a credentialName without a workloadSelector counts at gateways only, and sidecars then send plain text",
  remedy: "Name caCertificates, or a credentialName together with a workloadSelector",
  source: `${source}#ClientTLSSettings`,
})

export const portTlsUnverified = rule({
  ...tlsUnverified,
  code: "destinationrule.port_tls_unverified",
  aliases: ["IST0129"],
  title: "TLS to a port of the host without a CA to verify it",
})

export const tunnelInvalid = rule({
  code: "destinationrule.tunnel_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Tunnel or PROXY protocol is not well formed",
  effect: refused,
  remedy: "Tunnel with CONNECT or POST to a host and port, and not together with the PROXY protocol",
  source: `${source}#TrafficPolicy-TunnelSettings`,
})

export const exportInvalid = rule({
  code: "destinationrule.export_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "exportTo of the DestinationRule contradicts itself",
  effect: refused,
  remedy: "List namespaces once, or * alone; with a workloadSelector only the own namespace",
  source,
})
