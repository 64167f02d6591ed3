import { z } from "zod"
import { Id, Instant } from "../id.ts"
import { Level } from "../validation/finding-schema.ts"
import { TopologyDocument } from "../topology/document.ts"
import {
  ClusterCreate,
  ClusterInfo,
  ClusterInstall,
  ClusterUpdate,
  JoinTokenCreate,
  LinkEvent,
} from "./cluster.ts"
import {
  Access,
  Change,
  ChangeDetail,
  ChangePreview,
  ChangeRelease,
  ChangeRequest,
  ControlQuery,
  ControlReading,
} from "./change.ts"
import { FormControl } from "../edit/intent.ts"
import { InventoryItem, KindSummary, pageOf } from "./inventory.ts"
import {
  FindingList,
  Proposal,
  ProposalDelta,
  RuleItem,
  SuppressionCreate,
  SuppressionRule,
} from "./validation.ts"
import { MeshDetail, MeshRow, SignalSeries, TopologySources } from "./mesh.ts"
import {
  ApiToken,
  ApiTokenCreate,
  ApiTokenCreated,
  Member,
  MemberCreate,
  MemberUpdate,
  Organization,
  OrganizationCreate,
  OrganizationUpdate,
  type Role,
  Session,
  SignIn,
  SocketTicket,
} from "./session.ts"

/**
 * Every operation of `/api/v1`, once: the cloud routes and documents them, the CLI and the console call them (client.ts). Paths are
 * relative to `/api/v1`, parameters in braces. `role` is the least role; null: no credential is wanted.
 */
export type Operation = {
  method: "get" | "post" | "patch" | "delete"
  path: string
  summary: string
  tag:
    | "session"
    | "organization"
    | "members"
    | "tokens"
    | "clusters"
    | "inventory"
    | "mesh"
    | "validation"
    | "changes"
  role: Role | null
  /** For people only: API tokens are refused. */
  people?: true
  /** Where a body may be larger than what people type (64 KB). */
  bodyBytes?: number
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Absent: 204 without a body. */
  answer?: z.ZodType
  status: 200 | 201 | 204
}

const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })
/** Repeated (`?cluster=a&cluster=b`) or once. Each is looked up: not more of them than a person would name. */
const many = (item: z.ZodString) =>
  z
    .union([item, z.array(item).max(100)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .optional()
const kubernetesName = z.string().max(253)
/** An id that is none is not found, as one of another organization. */
const clusters = many(z.string().max(253))
const flag = z.enum(["true", "false"]).optional()
const paging = {
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().max(2048).optional(),
}
const cluster = z.object({ cluster: Id.cluster })
const meshQuery = z.object({
  /** Cluster ids; none: all. */
  cluster: clusters,
  namespace: many(z.string()),
})
/** Free text over name and namespace. */
const meshListQuery = meshQuery.extend({ q: z.string().max(253).optional() })
const named = z.object({ cluster: Id.cluster, namespace: kubernetesName, name: kubernetesName })

export const operations = {
  createSession: {
    method: "post",
    path: "/session",
    summary: "Sign in with a one-time code; sets the session cookie",
    tag: "session",
    role: null,
    body: SignIn,
    answer: Session,
    status: 200,
  },
  getSession: {
    method: "get",
    path: "/session",
    summary: "Who is asking, in which organization, as what",
    tag: "session",
    role: "viewer",
    answer: Session,
    status: 200,
  },
  removeSession: {
    method: "delete",
    path: "/session",
    summary: "Sign out",
    tag: "session",
    role: "viewer",
    people: true,
    status: 204,
  },
  createSocketTicket: {
    method: "post",
    path: "/socket-tickets",
    summary: "A ticket for the console's websocket, good for one connect within 60 s",
    tag: "session",
    role: "viewer",
    answer: SocketTicket,
    status: 201,
  },

  getOrganization: {
    method: "get",
    path: "/organization",
    summary: "The organization of the caller",
    tag: "organization",
    role: "viewer",
    answer: Organization,
    status: 200,
  },
  updateOrganization: {
    method: "patch",
    path: "/organization",
    summary: "Rename the organization",
    tag: "organization",
    role: "owner",
    body: OrganizationUpdate,
    answer: Organization,
    status: 200,
  },
  createOrganization: {
    method: "post",
    path: "/organizations",
    summary: "A new organization, owned by the caller",
    tag: "organization",
    role: "viewer",
    people: true,
    body: OrganizationCreate,
    answer: Organization,
    status: 201,
  },

  listMembers: {
    method: "get",
    path: "/members",
    summary: "Members of the organization",
    tag: "members",
    role: "viewer",
    answer: items(Member),
    status: 200,
  },
  createMember: {
    method: "post",
    path: "/members",
    summary: "Add a member by address",
    tag: "members",
    role: "admin",
    body: MemberCreate,
    answer: Member,
    status: 201,
  },
  updateMember: {
    method: "patch",
    path: "/members/{user}",
    summary: "Change the role of a member",
    tag: "members",
    role: "admin",
    params: z.object({ user: Id.user }),
    body: MemberUpdate,
    answer: Member,
    status: 200,
  },
  removeMember: {
    method: "delete",
    path: "/members/{user}",
    summary: "Remove a member",
    tag: "members",
    role: "admin",
    params: z.object({ user: Id.user }),
    status: 204,
  },

  listTokens: {
    method: "get",
    path: "/tokens",
    summary: "API tokens of the organization, without their secrets",
    tag: "tokens",
    role: "admin",
    answer: items(ApiToken),
    status: 200,
  },
  createToken: {
    method: "post",
    path: "/tokens",
    summary: "A new API token; its secret is shown once. Nobody gives a role or clusters beyond the own ones",
    tag: "tokens",
    role: "admin",
    body: ApiTokenCreate,
    answer: ApiTokenCreated,
    status: 201,
  },
  removeToken: {
    method: "delete",
    path: "/tokens/{token}",
    summary: "Remove an API token; it stops working at once",
    tag: "tokens",
    role: "admin",
    params: z.object({ token: Id.token }),
    status: 204,
  },

  listClusters: {
    method: "get",
    path: "/clusters",
    summary: "Clusters with link state, versions, staleness and what the agent may read",
    tag: "clusters",
    role: "viewer",
    answer: items(ClusterInfo),
    status: 200,
  },
  createCluster: {
    method: "post",
    path: "/clusters",
    summary: "A new cluster and the one-time token with which its agent joins",
    tag: "clusters",
    role: "admin",
    body: ClusterCreate,
    answer: ClusterInstall,
    status: 201,
  },
  getCluster: {
    method: "get",
    path: "/clusters/{cluster}",
    summary: "One cluster",
    tag: "clusters",
    role: "viewer",
    params: cluster,
    answer: ClusterInfo,
    status: 200,
  },
  updateCluster: {
    method: "patch",
    path: "/clusters/{cluster}",
    summary: "Rename a cluster",
    tag: "clusters",
    role: "admin",
    params: cluster,
    body: ClusterUpdate,
    answer: ClusterInfo,
    status: 200,
  },
  removeCluster: {
    method: "delete",
    path: "/clusters/{cluster}",
    summary: "Remove a cluster and everything known of it; its agent is refused from then on",
    tag: "clusters",
    role: "admin",
    params: cluster,
    status: 204,
  },
  createJoinToken: {
    method: "post",
    path: "/clusters/{cluster}/join-tokens",
    summary:
      "Another one-time token, for a cluster that has not joined or was revoked; earlier ones stop working",
    tag: "clusters",
    role: "admin",
    params: cluster,
    body: JoinTokenCreate,
    answer: ClusterInstall,
    status: 201,
  },
  revokeCluster: {
    method: "post",
    path: "/clusters/{cluster}/revoke",
    summary: "Make the agent's keys invalid at once; what is known stays",
    tag: "clusters",
    role: "admin",
    params: cluster,
    answer: ClusterInfo,
    status: 200,
  },
  listClusterEvents: {
    method: "get",
    path: "/clusters/{cluster}/events",
    summary: "Events of the link, newest first",
    tag: "clusters",
    role: "viewer",
    params: cluster,
    query: z.object(paging),
    answer: pageOf(LinkEvent, "LinkEventPage"),
    status: 200,
  },

  listKinds: {
    method: "get",
    path: "/kinds",
    summary: "Kinds of the inventory, with the state of each in each cluster",
    tag: "inventory",
    role: "viewer",
    answer: items(KindSummary),
    status: 200,
  },
  listObjects: {
    method: "get",
    path: "/objects/{kind}",
    summary: "Objects of a kind (key, kind, plural or plural.group) in order of cluster, namespace and name",
    tag: "inventory",
    role: "viewer",
    params: z.object({ kind: z.string().max(253) }),
    query: meshQuery.extend({
      selector: z.string().max(1024).optional(),
      q: z.string().max(253).optional(),
      ...paging,
    }),
    answer: pageOf(InventoryItem, "InventoryPage"),
    status: 200,
  },
  getObject: {
    method: "get",
    path: "/clusters/{cluster}/objects/{kind}/{name}",
    summary: "One object, as JSON or (Accept: application/yaml) as YAML",
    tag: "inventory",
    role: "viewer",
    params: z.object({ cluster: Id.cluster, kind: z.string().max(253), name: kubernetesName }),
    /** Absent for kinds of the cluster. */
    query: z.object({ namespace: kubernetesName.optional() }),
    answer: InventoryItem,
    status: 200,
  },

  getTopology: {
    method: "get",
    path: "/topology",
    summary: "The live graph",
    tag: "mesh",
    role: "viewer",
    query: meshQuery.extend({ view: z.enum(["service", "workload"]).optional(), idle: flag }),
    answer: TopologyDocument,
    status: 200,
  },
  getTopologySources: {
    method: "get",
    path: "/topology/sources",
    summary: "What the graph is made from: facts of the inventory and packed ticks",
    tag: "mesh",
    role: "viewer",
    query: z.object({ cluster: clusters }),
    answer: TopologySources,
    status: 200,
  },
  listServices: {
    method: "get",
    path: "/services",
    summary: "Services with golden signals, worst first",
    tag: "mesh",
    role: "viewer",
    query: meshListQuery.extend(paging),
    answer: pageOf(MeshRow, "ServicePage"),
    status: 200,
  },
  getService: {
    method: "get",
    path: "/clusters/{cluster}/services/{namespace}/{name}",
    summary: "A service with callers, callees, workloads, pods and the objects that apply",
    tag: "mesh",
    role: "viewer",
    params: named,
    answer: MeshDetail,
    status: 200,
  },
  listWorkloads: {
    method: "get",
    path: "/workloads",
    summary: "Workloads with golden signals, worst first",
    tag: "mesh",
    role: "viewer",
    query: meshListQuery.extend(paging),
    answer: pageOf(MeshRow, "WorkloadPage"),
    status: 200,
  },
  getWorkload: {
    method: "get",
    path: "/clusters/{cluster}/workloads/{namespace}/{name}",
    summary: "A workload with callers, callees, services, pods and the objects that apply",
    tag: "mesh",
    role: "viewer",
    params: named,
    answer: MeshDetail,
    status: 200,
  },
  getSeries: {
    method: "get",
    path: "/series",
    summary: "Signals over time of everything (`overall`), a node or an edge of the topology",
    tag: "mesh",
    role: "viewer",
    query: z.object({
      id: z.string().max(2048),
      cluster: clusters,
      from: z.coerce.number().pipe(Instant).optional(),
      to: z.coerce.number().pipe(Instant).optional(),
      stepMs: z.coerce.number().int().min(10_000).max(86_400_000).optional(),
    }),
    answer: SignalSeries,
    status: 200,
  },

  listFindings: {
    method: "get",
    path: "/findings",
    summary: "What validation finds in the mesh, worst first, with what it could not evaluate",
    tag: "validation",
    role: "viewer",
    query: meshListQuery.extend({
      level: z
        .union([Level, z.array(Level).max(3)])
        .transform((value) => (Array.isArray(value) ? value : [value]))
        .optional(),
      /** Ours or an anchor's; repeated. */
      code: many(z.string()),
      /** Also those that nobody wants to be told of. */
      suppressed: flag,
      limit: z.coerce.number().int().min(1).max(2_000).optional(),
    }),
    answer: FindingList,
    status: 200,
  },
  validate: {
    method: "post",
    path: "/clusters/{cluster}/validate",
    summary: "Which findings a proposal would add and remove, over all clusters of the mesh; changes nothing",
    tag: "validation",
    role: "viewer",
    params: cluster,
    body: Proposal,
    bodyBytes: 1_048_576,
    answer: ProposalDelta,
    status: 200,
  },
  listRules: {
    method: "get",
    path: "/rules",
    summary: "Every rule of validation: its codes, level, and what it means",
    tag: "validation",
    role: "viewer",
    answer: items(RuleItem),
    status: 200,
  },
  listSuppressions: {
    method: "get",
    path: "/suppressions",
    summary: "Findings that the organization does not want to be told of",
    tag: "validation",
    role: "viewer",
    answer: items(SuppressionRule),
    status: 200,
  },
  createSuppression: {
    method: "post",
    path: "/suppressions",
    summary: "Suppress a code, at some objects, for some time or for good; it stays visible and counted",
    tag: "validation",
    role: "operator",
    body: SuppressionCreate,
    answer: SuppressionRule,
    status: 201,
  },
  removeSuppression: {
    method: "delete",
    path: "/suppressions/{suppression}",
    summary: "Be told again",
    tag: "validation",
    role: "operator",
    params: z.object({ suppression: Id.suppression }),
    status: 204,
  },

  getControl: {
    method: "get",
    path: "/clusters/{cluster}/controls/{control}",
    summary: "What a control's form shows of the objects that are there, whoever wrote them",
    tag: "changes",
    role: "viewer",
    params: z.object({ cluster: Id.cluster, control: FormControl }),
    query: ControlQuery,
    answer: ControlReading,
    status: 200,
  },
  getAccess: {
    method: "get",
    path: "/clusters/{cluster}/access",
    summary: "What Kubernetes and the cluster's policy let the caller change in a namespace",
    tag: "changes",
    role: "viewer",
    params: cluster,
    query: z.object({ namespace: kubernetesName }),
    answer: Access,
    status: 200,
  },
  previewChange: {
    method: "post",
    path: "/changes/preview",
    summary:
      "What a change would do: objects, findings, traffic, field owners, access, a dry run. Sends nothing that changes anything",
    tag: "changes",
    role: "viewer",
    /** `check=false`: only what the cloud knows by itself, without asking the clusters. */
    query: z.object({ check: flag }),
    body: ChangeRequest,
    bodyBytes: 1_048_576,
    answer: ChangePreview,
    status: 200,
  },
  createChange: {
    method: "post",
    path: "/changes",
    summary: "Apply a change as the caller; answers when it is done, or after 20 s as far as it got",
    tag: "changes",
    role: "operator",
    body: ChangeRequest,
    bodyBytes: 1_048_576,
    answer: Change,
    status: 201,
  },
  listChanges: {
    method: "get",
    path: "/changes",
    summary: "History: our changes and those that came from outside, newest first",
    tag: "changes",
    role: "viewer",
    query: z.object({
      cluster: clusters,
      /** `namespace/name`. */
      service: z.string().max(510).optional(),
      namespace: many(z.string()),
      kind: z.string().max(253).optional(),
      name: z.string().max(253).optional(),
      /** Part of a name, or of a field manager. */
      by: z.string().max(254).optional(),
      via: z.enum(["console", "cli", "api", "agent", "outside"]).optional(),
      from: z.coerce.number().pipe(Instant).optional(),
      to: z.coerce.number().pipe(Instant).optional(),
      limit: z.coerce.number().int().min(1).max(500).optional(),
      cursor: z.string().max(2048).optional(),
    }),
    answer: pageOf(Change, "ChangePage"),
    status: 200,
  },
  getChange: {
    method: "get",
    path: "/changes/{change}",
    summary: "One change, with the traffic around it",
    tag: "changes",
    role: "viewer",
    params: z.object({ change: Id.change }),
    answer: ChangeDetail,
    status: 200,
  },
  releaseChange: {
    method: "post",
    path: "/changes/{change}/release",
    summary: "Let go of the guard and the expiry of a change; what it did stays",
    tag: "changes",
    role: "operator",
    params: z.object({ change: Id.change }),
    body: ChangeRelease,
    answer: Change,
    status: 200,
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
