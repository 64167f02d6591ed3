import { delegateOf, delegatedRules, matchesOf } from "../../../istio/delegate.ts"
import type { VirtualService } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { modelOf } from "./client.ts"
import { virtualServiceKind } from "./kinds.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate"
const dropped = "Istio leaves out the route, so its requests go to the routes after it, or get 404"

export const delegateUnknown = rule({
  code: "virtualservice.delegate_unknown",
  aliases: [],
  level: "error",
  title: "Route delegates to a VirtualService that is not there",
  effect: dropped,
  remedy: "Name a VirtualService without hosts, by name and namespace",
  source,
})

export const delegateHasHosts = rule({
  code: "virtualservice.delegate_has_hosts",
  aliases: [],
  level: "error",
  title: "Route delegates to a VirtualService that has hosts",
  effect: `Only a VirtualService without hosts can be a delegate. ${dropped}`,
  remedy: "Remove the hosts (and gateways) of the delegate, if it is to be nothing else",
  source,
})

export const delegateNotExported = rule({
  code: "virtualservice.delegate_not_exported",
  aliases: [],
  level: "error",
  title: "Delegate is not exported to the namespace of its root",
  effect: dropped,
  remedy: "Add the root's namespace to exportTo of the delegate",
  source,
})

export const delegateNested = rule({
  code: "virtualservice.delegate_nested",
  aliases: [],
  level: "error",
  title: "A delegate delegates in turn",
  effect:
    "Istio follows one step only: the delegate's own delegation is not followed, and its route leads nowhere",
  remedy: "Delegate from the root to the last VirtualService directly",
  source,
})

export const delegateMatchConflict = rule({
  code: "virtualservice.delegate_match_conflict",
  aliases: [],
  level: "warning",
  title: "Match of a delegate is outside of its root's",
  effect:
    "Each match of a delegate's route must be within one of the root's (a prefix by a longer one, nothing by a regex); else Istio leaves out the delegate's route",
  remedy: "Write in the delegate only what narrows the root's match: /shop/cart under /shop",
  source,
})

export const delegateUnused = rule({
  code: "virtualservice.delegate_unused",
  aliases: [],
  level: "warning",
  title: "VirtualService without hosts is no one's delegate",
  effect: "It does nothing: without hosts it is used only where another VirtualService delegates to it",
  remedy: "Delegate to it, give it hosts, or remove it",
  source,
})

/** VirtualServices that delegate to `namespace/name`. */
const byDelegate = index({
  name: "routing/virtual services by delegate",
  kind: virtualServiceKind,
  keysOf: (object) => {
    const keys: string[] = []
    for (const route of list(record(object["spec"])["http"])) {
      const { delegate } = record(route)
      if (delegate === undefined) continue
      const { name, namespace } = record(delegate)
      keys.push(`${text(namespace) || (object.metadata.namespace ?? "")}/${text(name)}`)
    }
    return keys
  },
})

const refusals = {
  "delegate.unknown": delegateUnknown,
  "delegate.has_hosts": delegateHasHosts,
  "delegate.not_exported": delegateNotExported,
} as const

/** What a root's route loses of its delegate. */
function conflicts(
  config: VirtualService,
  route: Json,
  at: number,
  target: VirtualService,
  report: Report,
): void {
  const path = `spec.http[${at}]`
  const matches = matchesOf(route, config.namespace)
  const root = { object: config.object, path, namespace: config.namespace, matches, route }
  const kept = new Set(delegatedRules(root, target).map((rule) => rule.path))
  for (const [index, entry] of list(target.spec["http"]).entries()) {
    const own = `spec.http[${index}]`
    if (record(entry)["delegate"] !== undefined)
      report(delegateNested, {
        at: target.object,
        path: `${own}.delegate`,
        message: `${named(config.object)} delegates to this VirtualService, which may not delegate in turn`,
        references: [{ object: config.object, path: `${path}.delegate` }],
      })
    if (kept.has(own)) continue
    report(delegateMatchConflict, {
      at: target.object,
      path: `${own}.match`,
      message: `A match of this route is within none of ${path} of ${named(config.object)}, so the route is left out there`,
      references: [{ object: config.object, path: `${path}.match` }],
    })
  }
}

function unused(view: View, config: VirtualService, report: Report): void {
  if (list(config.spec["http"]).length === 0) return
  const name = `${config.namespace}/${config.object.name}`
  if (view.find(byDelegate, name).length > 0) return
  report(delegateUnused, {
    path: "spec",
    message: `No VirtualService delegates to ${name}, and it has no hosts of its own`,
  })
}

export const delegates = check({
  name: "virtualservice/delegates",
  subject: virtualServiceKind,
  reads: [virtualServiceKind],
  rules: [
    delegateUnknown,
    delegateHasHosts,
    delegateNotExported,
    delegateNested,
    delegateMatchConflict,
    delegateUnused,
  ],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const hosts = list(spec["hosts"]).length
    const routes = list(spec["http"])
    if (hosts > 0 && routes.every((route) => record(route)["delegate"] === undefined)) return
    const config = modelOf(view, object)
    if (config === undefined) return
    if (hosts === 0) {
      unused(view, config, report)
      return
    }
    for (const [at, entry] of routes.entries()) {
      const route = record(entry)
      if (route["delegate"] === undefined || text(record(route["delegate"])["name"]) === "") continue
      const found = delegateOf(view.mesh, config, route)
      if ("target" in found) {
        conflicts(config, route, at, found.target, report)
        continue
      }
      const { code, text: why } = found.reason
      report(code in refusals ? refusals[code as keyof typeof refusals] : delegateUnknown, {
        path: `spec.http[${at}].delegate`,
        message: why,
      })
    }
  },
})
