import { type Json, list, record } from "../../topology/fact/read.ts"
import { HttpRule, RoutingForm } from "../form.ts"
import { defaultedWeights, destinationsLens } from "./destination.ts"
import { backendLens } from "./http-route-backend.ts"
import {
  filterLens,
  gatewayCorsLens,
  gatewayHeadersLens,
  gatewayMirrorsLens,
  gatewayRewriteLens,
  replacedPath,
} from "./http-route-filter.ts"
import { gatewayMatchesLens } from "./http-route-match.ts"
import {
  type Lens,
  fitting,
  inside,
  parts,
  placed,
  plain,
  remembering,
  within,
  unsaid,
  without,
} from "./lens.ts"
import type { Scope } from "./scope.ts"

const of = HttpRule.shape
type Action = HttpRule["action"]
type Redirect = Extract<Action, { type: "redirect" }>
type Retries = NonNullable<HttpRule["retries"]>

const Redirect = of.action.options[1].omit({ type: true })

const redirectLens = filterLens<Omit<Redirect, "type">>(
  "RequestRedirect",
  "requestRedirect",
  parts<Omit<Redirect, "type">>(
    {
      uri: replacedPath("ReplaceFullPath", ["ReplaceFullPath"]),
      authority: plain("hostname", Redirect.shape.authority.unwrap()),
      scheme: plain("scheme", Redirect.shape.scheme.unwrap()),
      port: plain("port", Redirect.shape.port.unwrap()),
      code: plain("statusCode", Redirect.shape.code.unwrap()),
    },
    Redirect,
  ),
)

const actionLens = (scope: Scope): Lens<Action> => {
  const backends = destinationsLens("backendRefs", backendLens(scope), defaultedWeights)
  const isRedirect = (raw: Json): boolean =>
    list(raw["filters"]).some((filter) => record(filter)["type"] === "RequestRedirect")
  const read = (raw: Json): Action =>
    isRedirect(raw)
      ? (fitting(of.action, { type: "redirect", ...redirectLens.read(raw) }) ?? { type: "redirect" })
      : { type: "route", destinations: backends.read(raw) ?? [] }
  return {
    read,
    write: (raw, action) => {
      if (action?.type === "redirect") {
        const { type: _, ...redirect } = action
        return redirectLens.write(isRedirect(raw) ? raw : without(raw, "backendRefs"), redirect)
      }
      const routed = isRedirect(raw) ? redirectLens.write(raw, undefined) : raw
      return backends.write(routed, action?.type === "route" ? action.destinations : [])
    },
    rest: (raw) => (isRedirect(raw) ? redirectLens.rest(raw) : backends.rest(raw)),
  }
}

const timeoutLens = inside("timeouts", plain("request", of.timeout.unwrap()))
const perTryLens = inside("timeouts", plain("backendRequest", of.timeout.unwrap()))
const attemptsLens = within("retry", plain("attempts", of.retries.unwrap().shape.attempts))

/** Retries are `retry.attempts`, and the time for each try stands with the timeouts. */
const retriesLens: Lens<Retries> = {
  read: (raw) => {
    const attempts = attemptsLens.read(raw)
    const perTryTimeout = perTryLens.read(raw)
    if (attempts === undefined) return undefined
    return { attempts, ...(perTryTimeout === undefined ? {} : { perTryTimeout }) }
  },
  write: (raw, retries) => {
    const { attempts, perTryTimeout } = retries ?? {}
    const known = attemptsLens.read(raw)
    const tried = known === attempts ? raw : attemptsLens.write(raw, attempts)
    // Without retries the form shows no time for a try: then it is not this form's to take away.
    if (known === undefined && perTryTimeout === undefined) return tried
    return perTryLens.read(tried) === perTryTimeout ? tried : perTryLens.write(tried, perTryTimeout)
  },
  rest: (raw) => (attemptsLens.read(raw) === undefined ? raw : perTryLens.rest(attemptsLens.rest(raw))),
}

/** Filters that are shown whole leave nothing behind. */
const swept = (inner: Lens<HttpRule>): Lens<HttpRule> => ({
  ...inner,
  rest: (raw) => {
    const left = inner.rest(raw)
    return list(left["filters"]).every((filter) => filter === null) ? without(left, "filters") : left
  },
})

const ruleLens = (scope: Scope): Lens<HttpRule> =>
  swept(
    parts<Omit<HttpRule, "origin">>(
      {
        name: plain("name", of.name.unwrap()),
        matches: gatewayMatchesLens,
        action: actionLens(scope),
        rewrite: gatewayRewriteLens,
        timeout: timeoutLens,
        retries: retriesLens,
        cors: gatewayCorsLens,
        headers: gatewayHeadersLens,
        mirrors: gatewayMirrorsLens(scope),
        fault: unsaid(),
      },
      HttpRule.omit({ origin: true }),
    ),
  )

/** The spec of an HTTPRoute of a service as a form. Parents are how it is bound, which no form changes. */
export const httpRouteLens = (scope: Scope): Lens<RoutingForm> => {
  const inner = parts<RoutingForm>(
    {
      hosts: unsaid(),
      gateways: unsaid(),
      http: placed<HttpRule>("rules", remembering(ruleLens(scope)), {
        matches: [],
        action: { type: "route", destinations: [] },
      }),
      tcp: unsaid(),
      tls: unsaid(),
    },
    RoutingForm,
  )
  return { ...inner, rest: (raw) => without(inner.rest(raw), "parentRefs") }
}
