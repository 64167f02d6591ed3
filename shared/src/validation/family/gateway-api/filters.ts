import { refOf } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import { type Check, type Report, check } from "../../check.ts"
import { at, pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { grpcRouteKind, httpRouteKind, shortKind } from "./kinds.ts"
import { rulesOf } from "./parent.ts"

export const filterUnsupported = rule({
  code: "route.filter_unsupported",
  aliases: [],
  level: "error",
  title: "Route has a filter that Istio does not know",
  effect: "Istio does not take the route's rule in, and requests to it fail",
  remedy: "Use one of the filters Istio knows, or an Istio object for what the filter is to do",
  source: "https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/",
})
export const fieldIgnored = rule({
  code: "route.field_ignored",
  aliases: [],
  level: "warning",
  title: "Route sets what Istio does not read",
  effect: "The field has no effect",
  remedy: "Remove it, or use a DestinationRule for session affinity",
})

const headers = ["RequestHeaderModifier", "ResponseHeaderModifier"]
const ofHttp = new Set([...headers, "RequestMirror", "RequestRedirect", "URLRewrite", "CORS"])
const ofGrpc = new Set([...headers, "RequestMirror"])
const ofBackend = new Set(headers)

function checkFilters(
  filters: readonly unknown[],
  { path, known, where }: { path: string; known: ReadonlySet<string>; where: string },
  report: Report,
): void {
  for (const [index, filter] of filters.entries()) {
    const type = text(record(filter)["type"])
    if (type !== "" && !known.has(type))
      report(filterUnsupported, {
        path: at(path, "filters", index),
        message: `${where} may have ${[...known].join(", ")}; not ${type}`,
      })
  }
}

const of = (kind: string): Check => {
  const known = kind === httpRouteKind ? ofHttp : ofGrpc
  return check({
    name: `${shortKind(kind).toLowerCase()}/filters`,
    subject: kind,
    reads: [],
    rules: [filterUnsupported, fieldIgnored],
    run: (route, _view, report) => {
      for (const [index, one] of rulesOf(route).entries()) {
        const path = at("spec", "rules", index)
        const filters = list(one["filters"])
        if (filters.length > 0)
          checkFilters(filters, { path, known, where: `a rule of a ${shortKind(kind)}` }, report)
        if (one["sessionPersistence"] !== undefined)
          report(fieldIgnored, {
            path: at(path, "sessionPersistence"),
            message: "Istio does not read sessionPersistence",
            fix: {
              title: "Remove sessionPersistence",
              edits: [
                {
                  object: refOf(route),
                  patch: [{ op: "remove", path: pointerOf(at(path, "sessionPersistence")) }],
                },
              ],
            },
          })
        const refs = list(one["backendRefs"])
        for (let position = 0; position < refs.length; position++) {
          const own = list(record(refs[position])["filters"])
          if (own.length > 0)
            checkFilters(
              own,
              { path: at(path, "backendRefs", position), known: ofBackend, where: "a backend" },
              report,
            )
        }
      }
    },
  })
}

export const filterChecks: readonly Check[] = [of(httpRouteKind), of(grpcRouteKind)]
