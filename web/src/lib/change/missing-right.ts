import type { Access } from "#shared/api/change.ts"
import type { FormControl } from "#shared/edit/intent.ts"
import { kindName } from "../validation/finding-place.ts"

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

/** Of kinds of which one is enough: what keeps the caller from writing any; null when nothing does. */
export function missingFor(kinds: readonly string[], access: Access): Missing | null {
  if (access.refused !== null) return { text: access.refused, grant: null }
  const lines = access.lines.filter(({ kind, verb }) => kinds.includes(kind) && verb !== "delete")
  if (lines.length === 0 || lines.some(({ allowed }) => allowed)) return null
  const line = lines.find(({ verb }) => verb === "patch") ?? lines[0]
  if (!line) return null
  const place = access.namespace === "" ? "" : ` in ${access.namespace}`
  return {
    text: `May not ${line.verb} ${kindName(line.kind)}${place}${line.reason === "" ? "" : `: ${line.reason}`}`,
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
  return { text: `May not ${verb} ${kindName(kind)} in ${access.namespace}`, grant: line.grant }
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

/** All that decides whether somebody may change something in a namespace of a cluster. */
type Situation = {
  role: string | undefined
  mayWrite: boolean
  act: { mode: "off" | "mapped" | "anonymous"; reason: string } | null | undefined
  access: Access | undefined
}

/** What keeps a member from changing anything there, whatever it is; null when it is a matter of the object. */
export function missingAtAll({ role, mayWrite, act }: Situation): Missing | null {
  if (!mayWrite) return { text: `Needs the role operator; you are ${role ?? "signed out"}`, grant: null }
  if (act === null || act === undefined) return { text: "The agent of this cluster only reads", grant: null }
  if (act.mode === "off")
    return { text: act.reason === "" ? "This cluster takes no changes" : act.reason, grant: null }
  return null
}

/** The same, of a control or of kinds. What is not known yet keeps nobody: the change asks again. */
export function missingIn(
  situation: Situation,
  of:
    | { control: FormControl }
    | { kinds: readonly string[] }
    | { verb: Access["lines"][number]["verb"]; kind: string },
): Missing | null {
  const whole = missingAtAll(situation)
  const { access } = situation
  if (whole || !access) return whole
  if ("control" in of) return missingForControl(of.control, access)
  return "kinds" in of ? missingFor(of.kinds, access) : missingVerb(of.verb, of.kind, access)
}
