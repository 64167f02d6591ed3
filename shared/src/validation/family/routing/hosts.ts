import { configHost, isWildcard } from "../../../istio/host.ts"
import { type VirtualService, byAge } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { isExportedTo, sidecarFor } from "../../../istio/visibility.ts"
import { list, record, strings } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived, index } from "../../check.ts"
import { meshNamespaces, modelOf } from "./client.ts"
import { meshHostConflict, meshHostOverridden, notImported, wildcardNarrowed } from "./host-rules.ts"
import { HostsByEnd } from "./hosts-by-end.ts"
import { sidecarKind, virtualServiceKind } from "./kinds.ts"
import { type Clash, clashOf, isImportedIn, isPublic, meeting, sayClash } from "./mesh-clash.ts"
import { byCodeUnit } from "../../../order.ts"

/** The key under which all with a wildcard are. */
export const wildcards = "wildcards"

const nowhere: readonly string[] = []

/** VirtualServices at gateways, by each of their hosts. */
export const atGateways = index({
  name: "routing/virtual services at gateways by host",
  kind: virtualServiceKind,
  keysOf: (object, { domain }) => {
    const spec = record(object["spec"])
    if (list(spec["gateways"]).every((name) => name === "mesh")) return nowhere
    const keys: string[] = []
    for (const written of strings(spec["hosts"])) {
      const host = configHost(written, object.metadata.namespace ?? "", domain).toLowerCase()
      keys.push(host)
      if (isWildcard(host)) keys.push(wildcards)
    }
    return keys
  },
})

type Subject = { config: VirtualService; view: View; report: Report }

type Named = { host: string; config: VirtualService; index: number }

/** All hosts of VirtualServices on the mesh, for the few that have a wildcard: by host, the oldest first. */
const meshHosts = derived<HostsByEnd<Named>>({
  name: "routing/hosts on the mesh",
  compute: ({ mesh }) => {
    const found: Named[] = []
    const all = new Set<VirtualService>(mesh.meshRoutes.wildcard)
    for (const configs of mesh.meshRoutes.byHost.values()) for (const config of configs) all.add(config)
    for (const config of all)
      for (const [index, host] of config.hosts.entries()) found.push({ host, config, index })
    return new HostsByEnd(found.sort((a, b) => byCodeUnit(a.host, b.host) || byAge(a.config, b.config)))
  },
})

const atMost = 5

function narrowed({ config, view, report }: Subject, host: string, path: string): void {
  const closer: Named[] = []
  const apart: Named[] = []
  for (const other of view.derive(meshHosts, "").within(host)) {
    if (other.config === config) continue
    if (config.hosts.includes(other.host) || meeting(view, config, other.config) === undefined) continue
    if (isPublic(config) === isPublic(other.config)) closer.push(other)
    else apart.push(other)
  }
  sayNarrowed(report, { host, path, where: "on the mesh" }, closer)
  if (apart.length > 0) overridden({ config, report }, apart, { host, path })
}

type Place = { host: string; path: string }

/** Said once for each wildcard, however many there are. */
export function sayNarrowed(
  report: Report,
  { host, path, where }: Place & { where: string },
  closer: readonly { host: string; config: VirtualService }[],
): void {
  if (closer.length === 0) return
  const hosts = [...new Set(closer.map((other) => other.host))]
  const more = hosts.length > atMost ? ` and ${hosts.length - atMost} more` : ""
  report(wildcardNarrowed, {
    path,
    message: `${host} does not answer for ${hosts.slice(0, atMost).join(", ")}${more} ${where}: other VirtualServices have these hosts`,
    references: closer.slice(0, atMost).map((other) => ({ object: other.config.object, path: "spec.hosts" })),
  })
}

function overridden(
  { config, report }: Pick<Subject, "config" | "report">,
  others: readonly Named[],
  { host, path }: Place,
): void {
  const hosts = [...new Set(others.map((other) => other.host))]
  const more = hosts.length > atMost ? ` and ${hosts.length - atMost} more` : ""
  report(meshHostOverridden, {
    path,
    message: `For ${hosts.slice(0, atMost).join(", ")}${more} other VirtualServices are used in the namespaces they are exported to, not ${host} of this one`,
    references: others
      .slice(0, atMost)
      .map((other) => ({ object: other.config.object, path: `spec.hosts[${other.index}]` })),
  })
  const ofOne = new Map<VirtualService, Named[]>()
  for (const other of others) {
    const known = ofOne.get(other.config)
    if (known === undefined) ofOne.set(other.config, [other])
    else known.push(other)
  }
  for (const [other, taken] of ofOne)
    report(meshHostOverridden, {
      at: other.object,
      path: `spec.hosts[${taken[0]?.index ?? 0}]`,
      message: `${named(config.object)} has ${host}, which takes ${taken.map((one) => one.host).join(", ")} where this one is not used`,
      references: [{ object: config.object, path }],
    })
}

/** A VirtualService for named namespaces, none of which lets its sidecars see it. */
function unimported({ config, view, report }: Subject): void {
  if (isPublic(config) || config.gateways.length > 1 || config.hosts.length === 0) return
  const namespaces = meshNamespaces(config).filter((to) =>
    isExportedTo(config.exportTo, config.namespace, to),
  )
  if (namespaces.length === 0 || namespaces.some((namespace) => isImportedIn(view, namespace, config))) return
  report(notImported, {
    path: "spec.exportTo",
    message: `The Sidecar of ${namespaces.sort().join(", ")} imports none of its hosts`,
    references: namespaces.flatMap((namespace) => {
      const sidecar = sidecarFor(view.mesh, { kind: "sidecar", namespace, labels: {} })
      return sidecar === undefined ? [] : [{ object: sidecar.object, path: "spec.egress" }]
    }),
  })
}

export const meshHostsCheck = check({
  name: "virtualservice/mesh-hosts",
  subject: virtualServiceKind,
  reads: [virtualServiceKind, sidecarKind],
  rules: [meshHostConflict, meshHostOverridden, wildcardNarrowed, notImported],
  run: (object, view, report) => {
    const written = list(record(object["spec"])["gateways"])
    if (written.length > 0 && !written.includes("mesh")) return
    const config = modelOf(view, object)
    if (config === undefined) return
    const subject: Subject = { config, view, report }
    const { hosts } = config
    const clashes = new Map<string, Clash>()
    const clash = (host: string, path: string): void => {
      const found = clashOf(view, config, host, path)
      if (found === undefined) return
      // Several hosts shared with the same others are one matter.
      const known = clashes.get(found.id)
      if (known === undefined) clashes.set(found.id, found)
      else known.hosts.push(host)
    }
    for (let index = 0; index < hosts.length; index++) {
      const host = hosts[index] ?? ""
      // Two spellings of one host are one host.
      if (index > 0 && hosts.indexOf(host) !== index) continue
      if (isWildcard(host)) {
        clash(host, `spec.hosts[${index}]`)
        narrowed(subject, host, `spec.hosts[${index}]`)
      } else if ((view.mesh.meshRoutes.byHost.get(host)?.length ?? 0) > 1) clash(host, `spec.hosts[${index}]`)
    }
    for (const found of clashes.values()) sayClash(config, found, report)
    unimported(subject)
  },
})
