import { isWildcard } from "../../../istio/host.ts"
import { type VirtualService, byAge } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { exportedTo, isExportedTo, isRouteImported, sidecarFor } from "../../../istio/visibility.ts"
import { list } from "../../../topology/fact/read.ts"
import { type Report, type View, derived } from "../../check.ts"
import { meshNamespaces } from "./client.ts"
import { meshHostConflict } from "./host-rules.ts"
import { sections } from "./target.ts"

const none: readonly VirtualService[] = []

/** Those on the mesh that have a wildcard, by it; oldest first. */
const byWildcard = derived<ReadonlyMap<string, readonly VirtualService[]>>({
  name: "routing/mesh routes by wildcard",
  compute: ({ mesh }) => {
    const found = new Map<string, VirtualService[]>()
    for (const config of mesh.meshRoutes.wildcard)
      for (const host of new Set(config.hosts)) {
        if (!isWildcard(host)) continue
        const known = found.get(host)
        if (known === undefined) found.set(host, [config])
        else known.push(config)
      }
    return found
  },
})

/** All on the mesh with a host, oldest first. */
export const onMeshWith = (view: View, host: string): readonly VirtualService[] =>
  (isWildcard(host) ? view.derive(byWildcard, "").get(host) : view.mesh.meshRoutes.byHost.get(host)) ?? none

export const isPublic = ({ exportTo }: Pick<VirtualService, "exportTo">): boolean =>
  exportTo.length === 0 || exportTo.includes("*")

/** Whether a proxy of a namespace that no Sidecar names by labels gets it. */
export function isImportedIn(view: View, namespace: string, config: VirtualService): boolean {
  const client = { kind: "sidecar", namespace, labels: {} } as const
  return isRouteImported(sidecarFor(view.mesh, client), client, config, 80)
}

/** A namespace whose sidecars use both; undefined: they never meet. */
export function meeting(view: View, a: VirtualService, b: VirtualService): string | undefined {
  if (isPublic(a) && isPublic(b)) return a.namespace
  const [narrow, other] = isPublic(a) ? [b, a] : [a, b]
  return meshNamespaces(narrow).find((namespace) => {
    if (!isExportedTo(narrow.exportTo, narrow.namespace, namespace)) return false
    if (!isExportedTo(other.exportTo, other.namespace, namespace)) return false
    return isImportedIn(view, namespace, narrow) && isImportedIn(view, namespace, other)
  })
}

const sectionsOf = ({ spec }: VirtualService): string =>
  sections.filter((section) => list(spec[section]).length > 0).join(" ")

/** Whether both have routes of one kind; a VirtualService for TCP and one for HTTP do not meet. */
function sharesSection(a: VirtualService, b: VirtualService): boolean {
  const [left, right] = [sectionsOf(a), sectionsOf(b)]
  return left === "" || right === "" || left.split(" ").some((section) => right.includes(section))
}

/** What all with a host have in common: where each meets each, there is no need to go through them for each of them. */
type Crowd = { all: readonly VirtualService[]; everyMeetsEvery: boolean; id: string }

const crowdOf = derived<Crowd>({
  name: "routing/mesh routes of a host",
  compute: (view, host) => {
    const all = onMeshWith(view, host)
    const kinds = new Set(all.map(sectionsOf))
    kinds.delete("")
    const everyMeetsEvery = kinds.size < 2 && all.every(isPublic)
    return { all, everyMeetsEvery, id: all.map(idOf).join(" ") }
  },
})

const idOf = ({ object }: VirtualService): string => `${object.namespace}/${object.name}`

/** Others that a VirtualService shares hosts with, and how it fares. */
export type Clash = {
  hosts: string[]
  path: string
  /** The same for the same others. */
  id: string
  /** The first of them. */
  others: readonly VirtualService[]
  count: number
  counts: VirtualService
  where: string
}

/** References are for a reader; of a host that thousands have, thousands each would be millions. */
const mostReferences = 20
const mostNames = 10

export function clashOf(view: View, config: VirtualService, host: string, path: string): Clash | undefined {
  const { all, everyMeetsEvery, id } = view.derive(crowdOf, host)
  if (all.length < 2) return undefined
  if (everyMeetsEvery) {
    const others: VirtualService[] = []
    for (const other of all) if (other !== config && others.push(other) === mostReferences) break
    return {
      hosts: [host],
      path,
      id,
      others,
      count: all.length - 1,
      counts: all[0] ?? config,
      where: "",
    }
  }
  return clashAmong(view, config, all, { host, path })
}

function clashAmong(
  view: View,
  config: VirtualService,
  all: readonly VirtualService[],
  { host, path }: { host: string; path: string },
): Clash | undefined {
  const others: VirtualService[] = []
  let namespace: string | undefined
  for (const other of all) {
    if (other === config) continue
    const at = sharesSection(config, other) ? meeting(view, config, other) : undefined
    if (at === undefined) continue
    namespace ??= at
    others.push(other)
  }
  if (namespace === undefined) return undefined
  const [counts = config] = exportedTo([config, ...others].sort(byAge), namespace)
  const everywhere = isPublic(config) && others.every(isPublic)
  return {
    hosts: [host],
    path,
    id: others.map(idOf).join(" "),
    others: others.slice(0, mostReferences),
    count: others.length,
    counts,
    where: everywhere ? "" : ` for clients in ${namespace}`,
  }
}

export function sayClash(config: VirtualService, clash: Clash, report: Report): void {
  const { hosts, path, others, count, counts, where } = clash
  const wins = counts === config
  const have = count > 1 ? "have" : "has"
  const shown = count > mostNames ? others.slice(0, mostNames) : others
  const more = count > shown.length ? ` and ${count - shown.length} more` : ""
  const all = `${shown.map(({ object }) => named(object)).join(", ")}${more} ${have} ${hosts.join(", ")} as well${where}`
  const about = wins || others.includes(counts) ? others : [counts, ...others.slice(1)]
  report(meshHostConflict, {
    path,
    level: wins ? "warning" : "error",
    message: wins
      ? `${all}; this one counts, what ${have === "have" ? "they say" : "it says"} is ignored`
      : `${all}; ${named(counts.object)} counts, this one is ignored`,
    references: about.map(({ object }) => ({ object, path: "spec.hosts" })),
  })
}
