import { type Json, list, record, text } from "../topology/fact/read.ts"
import { configHost } from "./host.ts"
import type { VirtualService } from "./mesh.ts"

/** Hosts in full, and the client namespaces that the routes to them are for; undefined: all. */
type Destinations = ReadonlyMap<string, ReadonlySet<string> | undefined>

/** Namespaces an http route is for: where every match that says one says another, it is for nobody else. */
function namespacesOf(route: Json): ReadonlySet<string> | undefined {
  const said = list(route["match"])
    .map((match) => text(record(match)["sourceNamespace"]))
    .filter((namespace) => namespace !== "")
  return said.length === 0 ? undefined : new Set(said)
}

function destinationsOf(config: VirtualService, domain: string): Destinations {
  const hosts = new Map<string, ReadonlySet<string> | undefined>()
  const add = (destination: unknown, namespaces: ReadonlySet<string> | undefined): void => {
    const written = text(record(destination)["host"])
    if (written === "") return
    const host = configHost(written, config.namespace, domain)
    const before = hosts.get(host)
    const everybody = namespaces === undefined || (before === undefined && hosts.has(host))
    hosts.set(host, everybody ? undefined : new Set([...(before ?? []), ...namespaces]))
  }
  for (const kind of ["http", "tcp", "tls"])
    for (const entry of list(config.spec[kind])) {
      const { route, mirror, mirrors } = record(entry)
      const namespaces = kind === "http" ? namespacesOf(record(entry)) : undefined
      for (const target of [...list(route), ...list(mirrors)]) add(record(target)["destination"], namespaces)
      add(mirror, namespaces)
    }
  return hosts
}

/** Objects are never changed, so what was read out of one stays true of it. */
const known = new WeakMap<VirtualService, Destinations>()

/**
 * Whether a virtual service has a route to a host for clients of a namespace; routes of its delegates are not looked at.
 * Source: pilot `virtualServiceDestinationsFilteredBySourceNamespace`.
 */
export function sendsTo(config: VirtualService, host: string, namespace: string, domain: string): boolean {
  const destinations = known.get(config) ?? destinationsOf(config, domain)
  known.set(config, destinations)
  const namespaces = destinations.get(host)
  return destinations.has(host) && (namespaces === undefined || namespaces.has(namespace))
}
