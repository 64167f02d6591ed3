import { list, record, text } from "../topology/fact/read.ts"
import { configHost } from "./host.ts"
import type { VirtualService } from "./mesh.ts"

/** Objects are never changed, so what was read out of one stays true of it. */
const known = new WeakMap<VirtualService, ReadonlySet<string>>()

/** Hosts, in full, that the routes of a virtual service send or mirror to; those of its delegates are not among them. */
export function destinationsOf(config: VirtualService, domain: string): ReadonlySet<string> {
  const found = known.get(config)
  if (found !== undefined) return found
  const hosts = new Set<string>()
  const add = (destination: unknown): void => {
    const host = text(record(destination)["host"])
    if (host !== "") hosts.add(configHost(host, config.namespace, domain))
  }
  for (const kind of ["http", "tcp", "tls"])
    for (const entry of list(config.spec[kind])) {
      const { route, mirror, mirrors } = record(entry)
      for (const target of [...list(route), ...list(mirrors)]) add(record(target)["destination"])
      add(mirror)
    }
  known.set(config, hosts)
  return hosts
}
