import { hostMatches, isWildcard } from "../../../istio/host.ts"
import { type RegistryService, serviceEntryServices } from "../../../istio/registry.ts"
import { record, strings } from "../../../topology/fact/read.ts"
import { type View, index } from "../../check.ts"
import { serviceEntryKind } from "./kinds.ts"

/** ServiceEntries by each suffix of their hosts: `.shop.example`, `.example`. Asked only for wildcards. */
export const entriesBySuffix = index({
  name: "service-entries-by-suffix",
  kind: serviceEntryKind,
  keysOf: (object) => {
    const suffixes = new Set<string>()
    for (const host of strings(record(object["spec"])["hosts"]))
      for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
        suffixes.add(host.slice(dot))
    return [...suffixes]
  },
})

/** The parts of `reviews.shop.svc.cluster.local`; undefined for a host outside of the cluster's domain. */
export function serviceOfHost(host: string, domain: string): { name: string; namespace: string } | undefined {
  const suffix = `.svc.${domain}`
  if (!host.endsWith(suffix)) return undefined
  const [name = "", namespace = "", more] = host.slice(0, -suffix.length).split(".")
  return more === undefined && name !== "" && namespace !== "" ? { name, namespace } : undefined
}

/** The namespace in which a wildcard such as `*.shop.svc.cluster.local` looks; `*` for all of the cluster; undefined for another domain. */
export function namespaceOfWildcard(pattern: string, domain: string): string | undefined {
  const rest = pattern.slice(1)
  const all = `.svc.${domain}`
  if (all.endsWith(rest)) return "*"
  if (!rest.endsWith(all)) return undefined
  const namespace = rest.slice(1, -all.length)
  return namespace === "" || namespace.includes(".") ? undefined : namespace
}

const clusterSet = "svc.clusterset.local"

/** ServiceEntries by their wildcards, as those are no keys of the model. */
export const entriesByWildcard = index({
  name: "service-entries-by-wildcard",
  kind: serviceEntryKind,
  keysOf: (object) => strings(record(object["spec"])["hosts"]).filter(isWildcard),
})

const none: readonly RegistryService[] = []

/** The services of one wildcard. */
export const servicesOfWildcard = (view: View, wildcard: string): readonly RegistryService[] => {
  const entries = view.find(entriesByWildcard, wildcard)
  return entries.length === 0
    ? none
    : entries.flatMap((entry) => serviceEntryServices(entry).filter(({ host }) => host === wildcard))
}

/** The services that an exact host names: its own, else those of the wildcards that take it. */
export function servicesOf(view: View, host: string): readonly RegistryService[] {
  const exact = view.mesh.services.get(host)
  if (exact !== undefined) return exact
  let found: RegistryService[] | undefined
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const services = servicesOfWildcard(view, `*${host.slice(dot)}`)
    if (services.length > 0) found = [...(found ?? []), ...services]
  }
  return found ?? none
}

function hasWildcard(view: View, pattern: string): boolean {
  const namespace = namespaceOfWildcard(pattern, view.settings.domain)
  if (namespace === "*" || pattern === "*") return true
  if (namespace !== undefined && view.inNamespace("Service", namespace).length > 0) return true
  return (
    view.find(entriesBySuffix, pattern.slice(1)).length > 0 ||
    view.mesh.wildcardServices.some(({ host }) => hostMatches(host, pattern))
  )
}

/** Whether a host of a configuration, exact or with a wildcard, is one of a service here. */
export function isHere(view: View, host: string): boolean {
  if (isWildcard(host)) return hasWildcard(view, host)
  if (servicesOf(view, host).length > 0) return true
  const ofSet = serviceOfHost(host, "clusterset.local")
  return (
    host.endsWith(clusterSet) &&
    ofSet !== undefined &&
    view.get("Service", ofSet.namespace, ofSet.name) !== undefined
  )
}

/** Whether a service of any cluster has the host. */
export const isKnown = (view: View, host: string): boolean =>
  isHere(view, host) || view.others.some((other) => isHere(other, host))
