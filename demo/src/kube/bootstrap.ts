import { meshDefinitions } from "./crds/index.ts"
import type { KubeStore, ObjectInput } from "./store.ts"

const rbac = "rbac.authorization.k8s.io/v1"
const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" }

type Rule = { apiGroups?: string[]; resources?: string[]; verbs: string[]; nonResourceURLs?: string[] }

const clusterRole = (name: string, ...rules: Rule[]): ObjectInput => ({
  apiVersion: rbac,
  kind: "ClusterRole",
  metadata: { name, labels },
  rules,
})

const bound = (role: string, ...groups: string[]): ObjectInput => ({
  apiVersion: rbac,
  kind: "ClusterRoleBinding",
  metadata: { name: role, labels },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: groups.map((name) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name })),
})

const namespace = (name: string): ObjectInput => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })

const account = (namespace: string): ObjectInput => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "default", namespace },
})

const discoveryPaths = [
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
  "/healthz",
  "/livez",
  "/openapi",
  "/openapi/*",
  "/readyz",
  "/version",
  "/version/",
]
const publicPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"]

const initial: readonly ObjectInput[] = [
  ...["default", "kube-system", "kube-public", "kube-node-lease"].flatMap((name) => [
    namespace(name),
    account(name),
  ]),
  clusterRole(
    "cluster-admin",
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ),
  clusterRole("system:discovery", { nonResourceURLs: discoveryPaths, verbs: ["get"] }),
  clusterRole("system:public-info-viewer", { nonResourceURLs: publicPaths, verbs: ["get"] }),
  clusterRole(
    "system:basic-user",
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ),
  bound("cluster-admin", "system:masters"),
  bound("system:discovery", "system:authenticated"),
  bound("system:basic-user", "system:authenticated"),
  bound("system:public-info-viewer", "system:authenticated", "system:unauthenticated"),
]

/** What is there in every new cluster, and the definitions of the mesh's kinds. */
export function bootstrap(store: KubeStore): void {
  for (const object of [...initial, ...meshDefinitions]) store.create(object)
}
