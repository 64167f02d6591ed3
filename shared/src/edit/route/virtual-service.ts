import type { z } from "zod"
import { configHost } from "../../istio/host.ts"
import { strings } from "../../topology/fact/read.ts"
import { HttpRule, RoutingForm } from "../form.ts"
import { l4RouteLens } from "./destination.ts"
import { type Lens, parts, placed, plain, remembering, withField, without } from "./lens.ts"
import { type Scope, spelledHost } from "./scope.ts"
import { actionLens } from "./virtual-service-action.ts"
import { matchesLens, tcpMatchesLens, tlsMatchesLens } from "./virtual-service-match.ts"
import {
  corsLens,
  faultLens,
  headersLens,
  mirrorsLens,
  retriesLens,
  rewriteLens,
} from "./virtual-service-policy.ts"

const of = HttpRule.shape
const bare = HttpRule.omit({ origin: true })
const TcpRule = RoutingForm.shape.tcp.unwrap().element
const TlsRule = RoutingForm.shape.tls.unwrap().element
type TcpRule = z.infer<typeof TcpRule>
type TlsRule = z.infer<typeof TlsRule>

export const ruleLens = (scope: Scope): Lens<HttpRule> =>
  parts<Omit<HttpRule, "origin">>(
    {
      name: plain("name", of.name.unwrap()),
      matches: matchesLens,
      action: actionLens(scope),
      rewrite: rewriteLens,
      timeout: plain("timeout", of.timeout.unwrap()),
      retries: retriesLens,
      cors: corsLens,
      headers: headersLens,
      mirrors: mirrorsLens(scope),
      fault: faultLens,
    },
    bare,
  )

/** Hosts: absent in the form when the service is the only one. */
const hostsLens = (scope: Scope): Lens<string[]> => ({
  read: (raw) => {
    const hosts = strings(raw["hosts"])
    const [only] = hosts
    return hosts.length === 1 &&
      only !== undefined &&
      configHost(only, scope.namespace, scope.domain) === scope.service.host
      ? undefined
      : hosts
  },
  write: (raw, hosts = [spelledHost(scope)]) => withField(raw, "hosts", hosts),
  rest: (raw) => without(raw, "hosts"),
})

const isMesh = (gateways: readonly string[]): boolean =>
  gateways.length === 0 || (gateways.length === 1 && gateways[0] === "mesh")

const gatewaysLens: Lens<string[]> = {
  read: (raw) => {
    const gateways = strings(raw["gateways"])
    return isMesh(gateways) ? undefined : gateways
  },
  write: (raw, gateways) => withField(raw, "gateways", gateways),
  rest: (raw) => without(raw, "gateways"),
}

/** tcp and tls routes are absent from the form where there are none. */
const optional = <T>(inner: Lens<T[]>): Lens<T[]> => ({
  ...inner,
  read: (raw) => {
    const items = inner.read(raw)
    return items?.length === 0 ? undefined : items
  },
})

/** The spec of a VirtualService as a form. */
export const virtualServiceLens = (scope: Scope): Lens<RoutingForm> =>
  parts<RoutingForm>(
    {
      hosts: hostsLens(scope),
      gateways: gatewaysLens,
      http: placed<HttpRule>("http", remembering(ruleLens(scope)), {
        matches: [],
        action: { type: "route", destinations: [] },
      }),
      tcp: optional(
        placed<TcpRule>(
          "tcp",
          parts<Omit<TcpRule, "origin">>(
            { matches: tcpMatchesLens, destinations: l4RouteLens(scope) },
            TcpRule.omit({ origin: true }),
          ),
          { matches: [], destinations: [] },
        ),
      ),
      tls: optional(
        placed<TlsRule>(
          "tls",
          parts<Omit<TlsRule, "origin">>(
            { matches: tlsMatchesLens, destinations: l4RouteLens(scope) },
            TlsRule.omit({ origin: true }),
          ),
          { matches: [], destinations: [] },
        ),
      ),
    },
    RoutingForm,
  )
