import type { WriteFamily } from "#shared/api/cluster.ts"
import { type KindSpec, watchedKinds } from "#shared/kube/kinds.ts"

export type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }

const byGroup = (kinds: readonly { group: string; plural: string }[], verbs: string[]): Rule[] => {
  const groups = new Map<string, string[]>()
  for (const { group, plural } of kinds) groups.set(group, [...(groups.get(group) ?? []), plural])
  return [...groups].map(([group, resources]) => ({ apiGroups: [group], resources, verbs }))
}

/** The mesh's own settings: this one ConfigMap by its name, and no other. */
const meshConfig: Rule = {
  apiGroups: [""],
  resources: ["configmaps"],
  resourceNames: ["istio"],
  verbs: ["get"],
}

/** What the mesh view watches, resource by resource: no `*`, no Secrets, no `nodes/proxy`. */
export const readRules = (): Rule[] => [...byGroup(watchedKinds, ["get", "list", "watch"]), meshConfig]

const change = ["create", "update", "patch", "delete"]

/** The kinds of each role family that may be written. Not among them: EnvoyFilter, WasmPlugin, ProxyConfig, and anything of Kubernetes itself. */
export const writeKinds: Record<WriteFamily, readonly string[]> = {
  traffic: [
    "VirtualService",
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "Sidecar",
    "WorkloadEntry",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
  ],
  security: ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
}

/** Istio's and the Gateway API's kinds of these names. */
export const writtenKinds = (families: readonly WriteFamily[]): readonly KindSpec[] =>
  watchedKinds.filter(
    ({ kind, family: of }) => of !== "core" && families.some((family) => writeKinds[family].includes(kind)),
  )

export const writeRules = (family: WriteFamily): Rule[] => byGroup(writtenKinds([family]), change)
