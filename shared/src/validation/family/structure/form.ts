import type { Form } from "./schema.ts"

/** What names and values look like, by the CustomResourceDefinitions. Compiled once: none of them is built while objects are looked at. */

const form = (pattern: RegExp, says: string): Form => ({ pattern, says })

export const dnsLabel = form(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  "a name of lower-case letters, digits and inner hyphens",
)
export const dnsName = form(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "a DNS name in lower case, without a wildcard",
)
export const wildcardDnsName = form(
  /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "a DNS name in lower case, at most its first label a *",
)
export const groupName = form(
  /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "an API group without its version, such as gateway.networking.k8s.io, or empty",
)
export const kindName = form(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, "a kind, such as Service")
export const qualified =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/
export const labelValue = form(
  /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  "a label value: letters, digits and inner -, _ and .",
)
export const domainPath = form(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/,
  "a domain and a path, such as istio.io/gateway-controller",
)
/** As loose as the definition, whose alternatives are anchored on one side only. */
export const addressType = form(
  /^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/,
  "IPAddress, Hostname or NamedAddress",
)
export const protocol = form(
  /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/,
  "a protocol, such as HTTP, HTTPS, TLS or TCP",
)
export const headerName = form(
  /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/,
  "a header name: letters, digits and !#$%&'*+-.^_`|~",
)
/** The definition lets the blank between two words be left out, which says no more and takes an engine that backtracks for ever. */
export const headerValue = form(
  /^[!-~]+(?:[\t ][!-~]+)*$/,
  "a header value: printable characters, single blanks between them",
)
export const gatewayDuration = form(
  /^([0-9]{1,5}(h|m|s|ms)){1,4}$/,
  "a duration in whole h, m, s or ms, such as 500ms or 1m30s",
)
export const origin = form(
  /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/,
  "an origin, such as https://shop.example.com or https://*.example.com, or *",
)
export const pathCharacters = form(
  /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/,
  "a path of the characters that a URL path may hold",
)
export const uri = form(
  /^(([^:/?#]+):)(\/\/([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?/,
  "a URI with a scheme and an authority, such as spiffe://cluster.local/ns/shop/sa/cart",
)
export const wellKnownCertificates = form(
  /^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$/,
  "System, or an implementation's own name with its domain",
)
export const sha256 = form(/^$|^[a-f0-9]{64}$/, "a SHA-256 digest of 64 lower-case hexadecimal digits")
export const token = form(/^[-_A-Za-z0-9]+$/, "a header name of letters, digits, - and _")
export const base64 = form(
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  "bytes in base64",
)
