import { hostMatches } from "../../../istio/host.ts"
import type { Config } from "../../../istio/mesh.ts"
import { list, record, strings } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"

/** One `namespace/host` of a Sidecar's egress. */
export type Import = { namespace: string; host: string }

/** Undefined for what is no import at all. */
export function importOf(entry: string, own: string): Import | undefined {
  const slash = entry.indexOf("/")
  if (slash < 1 || slash === entry.length - 1) return undefined
  const namespace = entry.slice(0, slash)
  return { namespace: namespace === "." ? own : namespace, host: entry.slice(slash + 1) }
}

const takes = (entry: Import, namespace: string, host: string): boolean =>
  (entry.namespace === "*" || entry.namespace === namespace) &&
  (hostMatches(entry.host, host) || hostMatches(host, entry.host))

/** Whether any egress listener of a Sidecar imports a host of a namespace; one without egress imports everything. */
export function imports(sidecar: Config, namespace: string, host: string): boolean {
  const egress = list(sidecar.spec["egress"])
  if (egress.length === 0) return true
  for (const listener of egress)
    for (const entry of strings(record(listener)["hosts"])) {
      const parsed = importOf(entry, sidecar.namespace)
      if (parsed && takes(parsed, namespace, host)) return true
    }
  return false
}

const selectsAll = (sidecar: Config): boolean =>
  Object.keys(record(record(sidecar.spec["workloadSelector"])["labels"])).length === 0

/**
 * The Sidecar because of which no workload of a namespace sees a host: its own default, or the root namespace's. Undefined when some may see it:
 * also where a Sidecar for some workloads imports it, or there is a gateway, which Sidecars are not for.
 */
export function hidingSidecar(
  view: View,
  clientNamespace: string,
  host: string,
  namespace: string,
): Config | undefined {
  const own = view.mesh.sidecars.get(clientNamespace) ?? []
  const root = own.some(selectsAll) ? [] : (view.mesh.sidecars.get(view.settings.rootNamespace) ?? [])
  const standing = own.find(selectsAll) ?? root.find(selectsAll)
  if (standing === undefined) return undefined
  const entry = root.includes(standing) ? { ...standing, namespace: clientNamespace } : standing
  if (imports(entry, namespace, host)) return undefined
  if (own.some((sidecar) => !selectsAll(sidecar) && imports(sidecar, namespace, host))) return undefined
  return view.mesh.instances.get(clientNamespace)?.some(({ gateway }) => gateway) === true
    ? undefined
    : standing
}
