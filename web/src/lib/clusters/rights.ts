import type { ClusterInfo, WriteFamily } from "#shared/api/cluster.ts"
import type { KindState } from "#shared/protocol/message/status.ts"
import { kindOf } from "#shared/kube/kinds.ts"

/** A family of roles that the install manifest may carry, and its rules in plain words. */
export type RightFamily = {
  family: "read" | WriteFamily
  title: string
  rules: readonly string[]
}

/** Mirrors the manifest: reading is always there, each write family is asked for. */
export const rightFamilies: readonly RightFamily[] = [
  {
    family: "read",
    title: "Read inventory and metrics",
    rules: [
      "get, list, watch: namespaces, nodes, pods, services, endpoint slices, service accounts",
      "get, list, watch: deployments, replica sets, stateful sets, daemon sets, jobs, CRDs",
      "get, list, watch: all kinds of Istio and of the Gateway API",
      "get, by name: the config maps istio (the mesh's settings) and smm-agent-policy (who may write)",
      "never: secrets, other config maps, pods/exec, *",
    ],
  },
  {
    family: "traffic",
    title: "Traffic: routes, subsets, gateways",
    rules: [
      "create, update, patch, delete: virtual services, destination rules, gateways, service entries, sidecars",
      "create, update, patch, delete: routes of the Gateway API",
    ],
  },
  {
    family: "security",
    title: "Security: policies, mTLS",
    rules: [
      "create, update, patch, delete: authorization policies, peer authentications, request authentications",
    ],
  },
]

/** `Read, traffic, security`, as the list says it. */
export const permissionsText = (write: readonly WriteFamily[]): string =>
  write.length === 0 ? "Read" : `Read, ${write.join(", ")}`

/** What stands below it: kinds that may not be read, or that nothing is missing. */
export function deniedText(cluster: Pick<ClusterInfo, "kinds">): string {
  const denied = cluster.kinds.filter(({ state }) => state === "denied").map(({ kind }) => plural(kind))
  if (denied.length === 0) return ""
  return denied.length > 2
    ? `may not list ${denied.slice(0, 2).join(", ")} and ${denied.length - 2} more`
    : `may not list ${denied.join(", ")}`
}

export const plural = (kind: string): string => kindOf(kind)?.plural ?? kind

/** The state of a family as a whole: the worst of its kinds that are installed. */
export type FamilyState = {
  family: "core" | "istio" | "gateway"
  title: string
  state: KindState["state"]
  count: number
  since: number
  kinds: KindState[]
}

const titles = { core: "Workloads, services", istio: "Istio", gateway: "Gateway API" } as const
const badness: KindState["state"][] = ["denied", "stale", "syncing", "live", "absent"]

export function familiesOf(kinds: readonly KindState[]): FamilyState[] {
  return (Object.keys(titles) as (keyof typeof titles)[]).map((family) => {
    const own = kinds.filter(({ kind }) => (kindOf(kind)?.family ?? "core") === family)
    const worst = badness.find((state) => own.some((kind) => kind.state === state)) ?? "absent"
    const installed = own.filter(({ state }) => state !== "absent").length
    return {
      family,
      title: family === "core" ? titles.core : `${titles[family]}, ${installed} of ${own.length} kinds`,
      state: worst,
      count: own.reduce((sum, { count }) => sum + count, 0),
      since: Math.max(0, ...own.filter(({ state }) => state === worst).map(({ since }) => since)),
      kinds: [...own].sort(
        (a, b) => badness.indexOf(a.state) - badness.indexOf(b.state) || (a.kind < b.kind ? -1 : 1),
      ),
    }
  })
}

const nameRule = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

/** Why a cluster cannot be called that; undefined when it can. */
export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (name === "") return undefined
  if (name.length > 63) return `At most 63 characters, these are ${name.length}`
  if (!nameRule.test(name))
    return "Lower case letters, digits and -, starting and ending with a letter or digit"
  return taken.includes(name) ? `There is a cluster ${name} already` : undefined
}
