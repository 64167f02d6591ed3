import { configHost, hostMatches, isWildcard } from "../../../istio/host.ts"
import { type VirtualService, byAge } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { exportedTo, isExportedTo, isRouteImported, sidecarFor } from "../../../istio/visibility.ts"
import { list, record, strings } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived, index } from "../../check.ts"
import { meshNamespaces, modelOf } from "./client.ts"
import { meshHostConflict, meshHostOverridden, notImported, wildcardNarrowed } from "./host-rules.ts"
import { sidecarKind, virtualServiceKind } from "./kinds.ts"
import { sections } from "./target.ts"

/** The key under which all with a wildcard are. */
export const wildcards = "wildcards"

/** VirtualServices at gateways, by each of their hosts. */
export const atGateways = index({
  name: "routing/virtual services at gateways by host",
  kind: virtualServiceKind,
  keysOf: (object, { domain }) => {
    const spec = record(object["spec"])
    if (list(spec["gateways"]).every((name) => name === "mesh")) return []
    const keys: string[] = []
    for (const written of strings(spec["hosts"])) {
      const host = configHost(written, object.metadata.namespace ?? "", domain).toLowerCase()
      keys.push(host)
      if (isWildcard(host)) keys.push(wildcards)
    }
    return keys
  },
})

/** Others on the mesh with the same host. */
export function companions({ mesh }: View, host: string, self: VirtualService): VirtualService[] {
  const all = isWildcard(host)
    ? mesh.meshRoutes.wildcard.filter(({ hosts }) => hosts.includes(host))
    : (mesh.meshRoutes.byHost.get(host) ?? [])
  return all.filter((other) => other !== self)
}

const isPublic = ({ exportTo }: VirtualService): boolean => exportTo.length === 0 || exportTo.includes("*")

/** A namespace whose sidecars use both; undefined: they never meet. */
function meeting(view: View, a: VirtualService, b: VirtualService): string | undefined {
  if (isPublic(a) && isPublic(b)) return a.namespace
  const [narrow, other] = isPublic(a) ? [b, a] : [a, b]
  return meshNamespaces(narrow).find((namespace) => {
    if (!isExportedTo(narrow.exportTo, narrow.namespace, namespace)) return false
    if (!isExportedTo(other.exportTo, other.namespace, namespace)) return false
    return imports(view, namespace, narrow) && imports(view, namespace, other)
  })
}

/** Whether a proxy of a namespace that no Sidecar names by labels gets it. */
function imports(view: View, namespace: string, config: VirtualService): boolean {
  const client = { kind: "sidecar", namespace, labels: {} } as const
  return isRouteImported(sidecarFor(view.mesh, client), client, config, 80)
}

/** Whether both have routes of one kind; a VirtualService for TCP and one for HTTP do not meet. */
function sharesSection(a: VirtualService, b: VirtualService): boolean {
  const of = ({ spec }: VirtualService) => sections.filter((section) => list(spec[section]).length > 0)
  const [left, right] = [of(a), of(b)]
  return left.length === 0 || right.length === 0 || left.some((section) => right.includes(section))
}

type Subject = { config: VirtualService; view: View; report: Report }

/** Others that a VirtualService shares hosts with, and how it fares. */
type Clash = {
  hosts: string[]
  path: string
  others: readonly VirtualService[]
  counts: VirtualService
  where: string
}

function clashOf({ config, view }: Subject, host: string, path: string): Clash | undefined {
  const others: VirtualService[] = []
  let namespace: string | undefined
  for (const other of companions(view, host, config)) {
    const at = sharesSection(config, other) ? meeting(view, config, other) : undefined
    if (at === undefined) continue
    namespace ??= at
    others.push(other)
  }
  if (namespace === undefined) return undefined
  const [counts = config] = exportedTo([config, ...others].sort(byAge), namespace)
  const everywhere = isPublic(config) && others.every(isPublic)
  return { hosts: [host], path, others, counts, where: everywhere ? "" : ` for clients in ${namespace}` }
}

function sayClash({ config, report }: Subject, { hosts, path, others, counts, where }: Clash): void {
  const wins = counts === config
  const have = others.length > 1 ? "have" : "has"
  const all = `${others.map(({ object }) => named(object)).join(", ")} ${have} ${hosts.join(", ")} as well${where}`
  report(meshHostConflict, {
    path,
    level: wins ? "warning" : "error",
    message: wins
      ? `${all}; this one counts, what ${have === "have" ? "they say" : "it says"} is ignored`
      : `${all}; ${named(counts.object)} counts, this one is ignored`,
    references: others.map(({ object }) => ({ object, path: "spec.hosts" })),
  })
}

type Named = { host: string; config: VirtualService; index: number }

/** All hosts of VirtualServices on the mesh, for the few that have a wildcard. */
const meshHosts = derived<readonly Named[]>({
  name: "routing/hosts on the mesh",
  compute: ({ mesh }) => {
    const found: Named[] = []
    const add = (config: VirtualService, wanted: (host: string) => boolean): void => {
      for (const [index, host] of config.hosts.entries())
        if (wanted(host)) found.push({ host, config, index })
    }
    for (const configs of mesh.meshRoutes.byHost.values())
      for (const config of configs) add(config, (host) => mesh.meshRoutes.byHost.get(host) === configs)
    for (const config of mesh.meshRoutes.wildcard) add(config, isWildcard)
    return found.sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : byAge(a.config, b.config)))
  },
})

const atMost = 5

function narrowed({ config, view, report }: Subject, host: string, path: string): void {
  const closer: Named[] = []
  const apart: Named[] = []
  for (const other of view.derive(meshHosts, "")) {
    if (other.host === host || other.config === config || !hostMatches(host, other.host)) continue
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
  for (const other of others)
    report(meshHostOverridden, {
      at: other.config.object,
      path: `spec.hosts[${other.index}]`,
      message: `${named(config.object)} has ${host}, which takes ${other.host} where this one is not used`,
      references: [{ object: config.object, path }],
    })
}

/** A VirtualService for named namespaces, none of which lets its sidecars see it. */
function unimported({ config, view, report }: Subject): void {
  if (isPublic(config) || config.gateways.length > 1 || config.hosts.length === 0) return
  const namespaces = meshNamespaces(config).filter((to) =>
    isExportedTo(config.exportTo, config.namespace, to),
  )
  if (namespaces.length === 0 || namespaces.some((namespace) => imports(view, namespace, config))) return
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
      const found = clashOf(subject, host, path)
      if (found === undefined) return
      // Several hosts shared with the same others are one matter.
      const id = found.others.map(({ object }) => `${object.namespace}/${object.name}`).join(" ")
      const known = clashes.get(id)
      if (known === undefined) clashes.set(id, found)
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
    for (const found of clashes.values()) sayClash(subject, found)
    unimported(subject)
  },
})
