import { configHost, isWildcard } from "../../../istio/host.ts"
import type { Instance } from "../../../istio/instance.ts"
import type { Labels } from "../../../istio/mesh.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import { type ObjectRef, refOf } from "../../../kube/object.ts"
import { type Json, list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { servicesOf } from "./host.ts"
import {
  destinationRuleKind,
  instanceKinds,
  registryKinds,
  templateKinds,
  virtualServiceKind,
} from "./kinds.ts"
import { hasEndpoint, isPlaced, isScaledToZero, selected, splitPlacement, templateWith } from "./selection.ts"
import { labelsText, listed } from "./words.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset"

export const subsetEmpty = rule({
  code: "destinationrule.subset_empty",
  aliases: ["IST0173", "KIA0203"],
  level: "error",
  title: "Subset has no endpoint",
  effect: "Requests that are sent to the subset are answered with 503",
  remedy: "Give the subset labels that pods of the service have, or remove it with the routes to it",
  source,
})
export const subsetUnlabelled = rule({
  code: "destinationrule.subset_unlabelled",
  aliases: ["KIA0209"],
  level: "warning",
  title: "Subset without labels",
  effect: "The subset is every endpoint of the service",
  remedy: "Give it labels; without any it is only of use for a trafficPolicy of its own",
  source,
})

const noKeys: readonly string[] = []
const sections = ["http", "tls", "tcp"] as const

/** Calls `visit` with each destination of a VirtualService. */
function eachTarget(spec: Json, visit: (target: Json) => void): void {
  for (const section of sections)
    for (const route of list(spec[section])) {
      const { route: targets, mirror, mirrors } = record(route)
      for (const target of list(targets)) visit(record(record(target)["destination"]))
      for (const target of list(mirrors)) visit(record(record(target)["destination"]))
      if (mirror !== undefined) visit(record(mirror))
    }
}

const isTo = (
  target: Json,
  subset: string,
  host: string,
  of: { namespace: string; domain: string },
): boolean =>
  target["subset"] === subset && configHost(text(target["host"]), of.namespace, of.domain) === host

/** VirtualServices by `host/subset` of the destinations they send to. To build it is to read all of a mesh's: the last to be asked. */
const routesBySubset = index({
  name: "virtual-services-by-subset",
  kind: virtualServiceKind,
  keysOf: (object, { domain }) => {
    let keys: string[] | undefined
    eachTarget(record(object["spec"]), ({ host, subset }) => {
      if (typeof subset !== "string" || subset === "") return
      const key = `${configHost(text(host), object.metadata.namespace ?? "", domain)}/${subset}`
      if (keys === undefined) keys = [key]
      else if (!keys.includes(key)) keys.push(key)
    })
    return keys ?? noKeys
  },
})

/** The VirtualServices that send to a subset: of those for the host itself one, if there is one, else all. */
function routesTo(view: View, host: string, subset: string): readonly ObjectRef[] {
  const { domain } = view.settings
  for (const config of view.mesh.meshRoutes.byHost.get(host) ?? []) {
    let sends = false
    eachTarget(config.spec, (target) => {
      sends ||= isTo(target, subset, host, { namespace: config.namespace, domain })
    })
    if (sends) return [config.object]
  }
  return view.find(routesBySubset, `${host}/${subset}`).map(refOf)
}

/**
 * Endpoints that Istio does not know, and so cannot leave out: whatever address the client asked for, or what an ExternalName stands for. A DNS entry
 * without endpoints has one, its host, which has no labels.
 */
const isOutside = ({ resolution, object }: RegistryService): boolean =>
  resolution === "NONE" ||
  resolution === "DYNAMIC_DNS" ||
  (resolution !== "CLUSTER" && object.kind === "Service")

type Wanted = { own: Labels; placed: Labels }

/** Whether an endpoint of the service has the labels; `idle` when only a workload scaled to zero would have. */
function standing(view: View, service: RegistryService, wanted: Wanted): "some" | "idle" | "none" {
  if (isOutside(service) || hasEndpoint(service.endpoints, wanted)) return "some"
  const selector = service.selector
  if (Object.keys(selector).length === 0) return service.resolution === "CLUSTER" ? "some" : "none"
  for (const [label, value] of Object.entries(wanted.own))
    if (selector[label] !== undefined && selector[label] !== value) return "none"
  const labels = { ...selector, ...wanted.own }
  const instances = selected(view, service.namespace, labels)
  for (const instance of instances) if (isPlaced(view, instance, wanted.placed)) return "some"
  if (instances.length > 0) return "none"
  const template = templateWith(view, service.namespace, labels)
  if (template === undefined) return "none"
  return isScaledToZero(template) ? "idle" : "some"
}

const cluster = "topology.istio.io/cluster"

/** The clusters whose endpoints a subset may have: one, where it names a cluster we know. */
function viewsFor(view: View, labels: Labels): readonly View[] {
  const views = [view, ...view.others]
  const named = labels[cluster]
  if (named === undefined) return views
  const only = views.filter((candidate) => candidate.cluster === named)
  return only.length > 0 ? only : views
}

const isEmpty = (labels: Labels): boolean => Object.keys(labels).length === 0

function valuesOf(view: View, service: RegistryService, labels: Labels): string {
  const parts: string[] = []
  for (const label of Object.keys(labels)) {
    const values = new Set<string>()
    for (const instance of selected(view, service.namespace, service.selector)) {
      const value = instance.labels[label]
      if (value !== undefined) values.add(value)
    }
    if (values.size > 0) parts.push(`${label} ${listed([...values].sort())}`)
  }
  return parts.length > 0 ? `; there are ${parts.join("; ")}` : ""
}

function checkSubset(
  { host, services }: { host: string; services: readonly RegistryService[] },
  at: { subset: Readonly<Record<string, unknown>>; path: string },
  view: View,
  report: Report,
): void {
  const labels = stringMap(at.subset["labels"])
  const name = text(at.subset["name"])
  if (isEmpty(labels)) return
  const wanted = splitPlacement(labels)
  let idle = false
  for (const candidate of viewsFor(view, labels))
    for (const service of candidate === view ? services : servicesOf(candidate, host)) {
      const state = standing(candidate, service, wanted)
      if (state === "some") return
      idle ||= state === "idle"
    }
  const routes = routesTo(view, host, name)
  const [service] = services
  report(subsetEmpty, {
    path: at.path,
    level: routes.length > 0 ? "error" : "warning",
    message: `no endpoint of ${host} has the labels ${labelsText(labels)} of subset ${name}${idle ? ", as its workload is scaled to zero" : service ? valuesOf(view, service, labels) : ""}${routes.length > 0 ? `; ${listed(routes.map((route) => `${route.namespace}/${route.name}`))} sends requests there` : ""}`,
    references: [
      ...services.slice(0, 2).map((found) => ({ object: found.object, path: "" })),
      ...routes.slice(0, 3).map((route) => ({ object: route, path: "" })),
    ],
  })
}

const nobody: readonly Instance[] = []

/** The instances of the one service that a rule is for, as most are. */
const instancesOf = (view: View, services: readonly RegistryService[]): readonly Instance[] => {
  const [service] = services
  return service === undefined || services.length > 1
    ? nobody
    : selected(view, service.namespace, service.selector)
}

const carries = (instances: readonly Instance[], labels: Json): boolean => {
  for (const instance of instances) {
    let all = true
    for (const label in labels) all &&= instance.labels[label] === labels[label]
    if (all) return true
  }
  return false
}

export const destinationRuleSubsets = check({
  name: "destinationrule/subsets",
  subject: destinationRuleKind,
  reads: [...registryKinds, ...instanceKinds, ...templateKinds, "Node", virtualServiceKind],
  needs: ["Service", "Pod"],
  rules: [subsetEmpty],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const subsets = list(spec["subsets"])
    if (subsets.length === 0) return
    const namespace = object.metadata.namespace ?? ""
    const host = configHost(text(spec["host"]), namespace, view.settings.domain)
    if (host === "" || isWildcard(host)) return
    const services = servicesOf(view, host)
    if (services.length === 0) return
    const instances = instancesOf(view, services)
    for (let at = 0; at < subsets.length; at++) {
      const subset = record(subsets[at])
      // Nearly always: seen without asking for each subset anew.
      if (carries(instances, record(subset["labels"]))) continue
      checkSubset({ host, services }, { subset, path: `spec.subsets[${at}]` }, view, report)
    }
  },
})

export const destinationRuleLabels = check({
  name: "destinationrule/labels",
  subject: destinationRuleKind,
  reads: [],
  rules: [subsetUnlabelled],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const subsets = list(spec["subsets"])
    for (let at = 0; at < subsets.length; at++) {
      const subset = record(subsets[at])
      if (!isEmpty(stringMap(subset["labels"]))) continue
      report(subsetUnlabelled, {
        path: `spec.subsets[${at}]`,
        level: subset["trafficPolicy"] === undefined ? "warning" : "info",
        message: `subset ${text(subset["name"])} has no labels and so is all of ${text(spec["host"])}`,
      })
    }
  },
})
