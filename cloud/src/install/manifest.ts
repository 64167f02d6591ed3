import { yamlText } from "#shared/document/write.ts"
import { policyPlace, type Who } from "#shared/act/policy.ts"
import type { ActInstall, WriteFamily } from "#shared/api/cluster.ts"
import { impersonateRules, policyData, startingPolicy } from "./act.ts"
import { type Rule, readRules, writeRules } from "./rules.ts"

export type ManifestInput = {
  /** `https://mesh.example` */
  server: string
  token: string
  name: string
  image: string
  write: readonly WriteFamily[]
  act: ActInstall
  /**
   * Whom the starting policy maps; none: the manifest carries no policy. What it carries is reset by applying it again, so only the first install, and one
   * that is asked to, has it: afterwards the policy is the cluster owner's.
   */
  policyFor: readonly Who[]
}

/** Names that the manifest and the agent agree on. */
export const installNames = {
  namespace: "smm-system",
  agent: "smm-agent",
  /** Where the agent keeps its key: made empty here, so that it needs no right to create. */
  identity: "smm-agent-identity",
  joinSecret: "smm-agent-join",
  /** Read by the agent, written by the cluster's owner. */
  policy: policyPlace.configMap,
  /** Of changes under way, with their guards: made empty here as well. */
  journal: "smm-agent-journal",
  lease: "smm-agent",
  healthPort: 8080,
} as const

type Manifest = Record<string, unknown>

const { namespace, agent, identity, joinSecret, policy, journal, lease, healthPort } = installNames
const rbac = "rbac.authorization.k8s.io"
const labels = { "app.kubernetes.io/name": agent, "app.kubernetes.io/part-of": "service-mesh-manager" }
const selector = { "app.kubernetes.io/name": agent }
const meta = (name: string): Manifest => ({ name, namespace, labels })

const clusterRole = (name: string, rules: Rule[]): Manifest[] => [
  { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name, labels }, rules },
  {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name, labels },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name: agent, namespace }],
  },
]

const own = ["get", "update", "patch"]
/** RBAC cannot limit `create` by name: the Lease, the Secret and the journal are made here, the agent only changes them. */
const ownRules: Rule[] = [
  { apiGroups: [""], resources: ["secrets"], resourceNames: [identity], verbs: own },
  { apiGroups: [""], resources: ["configmaps"], resourceNames: [journal], verbs: own },
  { apiGroups: [""], resources: ["configmaps"], resourceNames: [policy], verbs: ["get"] },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: [lease],
    verbs: own,
  },
]

/** Where people write as themselves, the agent's own account has nothing to write with. */
function writeAccess({ act, write }: ManifestInput): Manifest[] {
  if (act.mode === "mapped") return clusterRole(`${agent}-impersonate`, impersonateRules(act))
  return write.flatMap((family) => clusterRole(`${agent}-write-${family}`, writeRules(family)))
}

function configMaps({ act, write, policyFor }: ManifestInput): Manifest[] {
  const configMap = (name: string, data: Manifest = {}): Manifest => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: meta(name),
    ...data,
  })
  const starts = policyFor.length > 0 && act.mode !== "off"
  return [
    ...(starts ? [configMap(policy, { data: policyData(startingPolicy(act, write, policyFor)) })] : []),
    configMap(journal),
  ]
}

/** `kube-system` is read for its UID, the cluster's identity; namespaces may be read as a whole already. */
const access = (input: ManifestInput): Manifest[] => [
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: meta(agent),
    automountServiceAccountToken: false,
  },
  ...clusterRole(`${agent}-read`, readRules()),
  ...writeAccess(input),
  { apiVersion: `${rbac}/v1`, kind: "Role", metadata: meta(agent), rules: ownRules },
  {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: meta(agent),
    roleRef: { apiGroup: rbac, kind: "Role", name: agent },
    subjects: [{ kind: "ServiceAccount", name: agent, namespace }],
  },
]

const probe = (path: string, periodSeconds: number): Manifest => ({
  httpGet: { path, port: "health" },
  periodSeconds,
  timeoutSeconds: 5,
  failureThreshold: 6,
})

const container = ({ server, name, image }: ManifestInput): Manifest => ({
  name: "agent",
  image,
  args: ["--server", server, "--token-file", "/var/run/smm/join/token", "--name", name],
  // V8 does not look at the memory limit of a container by itself; these keep within the limit below.
  env: [
    { name: "NODE_OPTIONS", value: "--max-old-space-size=160 --max-semi-space-size=2" },
    { name: "SMM_POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ],
  ports: [{ name: "health", containerPort: healthPort }],
  resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  startupProbe: { ...probe("/healthz", 2), failureThreshold: 30 },
  livenessProbe: probe("/healthz", 20),
  readinessProbe: probe("/readyz", 10),
  volumeMounts: [{ name: "join", mountPath: "/var/run/smm/join", readOnly: true }],
})

const deployment = (input: ManifestInput): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: meta(agent),
  spec: {
    replicas: 1,
    revisionHistoryLimit: 3,
    selector: { matchLabels: selector },
    template: {
      metadata: {
        labels: { ...labels, "sidecar.istio.io/inject": "false", "istio.io/dataplane-mode": "none" },
        annotations: { "sidecar.istio.io/inject": "false" },
      },
      spec: {
        serviceAccountName: agent,
        automountServiceAccountToken: true,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 15,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          fsGroup: 65532,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [container(input)],
        volumes: [{ name: "join", secret: { secretName: joinSecret, defaultMode: 288 } }],
      },
    },
  },
})

const portsOf = (server: string): number[] => {
  const { port, protocol } = new URL(server)
  const own = port === "" ? (protocol === "http:" ? 80 : 443) : Number(port)
  // Where the API server listens behind its Service: policies see the port after it was translated.
  return [...new Set([443, 6443, 8443, 16443, own])]
}

const tcp = (ports: readonly number[]): Manifest[] => ports.map((port) => ({ protocol: "TCP", port }))

/** In: probes and metrics. Out: DNS, the API server and our server, Prometheus, the proxies' metrics. */
const networkPolicy = ({ server }: ManifestInput): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: meta(agent),
  spec: {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: tcp([healthPort]) }],
    egress: [
      {
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
      { ports: tcp(portsOf(server)) },
      // Prometheus and its Service; metrics of sidecars and waypoints (15020, 15090) and of ztunnels (15020).
      { to: [{ namespaceSelector: {} }], ports: tcp([80, 9090, 15020, 15090]) },
    ],
  },
})

const documents = (input: ManifestInput): Manifest[] => [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: namespace,
      labels: {
        ...labels,
        "istio-injection": "disabled",
        "pod-security.kubernetes.io/enforce": "restricted",
      },
    },
  },
  ...access(input),
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta(joinSecret),
    type: "Opaque",
    stringData: { token: input.token },
  },
  // No data: applying the manifest again keeps what the agent wrote.
  { apiVersion: "v1", kind: "Secret", metadata: meta(identity), type: "Opaque" },
  ...configMaps(input),
  { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: meta(lease), spec: {} },
  deployment(input),
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: meta(agent),
    spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
  },
  networkPolicy(input),
]

/** The objects that install the agent, as YAML for `kubectl apply -f -`. */
export const manifest = (input: ManifestInput): string =>
  documents(input)
    .map((document) => yamlText(document))
    .join("---\n")
