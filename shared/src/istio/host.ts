/** The full name of a Kubernetes service. */
export const serviceHost = (name: string, namespace: string, domain = "cluster.local"): string =>
  `${name}.${namespace}.svc.${domain}`

/**
 * A host as Istio reads it in a VirtualService, DestinationRule or Sidecar: only a name without a dot is completed with the object's namespace.
 * (`completeHost` of topology also completes what a client may write, such as `reviews.shop`; Istio's config does not.)
 * Source: istio.io, VirtualService, Destination.host; pilot `ResolveShortnameToFQDN`.
 */
export const configHost = (host: string, namespace: string, domain = "cluster.local"): string =>
  host === "" || host.includes(".") || host.includes("*") ? host : serviceHost(host, namespace, domain)

export const isWildcard = (host: string): boolean => host.startsWith("*")

/** Whether a name (or a narrower wildcard) is within a pattern: `*` takes all, `*.shop.example` what ends with `.shop.example`. */
export const hostMatches = (pattern: string, host: string): boolean =>
  isWildcard(pattern) ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : pattern === host

/** The narrower of two patterns that overlap, or undefined: what a server for one and a route for the other have in common. */
export function commonHost(a: string, b: string): string | undefined {
  if (hostMatches(a, b)) return b
  return hostMatches(b, a) ? a : undefined
}

/** Orders patterns by how closely they name a host: exact names first, then longer wildcards, `*` last. */
export function compareSpecificity(a: string, b: string): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1
  return b.length - a.length
}

/** The most specific of the patterns that take the host. */
export const mostSpecific = (patterns: Iterable<string>, host: string): string | undefined =>
  [...patterns].filter((pattern) => hostMatches(pattern, host)).sort(compareSpecificity)[0]
