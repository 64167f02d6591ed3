import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { hostMatches, isWildcard } from "./host.ts"
import { sendsTo } from "./route-destination.ts"
import { type Config, type Mesh, isSubset } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { RegistryService } from "./registry.ts"

/**
 * How an object of `own` reaches a namespace, in the order Istio prefers: 0 it is private to that namespace, 1 exported to it by name, 2 public;
 * undefined: not at all. No list means everywhere. Source: istio.io, `exportTo`; pilot `initVirtualServices`.
 */
export function exportRank(exportTo: readonly string[], own: string, to: string): 0 | 1 | 2 | undefined {
  if (exportTo.length === 0 || exportTo.includes("*")) return 2
  if (exportTo.includes("~")) return undefined
  if (own === to) return exportTo.includes(".") || exportTo.includes(own) ? 0 : undefined
  return exportTo.includes(to) ? 1 : undefined
}

/** Whether an object of `own` is exported to a namespace. */
export const isExportedTo = (exportTo: readonly string[], own: string, to: string): boolean =>
  exportRank(exportTo, own, to) !== undefined

/** Those of a list that a namespace may use, private ones first, then those exported to it by name, then public ones; each group in the list's order. */
export function exportedTo<T extends { exportTo: readonly string[]; namespace: string }>(
  items: readonly T[],
  to: string,
): T[] {
  const ranked: [T[], T[], T[]] = [[], [], []]
  for (const item of items) {
    const rank = exportRank(item.exportTo, item.namespace, to)
    if (rank !== undefined) ranked[rank].push(item)
  }
  return ranked.flat()
}

const labelsOf = (config: Config) => stringMap(record(config.spec["workloadSelector"])["labels"])
const isDefault = (config: Config): boolean =>
  config.spec["workloadSelector"] === undefined || config.spec["workloadSelector"] === null

/**
 * The Sidecar object that limits what a client sees: one that selects it, else the namespace's own, else the root namespace's.
 * Gateways have none. Source: istio.io, Sidecar.
 */
export function sidecarFor(mesh: Mesh, client: Client): Config | undefined {
  if (client.kind === "gateway") return undefined
  const own = mesh.sidecars.get(client.namespace) ?? []
  return (
    own.find((config) => !isDefault(config) && isSubset(labelsOf(config), client.labels)) ??
    own.find(isDefault) ??
    (client.namespace === mesh.settings.rootNamespace
      ? undefined
      : (mesh.sidecars.get(mesh.settings.rootNamespace) ?? []).find(isDefault))
  )
}

type Import = { namespace: string; host: string; excluded: boolean }
/** What one of a Sidecar's egress listeners imports. `port` 0: any. */
type Egress = { port: number; protocol: string; imports: readonly Import[] }

const importOf = (entry: string): Import | undefined => {
  const [namespace = "", host, more] = entry.split("/")
  if (host === undefined || more !== undefined) return undefined
  const excluded = namespace.startsWith("~")
  return { namespace: excluded ? namespace.slice(1) || "*" : namespace, host, excluded }
}

const egressOf = (listener: Json): Egress => ({
  port: number(record(listener["port"])["number"]),
  protocol: text(record(listener["port"])["protocol"]).toUpperCase(),
  imports: strings(listener["hosts"])
    .map(importOf)
    .filter((entry) => entry !== undefined),
})

/** Objects are never changed, so what was read out of one stays true of it. */
const egresses = new WeakMap<Config, readonly Egress[]>()

function egressListeners(sidecar: Config): readonly Egress[] {
  const known = egresses.get(sidecar)
  if (known !== undefined) return known
  const fresh = list(sidecar.spec["egress"]).map((listener) => egressOf(record(listener)))
  egresses.set(sidecar, fresh)
  return fresh
}

/** `all`: no Sidecar limits it. `none`: no egress listener takes that port. Source: pilot `GetEgressListenerForRDS`. */
function listenerFor(sidecar: Config | undefined, port: number): Egress | "all" | "none" {
  const listeners = sidecar === undefined ? [] : egressListeners(sidecar)
  if (listeners.length === 0) return "all"
  return listeners.find((listener) => listener.port === 0 || listener.port === port) ?? "none"
}

/** Whether a Sidecar makes a listener for HTTP of this port: then nothing but HTTP is taken there. */
export function isHttpListener(mesh: Mesh, client: Client, port: number): boolean {
  const listener = listenerFor(sidecarFor(mesh, client), port)
  return typeof listener !== "string" && listener.port !== 0 && /^(HTTP|GRPC)/.test(listener.protocol)
}

/** Whether the first pattern is within the second. */
const isWithin = (host: string, pattern: string): boolean => hostMatches(pattern, host)

/** Istio's older way for VirtualServices: either is within the other. */
const overlap = (host: string, pattern: string): boolean =>
  isWithin(host, pattern) || (isWildcard(host) && isWithin(pattern, host))

function imports(
  egress: Egress,
  client: Client,
  namespace: string,
  match: (entry: Import) => boolean,
): boolean {
  let found = false
  for (const entry of egress.imports) {
    const of = entry.namespace === "." ? client.namespace : entry.namespace
    if (of !== "*" && of !== namespace) continue
    if (!match(entry)) continue
    if (entry.excluded) return false
    found = true
  }
  return found
}

/** Whether a Sidecar's egress lets a client import a service's host, on a port. */
export function isImported(
  sidecar: Config | undefined,
  client: Client,
  target: { namespace: string; host: string; port: number },
): boolean {
  const egress = listenerFor(sidecar, target.port)
  if (typeof egress === "string") return egress === "all"
  return imports(egress, client, target.namespace, (entry) => isWithin(target.host, entry.host))
}

const importsRoute = (
  egress: Egress,
  client: Client,
  route: { namespace: string; hosts: readonly string[] },
): boolean =>
  route.hosts.some((host) =>
    imports(egress, client, route.namespace, (entry) =>
      entry.excluded ? isWithin(host, entry.host) : overlap(host, entry.host),
    ),
  )

/** Whether it lets a client import a VirtualService: any of its hosts may overlap with an import. Source: pilot `SelectVirtualServices`. */
export function isRouteImported(
  sidecar: Config | undefined,
  client: Client,
  route: { namespace: string; hosts: readonly string[] },
  port: number,
): boolean {
  const egress = listenerFor(sidecar, port)
  return typeof egress === "string" ? egress === "all" : importsRoute(egress, client, route)
}

export type Sight = { service: RegistryService | undefined; reasons: Reason[] }

const unseen = (code: string, why: string, object?: ObjectRef): Sight => ({
  service: undefined,
  reasons: [reason(code, why, object)],
})

const isKubernetes = ({ object }: RegistryService): boolean => object.kind === "Service"

/** Of services with one host: its own namespace's first, then a Kubernetes Service, then the oldest. Source: pilot `selectServices`. */
export const preferred = (
  services: readonly RegistryService[],
  namespace: string,
): RegistryService | undefined =>
  services.find((service) => service.namespace === namespace) ?? services.find(isKubernetes) ?? services[0]

const withHost = (mesh: Mesh, host: string): readonly RegistryService[] =>
  mesh.services.get(host) ?? mesh.wildcardServices.filter((own) => hostMatches(own.host, host))

/** The service of a host that is exported to a client's namespace, whatever its Sidecar imports. */
export function exportedService(mesh: Mesh, client: Client, host: string): Sight {
  const all = withHost(mesh, host)
  const [first] = all
  if (first === undefined) return unseen("host.unknown", `No service or service entry has the host ${host}`)
  const service = preferred(exportedTo(all, client.namespace), client.namespace)
  return service === undefined
    ? unseen(
        "host.not_exported",
        `${named(first.object)} is not exported to ${client.namespace}`,
        first.object,
      )
    : { service, reasons: [] }
}

/**
 * The service that a route sends to. A proxy knows it because a route that it imports names it, also when its Sidecar does not import it, or when it is
 * of the proxy's own namespace and exported to others only. Source: pilot `collectImportedServices`.
 */
export function routedService(
  mesh: Mesh,
  client: Client,
  { host, port }: { host: string; port: number },
  route: { namespace: string; hosts: readonly string[] },
): Sight {
  const sidecar = sidecarFor(mesh, client)
  const own =
    client.kind === "sidecar" && withHost(mesh, host).find(({ namespace }) => namespace === client.namespace)
  const sight = own ? { service: own, reasons: [] } : exportedService(mesh, client, host)
  const { service } = sight
  if (sidecar === undefined || service === undefined) return sight
  const listeners = egressListeners(sidecar).filter(
    (egress) => egress.port === 0 || egress.port === port || egress.protocol === "HTTP_PROXY",
  )
  const known =
    egressListeners(sidecar).length === 0 ||
    listeners.some(
      (egress) =>
        imports(egress, client, service.namespace, (entry) => isWithin(service.host, entry.host)) ||
        importsRoute(egress, client, route),
    ) ||
    (listeners.length > 0 && isNamedElsewhere(mesh, client, host, listeners))
  return known
    ? sight
    : unseen(
        "host.not_imported",
        `${named(sidecar.object)} imports ${host} for other ports than ${port} only`,
        sidecar.object,
      )
}

/** Whether another route that a listener imports names the host. Goes through all routes: only for what the asking route's own listener does not bring. */
function isNamedElsewhere(mesh: Mesh, client: Client, host: string, listeners: readonly Egress[]): boolean {
  for (const config of mesh.virtualServices.values())
    if (
      config.gateways.includes("mesh") &&
      isExportedTo(config.exportTo, config.namespace, client.namespace) &&
      sendsTo(config, host, client.namespace, mesh.settings.domain) &&
      listeners.some((egress) => importsRoute(egress, client, config))
    )
      return true
  return false
}

/** The service a client means by a host: exported to it and imported by its Sidecar. */
export function visibleService(mesh: Mesh, client: Client, host: string, port: number): Sight {
  const exported = exportedService(mesh, client, host)
  const sidecar = sidecarFor(mesh, client)
  if (sidecar === undefined || exported.service === undefined) return exported
  const imported = exportedTo(withHost(mesh, host), client.namespace).filter((service) =>
    isImported(sidecar, client, { namespace: service.namespace, host: service.host, port }),
  )
  if (imported.length === 0)
    return unseen("host.not_imported", `${named(sidecar.object)} does not import ${host}`, sidecar.object)
  return { service: preferred(imported, client.namespace), reasons: [] }
}
