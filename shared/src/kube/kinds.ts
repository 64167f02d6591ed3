import { kindKey } from "./object.ts"

export type KindFamily = "core" | "istio" | "gateway" | "derived"

/** A kind the agent watches. `versions` in order of preference: the first one that the cluster serves is used. */
export type KindSpec = {
  key: string
  group: string
  kind: string
  plural: string
  versions: string[]
  namespaced: boolean
  family: KindFamily
}

type Names = [kind: string, plural: string, scope?: "Cluster"]

const spec = (family: KindFamily, group: string, versions: string[], names: Names): KindSpec => ({
  key: kindKey(group, names[0]),
  group,
  kind: names[0],
  plural: names[1],
  versions,
  namespaced: names[2] !== "Cluster",
  family,
})

const networking = "networking.istio.io"
const security = "security.istio.io"
const gateway = "gateway.networking.k8s.io"
const served = ["v1", "v1beta1", "v1alpha3"]

/** All kinds the mesh view needs. Secrets are not here, and never will be. */
export const watchedKinds: readonly KindSpec[] = [
  spec("core", "", ["v1"], ["Namespace", "namespaces", "Cluster"]),
  spec("core", "", ["v1"], ["Node", "nodes", "Cluster"]),
  spec("core", "", ["v1"], ["Pod", "pods"]),
  spec("core", "", ["v1"], ["Service", "services"]),
  spec("core", "", ["v1"], ["ServiceAccount", "serviceaccounts"]),
  spec("core", "discovery.k8s.io", ["v1"], ["EndpointSlice", "endpointslices"]),
  spec("core", "apps", ["v1"], ["Deployment", "deployments"]),
  spec("core", "apps", ["v1"], ["ReplicaSet", "replicasets"]),
  spec("core", "apps", ["v1"], ["StatefulSet", "statefulsets"]),
  spec("core", "apps", ["v1"], ["DaemonSet", "daemonsets"]),
  spec("core", "batch", ["v1"], ["Job", "jobs"]),
  spec(
    "core",
    "apiextensions.k8s.io",
    ["v1"],
    ["CustomResourceDefinition", "customresourcedefinitions", "Cluster"],
  ),
  spec("istio", networking, served, ["VirtualService", "virtualservices"]),
  spec("istio", networking, served, ["DestinationRule", "destinationrules"]),
  spec("istio", networking, served, ["Gateway", "gateways"]),
  spec("istio", networking, served, ["ServiceEntry", "serviceentries"]),
  spec("istio", networking, served, ["Sidecar", "sidecars"]),
  spec("istio", networking, served, ["WorkloadEntry", "workloadentries"]),
  spec("istio", networking, ["v1", "v1beta1", "v1alpha3"], ["WorkloadGroup", "workloadgroups"]),
  spec("istio", networking, ["v1alpha3"], ["EnvoyFilter", "envoyfilters"]),
  spec("istio", networking, ["v1", "v1beta1"], ["ProxyConfig", "proxyconfigs"]),
  spec("istio", security, ["v1", "v1beta1"], ["AuthorizationPolicy", "authorizationpolicies"]),
  spec("istio", security, ["v1", "v1beta1"], ["PeerAuthentication", "peerauthentications"]),
  spec("istio", security, ["v1", "v1beta1"], ["RequestAuthentication", "requestauthentications"]),
  spec("istio", "telemetry.istio.io", ["v1", "v1alpha1"], ["Telemetry", "telemetries"]),
  spec("istio", "extensions.istio.io", ["v1alpha1"], ["WasmPlugin", "wasmplugins"]),
  spec("gateway", gateway, ["v1", "v1beta1"], ["GatewayClass", "gatewayclasses", "Cluster"]),
  spec("gateway", gateway, ["v1", "v1beta1"], ["Gateway", "gateways"]),
  spec("gateway", gateway, ["v1", "v1beta1"], ["HTTPRoute", "httproutes"]),
  spec("gateway", gateway, ["v1", "v1alpha2"], ["GRPCRoute", "grpcroutes"]),
  spec("gateway", gateway, ["v1", "v1alpha3", "v1alpha2"], ["TLSRoute", "tlsroutes"]),
  spec("gateway", gateway, ["v1", "v1alpha2"], ["TCPRoute", "tcproutes"]),
  spec("gateway", gateway, ["v1", "v1beta1"], ["ReferenceGrant", "referencegrants"]),
]

/** Those that people configure a mesh by: all that we write. */
export const configKinds: readonly KindSpec[] = watchedKinds.filter(
  ({ family }) => family === "istio" || family === "gateway",
)

/** What the agent makes out of other things and sends like the rest. No API server has it: findings, and the mesh's own settings (out of istiod's ConfigMap). */
export const derivedKinds: readonly KindSpec[] = [
  spec("derived", "smm.io", ["v1"], ["Finding", "findings"]),
  spec("derived", "", ["v1"], ["MeshConfig", "meshconfigs"]),
]

/** All kinds of the inventory. */
export const inventoryKinds: readonly KindSpec[] = [...watchedKinds, ...derivedKinds]

/** Short names, as the kinds' own definitions give them. */
const shortNames: Record<string, string> = {
  Namespace: "ns",
  Node: "no",
  Pod: "po",
  Service: "svc",
  ServiceAccount: "sa",
  "Deployment.apps": "deploy",
  "ReplicaSet.apps": "rs",
  "StatefulSet.apps": "sts",
  "DaemonSet.apps": "ds",
  "CustomResourceDefinition.apiextensions.k8s.io": "crd",
  [`VirtualService.${networking}`]: "vs",
  [`DestinationRule.${networking}`]: "dr",
  [`Gateway.${networking}`]: "gw",
  [`ServiceEntry.${networking}`]: "se",
  [`WorkloadEntry.${networking}`]: "we",
  [`WorkloadGroup.${networking}`]: "wg",
  [`AuthorizationPolicy.${security}`]: "ap",
  [`PeerAuthentication.${security}`]: "pa",
  [`RequestAuthentication.${security}`]: "ra",
  [`Gateway.${gateway}`]: "gtw",
  [`GatewayClass.${gateway}`]: "gc",
  [`ReferenceGrant.${gateway}`]: "refgrant",
}

const byName = new Map<string, KindSpec[]>()
for (const kind of inventoryKinds) {
  for (const name of [
    kind.key,
    kind.kind,
    kind.plural,
    `${kind.plural}.${kind.group}`,
    shortNames[kind.key] ?? kind.kind,
  ]) {
    const at = name.toLowerCase()
    const known = byName.get(at) ?? []
    if (!known.includes(kind)) byName.set(at, [...known, kind])
  }
}

/** The kinds a person may mean by a name: key, kind, plural, short name, `plural.group`; more than one when the name is ambiguous (`gateways`). */
export const kindsNamed = (name: string): readonly KindSpec[] => byName.get(name.toLowerCase()) ?? []

const byKey = new Map(inventoryKinds.map((kind) => [kind.key, kind]))

/** The kind of a key, or undefined for one that is not in the inventory. */
export const kindOf = (key: string): KindSpec | undefined => byKey.get(key)
