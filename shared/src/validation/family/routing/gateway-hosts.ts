import { patternsFor } from "../../../istio/host-index.ts"
import { commonHost, hostMatches, isWildcard } from "../../../istio/host.ts"
import type { VirtualService } from "../../../istio/mesh.ts"
import type { Server } from "../../../istio/server.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type View, derived } from "../../check.ts"
import { serversOf } from "./gateways.ts"
import { HostsByEnd } from "./hosts-by-end.ts"
import { atGateways, wildcards } from "./hosts.ts"

/** What a host of a VirtualService and a server have in common. */
export function domainsOf(server: Server, { namespace }: VirtualService, host: string): string[] {
  const domains: string[] = []
  for (const entry of server.hosts) {
    if (entry.namespace !== "*" && entry.namespace !== namespace) continue
    const domain = commonHost(entry.host, host.toLowerCase())
    if (domain !== undefined) domains.push(domain)
  }
  return domains
}

/** Wildcards of VirtualServices at gateways, and who has each. */
type Wide = { byHost: ReadonlyMap<string, readonly KubeObject[]>; byEnd: HostsByEnd<{ host: string }> }

const wideAtGateways = derived<Wide>({
  name: "routing/wildcards at gateways",
  compute: (view) => {
    const byHost = new Map<string, KubeObject[]>()
    for (const object of view.find(atGateways, wildcards))
      for (const host of new Set(atGateways.keysOf(object, view.settings))) {
        if (!isWildcard(host)) continue
        const known = byHost.get(host)
        if (known === undefined) byHost.set(host, [object])
        else known.push(object)
      }
    return { byHost, byEnd: new HostsByEnd([...byHost.keys()].map((host) => ({ host }))) }
  },
})

/** Whether a wildcard of another VirtualService overlaps with the host. */
export function isWithinOthers(view: View, object: KubeObject, host: string): boolean {
  const { byHost, byEnd } = view.derive(wideAtGateways, "")
  const isOthers = (pattern: string): boolean =>
    byHost.get(pattern)?.some((other) => other !== object) === true
  for (const pattern of patternsFor(host)) if (isOthers(pattern)) return true
  return isWildcard(host) && byEnd.within(host).some((other) => isOthers(other.host))
}

type Closer = { host: string; config: VirtualService }

/** The hosts of VirtualServices at a gateway: the oldest first. */
const hostsAtGateway = derived<HostsByEnd<Closer>>({
  name: "routing/hosts at a gateway",
  compute: ({ mesh }, name) =>
    new HostsByEnd(
      (mesh.gatewayRoutes.get(name) ?? []).flatMap((config) =>
        config.hosts.map((host) => ({ host, config })),
      ),
    ),
})

/** Closer hosts of others at the same gateway, at a server that is wide enough to tell them apart. */
export function closerHosts(view: View, config: VirtualService, host: string, name: string): Closer[] {
  const domains = new Set(
    (view.derive(serversOf, name) ?? []).flatMap((server) => domainsOf(server, config, host)),
  )
  const wide = [...domains].filter(isWildcard)
  if (wide.length === 0) return []
  const all = view.derive(hostsAtGateway, name)
  // One within another brings nothing new.
  const widest = wide.filter((domain) =>
    wide.every((other) => other === domain || !hostMatches(other, domain)),
  )
  return widest
    .flatMap((domain) => all.within(domain))
    .filter((other) => other.config !== config && other.host !== host && !config.hosts.includes(other.host))
}
