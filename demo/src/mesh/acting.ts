import { stringify } from "yaml"
import { type Policy, policyPlace, verbs as allowed } from "#shared/act/policy.ts"
import { configKinds } from "#shared/kube/kinds.ts"
import type { ObjectInput } from "#demo/kube/store.ts"
import { namespace, object } from "./parts.ts"

/** What lets people write in the demo as in a cluster of their own: the agent's namespace, the owner's policy, and who may do what in Kubernetes. */

const home = "smm-system"
const rbac = "rbac.authorization.k8s.io"

const admins = { user: "platform-admin", groups: ["mesh-admins"] }

export const demoPolicy: Policy = {
  mode: "mapped",
  identities: [
    { who: { role: "owner" }, as: admins },
    { who: { role: "admin" }, as: admins },
    { who: { role: "operator" }, as: { user: "mesh-operator", groups: ["mesh-editors"] } },
  ],
  allow: [{ kinds: configKinds.map(({ key }) => key), verbs: [...allowed], namespaces: ["*"] }],
}

const verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
const ruleOf = (groups: readonly string[]) => ({
  apiGroups: [...groups],
  resources: configKinds.filter(({ group }) => groups.includes(group)).map(({ plural }) => plural),
  verbs,
})

const clusterRole = (name: string, groups: readonly string[]): ObjectInput =>
  object(`${rbac}/v1`, "ClusterRole", { name }, { rules: [ruleOf(groups)] })

const bound = (at: { name: string; namespace?: string }, role: string, group: string): ObjectInput =>
  object(`${rbac}/v1`, at.namespace === undefined ? "ClusterRoleBinding" : "RoleBinding", at, {
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: rbac, kind: "Group", name: group }],
  })

/** Namespaces of a mesh's own applications. */
const meshed = (objects: readonly ObjectInput[]): string[] =>
  objects
    .filter(
      ({ kind, metadata }) => kind === "Namespace" && metadata.labels?.["istio-injection"] === "enabled",
    )
    .map(({ metadata }) => metadata.name)

const editable = ["networking.istio.io", "gateway.networking.k8s.io"]

/** `epoch`: of the agent's Lease; a cluster that begins anew must not begin below an agent that the server has heard. */
export const actingObjects = (objects: readonly ObjectInput[], epoch: number): ObjectInput[] => [
  namespace(home, { "istio-injection": "disabled" }),
  object(
    "v1",
    "ConfigMap",
    { namespace: home, name: policyPlace.configMap },
    { data: { [policyPlace.key]: stringify(demoPolicy, { aliasDuplicateObjects: false }) } },
  ),
  object("v1", "ConfigMap", { namespace: home, name: "smm-agent-journal" }, {}),
  object(
    "coordination.k8s.io/v1",
    "Lease",
    { namespace: home, name: "smm-agent" },
    { spec: { leaseTransitions: epoch } },
  ),
  clusterRole("mesh-admin", [...new Set(configKinds.map(({ group }) => group))]),
  bound({ name: "mesh-admins" }, "mesh-admin", "mesh-admins"),
  clusterRole("mesh-editor", editable),
  ...meshed(objects).map((at) =>
    bound({ namespace: at, name: "mesh-editors" }, "mesh-editor", "mesh-editors"),
  ),
]

/** Namespace of the demo that Argo CD keeps as it is in git. */
export const gitopsNamespace = "catalog"
export const gitopsManager = "argocd-controller"

export const isConfig = ({ apiVersion }: ObjectInput): boolean =>
  configKinds.some(({ group }) => group === apiVersion.split("/")[0])

/** Who wrote an object of configuration, as its managed fields say. */
export const writerOf = ({ metadata }: ObjectInput): string =>
  metadata.namespace === gitopsNamespace ? gitopsManager : "kubectl-client-side-apply"
