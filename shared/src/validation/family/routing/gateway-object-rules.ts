import { rule } from "../../rule.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/gateway/"

export const selectorUnmatched = rule({
  code: "gateway.selector_unmatched",
  aliases: ["IST0101", "KIA0302"],
  level: "error",
  title: "Gateway selects no pod",
  effect: "No proxy runs its servers, so nothing listens on its ports for its hosts",
  remedy:
    "Give the selector the labels of the gateway's pods (istio: ingressgateway, if Istio's own is meant)",
  source,
})

export const serverConflict = rule({
  code: "gateway.server_conflict",
  aliases: ["IST0145", "KIA0301"],
  level: "error",
  title: "Servers of two Gateways cannot share a port",
  effect:
    "Gateways of the same pods are joined, the oldest first; a server that cannot share its port with those before it is left out",
  remedy: "Give the servers different hosts, ports, bind addresses or pods, or join them in one Gateway",
  source,
})

export const hostShared = rule({
  code: "gateway.host_shared",
  aliases: ["IST0145", "KIA0301"],
  level: "warning",
  title: "Servers of two Gateways take the same host on the same port",
  effect:
    "The pods join the servers: routes bound to the one and to the other answer the same requests, the oldest first",
  remedy: "Leave the host to one of the Gateways, or bind all of its routes to the same one",
  source,
})

export const hostRepeated = rule({
  code: "gateway.host_repeated",
  aliases: [],
  level: "info",
  title: "A Gateway takes a host twice on the same port",
  effect: "The second server adds nothing",
  remedy: "Remove the host from one of the servers",
  source,
})

export const certificateShared = rule({
  code: "gateway.certificate_shared",
  aliases: ["IST0138"],
  level: "warning",
  title: "Gateways for different hosts use the same certificate",
  effect:
    "A browser that has a connection for the one host uses it for the other as well, if the certificate is for both, and gets 404 there",
  remedy: "Put the hosts into one server of one Gateway, or give each a certificate of its own",
  source:
    "https://istio.io/latest/docs/ops/common-problems/network-issues/#404-errors-occur-when-multiple-gateways-configured-with-same-tls-certificate",
})

export const credentialUnknown = rule({
  code: "gateway.credential_unknown",
  aliases: ["IST0101"],
  level: "error",
  title: "Secret with the certificate is not there",
  effect: "The gateway has no certificate for the server and drops every TLS connection to its hosts",
  remedy:
    "Create the Secret in the namespace of the gateway's pods (not of the Gateway), or name one that is there",
  source: "https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings",
})

export const credentialInvalid = rule({
  code: "gateway.credential_invalid",
  aliases: ["IST0161"],
  level: "error",
  title: "Secret holds no usable certificate",
  effect: "The gateway has no certificate for the server and drops every TLS connection to its hosts",
  remedy: "Put certificate and key under tls.crt and tls.key (or cert and key), in PEM",
  source: "https://istio.io/latest/docs/tasks/traffic-management/ingress/secure-ingress/#key-formats",
})

export const credentialWithoutAuthority = rule({
  code: "gateway.credential_without_ca",
  aliases: [],
  level: "error",
  title: "There is nothing to verify client certificates with",
  effect: "A server with mutual TLS and no CA certificate accepts no client",
  remedy: "Add ca.crt to the Secret, or create a Secret NAME-cacert with ca.crt",
  source:
    "https://istio.io/latest/docs/tasks/traffic-management/ingress/secure-ingress/#configure-a-mutual-tls-ingress-gateway",
})

export const certificateExpired = rule({
  code: "gateway.certificate_expired",
  aliases: ["IST0161"],
  level: "error",
  title: "Certificate of a gateway is not valid now",
  effect: "Clients refuse the certificate, so TLS connections to the hosts of the server fail",
  remedy: "Renew the certificate",
})

export const certificateExpiring = rule({
  code: "gateway.certificate_expiring",
  aliases: [],
  level: "warning",
  title: "Certificate of a gateway expires soon",
  effect: "After that, clients refuse the certificate and TLS connections to the hosts of the server fail",
  remedy: "Renew the certificate, or see why what should renew it does not",
})

export const certificateHosts = rule({
  code: "gateway.certificate_for_other_hosts",
  aliases: [],
  level: "warning",
  title: "Certificate is not for a host of its server",
  effect: "Clients that check names, as browsers do, refuse the certificate for this host",
  remedy: "Have the certificate issued for the host as well, or give the host another one",
})

export const portUnserved = rule({
  code: "gateway.port_unserved",
  aliases: ["IST0162"],
  level: "warning",
  title: "No Service leads to the port of a Gateway's server",
  effect: "The pods listen on the port, but clients that come through the Service cannot reach it",
  remedy:
    "Add the port to the Service in front of the gateway's pods, or use one that it has (its port or its targetPort)",
  source,
})

export const portNameMisleading = rule({
  code: "gateway.port_name_misleading",
  aliases: ["KIA0601"],
  level: "info",
  title: "Name of a Gateway's port is of another protocol",
  effect: "Istio goes by the protocol field; the name misleads people only",
  remedy: "Name the port by its protocol: protocol[-suffix]",
  source: "https://istio.io/latest/docs/reference/config/networking/gateway/#Port",
})
