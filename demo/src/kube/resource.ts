import { kindKey } from "#shared/kube/object.ts"
import type { MergeSchema } from "./merge-schema.ts"
import type { CustomVersion } from "./custom-resource.ts"

/** A resource that the API serves, built in or from a CustomResourceDefinition. */
export type Resource = {
  /** KindKey: `Pod`, `VirtualService.networking.istio.io`. */
  key: string
  group: string
  kind: string
  listKind: string
  plural: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  /** Served versions, preferred first. */
  versions: string[]
  storageVersion: string
  hasStatus: boolean
  /** Whether a change of the content counts in `metadata.generation`. */
  hasGeneration: boolean
  mergeSchema: MergeSchema
  /** Only of resources from a CustomResourceDefinition: schema and columns per version. */
  custom?: Map<string, CustomVersion>
}

type Options = {
  versions?: string[]
  short?: string[]
  cluster?: true
  status?: true
  generation?: true
  categories?: string[]
  singular?: string
}

export type BuiltinSpec = Omit<Resource, "mergeSchema">

const builtin = (group: string, kind: string, plural: string, options: Options = {}): BuiltinSpec => {
  const versions = options.versions ?? ["v1"]
  return {
    key: kindKey(group, kind),
    group,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: options.singular ?? kind.toLowerCase(),
    shortNames: options.short ?? [],
    categories: options.categories ?? [],
    namespaced: !options.cluster,
    versions,
    storageVersion: versions[0] ?? "v1",
    hasStatus: options.status ?? false,
    hasGeneration: options.generation ?? false,
  }
}

const all = ["all"]
const rbac = "rbac.authorization.k8s.io"
const admission = "admissionregistration.k8s.io"

/** The built-in kinds: what the agent, its install manifest and a look around with kubectl need. */
export const builtinResources: readonly BuiltinSpec[] = [
  builtin("", "Namespace", "namespaces", { short: ["ns"], cluster: true, status: true }),
  builtin("", "Node", "nodes", { short: ["no"], cluster: true, status: true }),
  builtin("", "Pod", "pods", { short: ["po"], status: true, categories: all, generation: true }),
  builtin("", "Service", "services", { short: ["svc"], status: true, categories: all }),
  builtin("", "ServiceAccount", "serviceaccounts", { short: ["sa"] }),
  builtin("", "ConfigMap", "configmaps", { short: ["cm"] }),
  builtin("", "Secret", "secrets"),
  builtin("", "Event", "events", { short: ["ev"] }),
  builtin("", "Endpoints", "endpoints", { short: ["ep"] }),
  builtin("apps", "Deployment", "deployments", {
    short: ["deploy"],
    status: true,
    generation: true,
    categories: all,
  }),
  builtin("apps", "ReplicaSet", "replicasets", {
    short: ["rs"],
    status: true,
    generation: true,
    categories: all,
  }),
  builtin("apps", "StatefulSet", "statefulsets", {
    short: ["sts"],
    status: true,
    generation: true,
    categories: all,
  }),
  builtin("apps", "DaemonSet", "daemonsets", {
    short: ["ds"],
    status: true,
    generation: true,
    categories: all,
  }),
  builtin("batch", "Job", "jobs", { status: true, generation: true, categories: all }),
  builtin("batch", "CronJob", "cronjobs", {
    short: ["cj"],
    status: true,
    generation: true,
    categories: all,
  }),
  builtin("discovery.k8s.io", "EndpointSlice", "endpointslices", { generation: true }),
  builtin("coordination.k8s.io", "Lease", "leases"),
  builtin("networking.k8s.io", "NetworkPolicy", "networkpolicies", { short: ["netpol"], generation: true }),
  builtin("networking.k8s.io", "Ingress", "ingresses", { short: ["ing"], status: true, generation: true }),
  builtin("policy", "PodDisruptionBudget", "poddisruptionbudgets", {
    short: ["pdb"],
    status: true,
    generation: true,
  }),
  builtin("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", {
    versions: ["v2"],
    short: ["hpa"],
    status: true,
    categories: all,
  }),
  builtin(rbac, "Role", "roles"),
  builtin(rbac, "RoleBinding", "rolebindings"),
  builtin(rbac, "ClusterRole", "clusterroles", { cluster: true }),
  builtin(rbac, "ClusterRoleBinding", "clusterrolebindings", { cluster: true }),
  builtin(admission, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", {
    cluster: true,
    generation: true,
  }),
  builtin(admission, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", {
    cluster: true,
    generation: true,
  }),
  builtin("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", {
    cluster: true,
    short: ["crd", "crds"],
    status: true,
    generation: true,
    categories: ["api-extensions"],
  }),
]
