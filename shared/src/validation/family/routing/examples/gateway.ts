import type { Example } from "../../../check.ts"
import { until2126, untilNovember2026 } from "./certificates.ts"
import { gateway, ingress, together } from "./parts.ts"

const secret = (name: string, data: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: edge }
type: kubernetes.io/tls
data: ${data}
`
const key = "a2V5"
const withCertificate = (certificate: string, name = "shop", more = ""): string =>
  secret(name, `{ tls.crt: ${certificate}, tls.key: ${key}${more} }`)

const simple = "{ mode: SIMPLE, credentialName: shop }"
const mutual = "{ mode: MUTUAL, credentialName: shop }"
const https = { protocol: "HTTPS", port: 443, tls: simple }
const server = (tls = simple, hosts = "shop.example.com"): string => gateway({ ...https, tls, hosts })
const midOctober = Date.UTC(2026, 9, 25)
const december = Date.UTC(2026, 11, 1)

export const gatewayExamples: readonly Example[] = [
  {
    code: "gateway.selector_unmatched",
    fires: together(ingress, gateway().replace("istio: ingressgateway", "istio: ingress")),
    silent: together(ingress, gateway()),
  },
  {
    code: "gateway.server_conflict",
    fires: together(ingress, gateway(), gateway({ name: "raw", protocol: "TCP", portName: "tcp" })),
    silent: together(
      ingress,
      gateway(),
      gateway({ name: "raw", protocol: "TCP", port: 443, portName: "tcp" }),
    ),
  },
  {
    code: "gateway.host_shared",
    fires: together(ingress, gateway(), gateway({ name: "second" })),
    silent: together(ingress, gateway(), gateway({ name: "second", hosts: "*.example.com" })),
  },
  {
    code: "gateway.host_repeated",
    fires: together(
      ingress,
      `${gateway()}  - port: { number: 80, name: http-again, protocol: HTTP }
    hosts: [shop.example.com]
`,
    ),
    silent: together(
      ingress,
      `${gateway()}  - port: { number: 443, name: http-again, protocol: HTTP }
    hosts: [shop.example.com]
`,
    ),
  },
  {
    code: "gateway.certificate_shared",
    fires: together(
      ingress,
      withCertificate(until2126),
      server(),
      gateway({ ...https, name: "second", hosts: "v1.api.example.com" }),
    ),
    silent: together(
      ingress,
      withCertificate(until2126),
      withCertificate(until2126, "api"),
      server(),
      gateway({
        ...https,
        name: "second",
        hosts: "v1.api.example.com",
        tls: "{ mode: SIMPLE, credentialName: api }",
      }),
    ),
  },
  {
    code: "gateway.credential_unknown",
    fires: together(ingress, withCertificate(until2126, "shops"), server()),
    silent: together(ingress, withCertificate(until2126), server()),
  },
  {
    code: "gateway.credential_invalid",
    fires: together(ingress, secret("shop", `{ certificate: ${until2126}, key: ${key} }`), server()),
    silent: together(ingress, secret("shop", `{ cert: ${until2126}, key: ${key} }`), server()),
  },
  {
    code: "gateway.credential_without_ca",
    fires: together(ingress, withCertificate(until2126), server(mutual)),
    silent: together(
      ingress,
      withCertificate(until2126),
      secret("shop-cacert", `{ ca.crt: ${until2126} }`),
      server(mutual),
    ),
  },
  {
    code: "gateway.certificate_expired",
    fires: together(ingress, withCertificate(untilNovember2026), server()),
    silent: together(ingress, withCertificate(until2126), server()),
    now: december,
  },
  {
    code: "gateway.certificate_expiring",
    fires: together(ingress, withCertificate(untilNovember2026), server()),
    silent: together(ingress, withCertificate(until2126), server()),
    now: midOctober,
  },
  {
    code: "gateway.certificate_for_other_hosts",
    fires: together(ingress, withCertificate(until2126), server(simple, "www.example.com")),
    silent: together(ingress, withCertificate(until2126), server(simple, "v1.api.example.com")),
  },
  {
    code: "gateway.port_unserved",
    fires: together(ingress, gateway({ port: 8081 })),
    silent: together(ingress, gateway({ port: 8080 })),
    note: "Both a port of the Service (which Istio translates) and its targetPort will do",
  },
  {
    code: "gateway.port_name_misleading",
    fires: together(ingress, gateway({ protocol: "TCP", portName: "http" })),
    silent: together(ingress, gateway({ protocol: "HTTP2", portName: "http" })),
  },
]
