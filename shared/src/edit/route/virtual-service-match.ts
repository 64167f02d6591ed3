import type { z } from "zod"
import type { Json } from "../../topology/fact/read.ts"
import { Match, RoutingForm } from "../form.ts"
import { headerMatch } from "./string-match.ts"
import { type Lens, type Lenses, mapped, parts, plain, placed, unplaced } from "./lens.ts"

const of = Match.shape
const bare = Match.omit({ origin: true })

const one: Lens<Match> = parts<Omit<Match, "origin">>(
  {
    name: plain("name", of.name.unwrap()),
    uri: plain("uri", of.uri.unwrap()),
    ignoreUriCase: plain("ignoreUriCase", of.ignoreUriCase.unwrap()),
    method: plain("method", of.method.unwrap()),
    scheme: plain("scheme", of.scheme.unwrap()),
    authority: plain("authority", of.authority.unwrap()),
    headers: mapped("headers", headerMatch),
    withoutHeaders: mapped("withoutHeaders", headerMatch),
    queryParams: mapped("queryParams", headerMatch),
    port: plain("port", of.port.unwrap()),
    sourceLabels: plain("sourceLabels", of.sourceLabels.unwrap()),
    sourceNamespace: plain("sourceNamespace", of.sourceNamespace.unwrap()),
    gateways: plain("gateways", of.gateways.unwrap()),
  },
  bare,
)

/** Matches of an http route of a VirtualService. */
export const matchesLens = placed<Match>("match", one, {})

/** A match of a form as an http route writes it. */
export const rawMatch = ({ origin: _, ...match }: Match): Json => one.write({}, match)

const ofTcp = RoutingForm.shape.tcp.unwrap().element.shape.matches.element
const ofTls = RoutingForm.shape.tls.unwrap().element.shape.matches.element
type TcpMatch = z.infer<typeof ofTcp>
type TlsMatch = z.infer<typeof ofTls>

const tcp: Lenses<TcpMatch> = {
  destinationSubnets: plain("destinationSubnets", ofTcp.shape.destinationSubnets.unwrap()),
  port: plain("port", ofTcp.shape.port.unwrap()),
  sourceLabels: plain("sourceLabels", ofTcp.shape.sourceLabels.unwrap()),
  sourceNamespace: plain("sourceNamespace", ofTcp.shape.sourceNamespace.unwrap()),
  gateways: plain("gateways", ofTcp.shape.gateways.unwrap()),
}
const oneTcp = parts<TcpMatch>(tcp, ofTcp)

/** Matches of a tcp route; an empty one takes everything. */
export const tcpMatchesLens = unplaced<TcpMatch>("match", {
  ...oneTcp,
  read: (raw) => oneTcp.read(raw) ?? (Object.keys(raw).length === 0 ? {} : undefined),
})

export const tlsMatchesLens = unplaced<TlsMatch>(
  "match",
  parts<TlsMatch>({ ...tcp, sniHosts: plain("sniHosts", ofTls.shape.sniHosts) }, ofTls),
)
