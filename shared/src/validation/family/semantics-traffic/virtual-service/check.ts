import { type Json, list, record } from "../../../../topology/fact/read.ts"
import type { KubeObject } from "../../../../kube/object.ts"
import { type Check, type Report, check } from "../../../check.ts"
import { isGenerated } from "../../../semantic/annotation.ts"
import { sayExportTo } from "../export-to.ts"
import { type Say, isThere, sayTo } from "../say.ts"
import { sayTargets } from "./destination.ts"
import { sayGatewayNames } from "./gateway-names.ts"
import { sayAuthority, sayHeaders } from "./headers.ts"
import { sayHosts } from "./hosts.ts"
import { sayConflicts, sayRedirect, sayRewrite } from "./http-action.ts"
import { sayHttpMatches } from "./http-match.ts"
import {
  sayCors,
  sayDirectResponse,
  sayFault,
  sayMirror,
  sayMirrorPercent,
  sayMirrorPercentage,
  sayMirrors,
  sayRetries,
  sayTimeout,
} from "./http-policy.ts"
import { type L4Context, sayL4Routes } from "./l4-route.ts"
import { exportTo as exportRule, gateways as gatewayRule, routes as routeRule, rules } from "./rules.ts"

type Context = L4Context & { isDelegate: boolean }

type Part = (route: Json, path: string, say: Say) => void

/** What is looked at when a route has the field; most routes have few. */
const parts: Readonly<Record<string, Part>> = {
  headers: (route, path, say) => {
    sayHeaders(route["headers"], `${path}.headers`, say)
    sayAuthority(route, path, say)
  },
  redirect: sayRedirect,
  directResponse: sayDirectResponse,
  rewrite: sayRewrite,
  fault: sayFault,
  timeout: sayTimeout,
  retries: sayRetries,
  mirror: sayMirror,
  mirrors: sayMirrors,
  mirrorPercent: sayMirrorPercent,
  mirror_percent: sayMirrorPercent,
  mirrorPercentage: sayMirrorPercentage,
  corsPolicy: sayCors,
}

function sayHttpRoute(route: Json, path: string, context: Context, say: Say): void {
  sayConflicts(route, path, context.isDelegate, say)
  for (const field in route)
    if (field === "match") sayHttpMatches(list(route["match"]), path, context, say)
    else if (field === "route") sayTargets(list(route["route"]), path, context.generated, say)
    else if (Object.hasOwn(parts, field)) parts[field]?.(route, path, say)
}

function sayHttpRoutes(routes: readonly unknown[], context: Context, say: Say): void {
  for (let i = 0; i < routes.length; i++) {
    if (isThere(routes[i])) sayHttpRoute(record(routes[i]), `spec.http[${i}]`, context, say)
    else say(routeRule, `spec.http[${i}]`, "the http route is null")
  }
}

const notInDelegates = ["gateways", "tls", "tcp"] as const

function saySections(spec: Json, context: Context, say: Say): void {
  const [http, tls, tcp] = [list(spec["http"]), list(spec["tls"]), list(spec["tcp"])]
  if (http.length === 0 && tls.length === 0 && tcp.length === 0)
    say(routeRule, "spec", "there is neither an http nor a tcp nor a tls route")
  if (context.isDelegate)
    for (const field of notInDelegates)
      if (list(spec[field]).length > 0)
        say(
          routeRule,
          `spec.${field}`,
          `a VirtualService without hosts is a delegate, which may have no ${field}`,
        )
  sayHttpRoutes(http, context, say)
  sayL4Routes("tls", tls, context, say)
  sayL4Routes("tcp", tcp, context, say)
}

/** Istio's own validation of one VirtualService. Source: istio pkg/config/validation `ValidateVirtualService`. */
export function reportVirtualService(object: KubeObject, report: Report): void {
  const spec = record(object["spec"])
  const say = sayTo(report, object)
  const hosts = list(spec["hosts"])
  const gateways = list(spec["gateways"])
  const atGateways = gateways.length > 0 && !gateways.includes("mesh")
  const generated = isGenerated(object)
  const context: Context = { hosts, atGateways, generated, isDelegate: hosts.length === 0 }
  sayHosts(spec, context, say)
  if (gateways.length > 0) sayGatewayNames(gateways, "spec.gateways", { say, rule: gatewayRule, generated })
  saySections(spec, context, say)
  sayExportTo(object, spec["exportTo"], "other", { say, rule: exportRule })
}

export const virtualServiceCheck: Check = check({
  name: "virtualservice/semantics",
  subject: "VirtualService.networking.istio.io",
  reads: [],
  rules: rules.slice(0, -2),
  run: (object, _view, report) => {
    reportVirtualService(object, report)
  },
})
