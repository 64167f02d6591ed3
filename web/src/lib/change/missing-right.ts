import type { Access } from "#shared/api/change.ts"
import type { FormControl } from "#shared/edit/intent.ts"

/** Why a control cannot be used, and the line that an admin would run; `grant` is null where the cluster's own policy refuses. */
export type Missing = { text: string; grant: string | null }

const route = ["VirtualService.networking.istio.io", "HTTPRoute.gateway.networking.k8s.io"]
const policy = ["DestinationRule.networking.istio.io"]

/** What a control writes; one of them is enough. */
const writes: Record<FormControl, readonly string[]> = {
  routing: route,
  shift: route,
  mirror: route,
  fault: route,
  "circuit-breaker": policy,
  "load-balancing": policy,
  "client-tls": policy,
  mtls: ["PeerAuthentication.security.istio.io"],
}

const plain = (kind: string): string => kind.split(".")[0] ?? kind

/** Of kinds of which one is enough: what keeps the caller from writing any; null when nothing does. */
export function missingFor(kinds: readonly string[], access: Access): Missing | null {
  if (access.refused !== null) return { text: access.refused, grant: null }
  const lines = access.lines.filter(({ kind, verb }) => kinds.includes(kind) && verb !== "delete")
  if (lines.length === 0 || lines.some(({ allowed }) => allowed)) return null
  const line = lines.find(({ verb }) => verb === "patch") ?? lines[0]
  if (!line) return null
  const place = access.namespace === "" ? "" : ` in ${access.namespace}`
  return {
    text: `May not ${line.verb} ${plain(line.kind)}${place}${line.reason === "" ? "" : `: ${line.reason}`}`,
    grant: line.grant,
  }
}

export const missingForControl = (control: FormControl, access: Access): Missing | null =>
  missingFor(writes[control], access)

/** Of one verb on one kind. */
export function missingVerb(
  verb: "create" | "patch" | "delete",
  kind: string,
  access: Access,
): Missing | null {
  if (access.refused !== null) return { text: access.refused, grant: null }
  const line = access.lines.find((one) => one.kind === kind && one.verb === verb)
  if (!line || line.allowed) return null
  return { text: `May not ${verb} ${plain(kind)} in ${access.namespace}`, grant: line.grant }
}

/** Why a control cannot be used, by cluster: what is known of each, over what a preview said. */
export const missingByCluster = (
  refusals: Iterable<[string, Missing]>,
  known: readonly (readonly [cluster: string, missing: Missing | null])[],
): ReadonlyMap<string, Missing> =>
  new Map([
    ...refusals,
    ...known.flatMap(([cluster, missing]): [string, Missing][] => (missing ? [[cluster, missing]] : [])),
  ])
