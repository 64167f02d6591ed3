import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/sidecar/"

export const empty = rule({
  code: "sidecar.empty",
  aliases: ["IST0106"],
  level: "error",
  title: "Sidecar says nothing",
  effect: refused,
  remedy: "Set ingress, egress, outboundTrafficPolicy or inboundConnectionPool, or delete the Sidecar",
  source,
})

export const ingressInvalid = rule({
  code: "sidecar.ingress_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Ingress listener is not well formed",
  effect: refused,
  remedy: "Give each listener a port of its own with a known protocol, and an endpoint on this pod",
  source: `${source}#IstioIngressListener`,
})

export const ingressTlsInvalid = rule({
  code: "sidecar.ingress_tls_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "TLS of an ingress listener cannot be",
  effect: refused,
  remedy: "Use SIMPLE or MUTUAL on an HTTPS or TLS port, with files for certificate, key and (MUTUAL) CA",
  source: `${source}#IstioIngressListener`,
})

export const ingressTlsIneffective = rule({
  code: "sidecar.ingress_tls_ineffective",
  aliases: ["IST0133"],
  level: "warning",
  title: "TLS of an ingress listener holds settings without effect",
  effect: "Proxies leave the settings out",
  remedy: "Remove what has no effect, or name ciphers that the protocol version has",
  source: `${source}#IstioIngressListener`,
})

export const poolInvalid = rule({
  code: "sidecar.connection_pool_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Connection pool of the Sidecar has values that cannot be",
  effect: refused,
  remedy: "Set tcp or http, with limits of at least 0 and durations in whole milliseconds",
  source,
})

export const httpPoolIneffective = rule({
  code: "sidecar.http_pool_ineffective",
  aliases: ["IST0133"],
  level: "warning",
  title: "HTTP limits on a port that is not HTTP",
  effect: "Only the TCP settings of the pool apply to the port",
  remedy: "Remove the http settings, or declare the port's protocol as HTTP",
  source: `${source}#IstioIngressListener`,
})

export const egressInvalid = rule({
  code: "sidecar.egress_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Egress listener is not well formed",
  effect: refused,
  remedy: "Give each listener a port or socket of its own; one without a port comes last, once",
  source: `${source}#IstioEgressListener`,
})

export const egressHostInvalid = rule({
  code: "sidecar.egress_host_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Egress host is not of the form namespace/host",
  effect: refused,
  remedy:
    "Write namespace/full.name, where the namespace may be *, . or ~ and the name may have a star for its first part",
  source: `${source}#IstioEgressListener`,
})

export const egressHostRedundant = rule({
  code: "sidecar.egress_host_redundant",
  aliases: ["IST0133"],
  level: "warning",
  title: "Egress host is imported already",
  effect: "The entry changes nothing; who reads it takes the import for narrower than it is",
  remedy: "Remove the entry, or the wider one that makes it pointless",
  source: `${source}#IstioEgressListener`,
})

export const outboundInvalid = rule({
  code: "sidecar.outbound_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Outbound traffic policy cannot be",
  effect: refused,
  remedy: "Use REGISTRY_ONLY or ALLOW_ANY; an egressProxy needs ALLOW_ANY, a full host name and a port",
  source: `${source}#OutboundTrafficPolicy`,
})

export const egressProxyHidden = rule({
  code: "sidecar.egress_proxy_hidden",
  aliases: ["IST0002"],
  level: "info",
  title: "egressProxy is not part of Istio's documented API",
  effect:
    "Unknown HTTP and TLS traffic goes to that host while its service is imported; Istio may drop the field",
  remedy: "Route egress through a gateway with a VirtualService",
  source: "https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/",
})
