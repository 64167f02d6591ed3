import { type Json, list, number, record, stringMap, strings } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { configHost, hostMatches } from "./host.ts"
import { type Config, type Mesh, isSubset } from "./mesh.ts"
import type { RegistryService } from "./registry.ts"
import { type Reason, named, reason } from "./reason.ts"

/** Whether an object of `own` is exported to a namespace: no list means everywhere. Source: istio.io, `exportTo`. */
export const isExportedTo = (exportTo: readonly string[], own: string, to: string): boolean =>
  exportTo.length === 0 ||
  exportTo.some((entry) => entry === "*" || entry === to || (entry === "." && own === to))

/**
 * The Sidecar object that limits what a client sees: one that selects it, else the namespace's own, else the root namespace's.
 * Gateways have none. Source: istio.io, Sidecar.
 */
export function sidecarFor(mesh: Mesh, client: Client): Config | undefined {
  if (client.kind === "gateway") return undefined
  const own = mesh.sidecars.get(client.namespace) ?? []
  const labelsOf = (config: Config) => stringMap(record(config.spec["workloadSelector"])["labels"])
  const isDefault = (config: Config): boolean => Object.keys(labelsOf(config)).length === 0
  return (
    own.find((config) => !isDefault(config) && isSubset(labelsOf(config), client.labels)) ??
    own.find(isDefault) ??
    (mesh.sidecars.get(mesh.settings.rootNamespace) ?? []).find(isDefault)
  )
}

function egressHosts(sidecar: Config, port: number): string[] | undefined {
  const egress = list(sidecar.spec["egress"]).map(record)
  if (egress.length === 0) return undefined
  const portOf = (listener: Json): number => number(record(listener["port"])["number"])
  const own = egress.filter((listener) => portOf(listener) === port)
  const chosen = own.length > 0 ? own : egress.filter((listener) => portOf(listener) === 0)
  return chosen.flatMap((listener) => strings(listener["hosts"]))
}

/** Whether a Sidecar's egress lets a client import a host of a namespace, on a port. */
export function isImported(
  sidecar: Config | undefined,
  client: Client,
  target: { namespace: string; host: string; port: number },
): boolean {
  const hosts = sidecar && egressHosts(sidecar, target.port)
  if (hosts === undefined) return true
  return hosts.some((entry) => {
    const slash = entry.indexOf("/")
    const namespace = slash < 0 ? "*" : entry.slice(0, slash)
    const host = configHost(entry.slice(slash + 1), client.namespace)
    const inNamespace =
      namespace === "*" ||
      namespace === target.namespace ||
      (namespace === "." && client.namespace === target.namespace)
    return inNamespace && (hostMatches(host, target.host) || hostMatches(target.host, host))
  })
}

export type Sight = { service: RegistryService | undefined; reasons: Reason[] }

/** The service a client means by a host: exported to it and imported by its Sidecar; its own namespace's first, then the oldest. */
export function visibleService(mesh: Mesh, client: Client, host: string, port: number): Sight {
  const all = [
    ...(mesh.services.get(host) ?? []),
    ...mesh.wildcardServices.filter((service) => hostMatches(service.host, host)),
  ]
  if (all.length === 0)
    return {
      service: undefined,
      reasons: [reason("host.unknown", `No service or service entry has the host ${host}`)],
    }
  const exported = all.filter((service) =>
    isExportedTo(service.exportTo, service.namespace, client.namespace),
  )
  const first = all[0]
  if (exported.length === 0 && first)
    return {
      service: undefined,
      reasons: [
        reason(
          "host.not_exported",
          `${named(first.object)} is not exported to ${client.namespace}`,
          first.object,
        ),
      ],
    }
  const sidecar = sidecarFor(mesh, client)
  const imported = exported.filter((service) =>
    isImported(sidecar, client, { namespace: service.namespace, host: service.host, port }),
  )
  if (imported.length === 0 && sidecar)
    return {
      service: undefined,
      reasons: [
        reason("host.not_imported", `${named(sidecar.object)} does not import ${host}`, sidecar.object),
      ],
    }
  return {
    service: imported.find(({ namespace }) => namespace === client.namespace) ?? imported[0],
    reasons: [],
  }
}
