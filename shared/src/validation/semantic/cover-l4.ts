import { list, record } from "../../topology/fact/read.ts"
import { type ClientMatch, clientCovers, readClient } from "./cover.ts"

/** A match of a tcp or tls route. Source subnets are not looked at by istiod. */
export type L4Match = ClientMatch & { subnets: readonly unknown[]; sni: readonly unknown[] }

export function readL4Match(value: unknown, namespace: string): L4Match {
  const match = record(value)
  return {
    ...readClient(match, namespace),
    subnets: list(match["destinationSubnets"]),
    sni: list(match["sniHosts"]),
  }
}

const within = (inner: readonly unknown[], outer: readonly unknown[]): boolean =>
  inner.every((entry) => outer.includes(entry))

/**
 * Whether a tcp match leaves nothing to a later one. Among subnets Envoy takes the narrowest, whatever their order, so only the same ones count;
 * a match without subnets ends the list. Source: pilot `buildSidecarOutboundTCPFilterChainOpts`.
 */
export const tcpCovers = (a: L4Match, b: L4Match, bound: readonly string[]): boolean =>
  (a.subnets.length === 0 || (b.subnets.length > 0 && within(b.subnets, a.subnets))) &&
  clientCovers(a, b, bound)

/** The same of a tls match: among SNI hosts, too, Envoy takes the narrowest. */
export const tlsCovers = (a: L4Match, b: L4Match, bound: readonly string[]): boolean =>
  b.sni.length > 0 &&
  within(b.sni, a.sni) &&
  (a.subnets.length === 0) === (b.subnets.length === 0) &&
  within(b.subnets, a.subnets) &&
  clientCovers(a, b, bound)
