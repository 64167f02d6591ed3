import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stringify } from "yaml"
import { installNames } from "#cloud/install/manifest.ts"
import { policyPlace } from "#shared/act/policy.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type AuditEvent, auditOf } from "#test/real/kube/audit.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { kubectl } from "#test/real/kube/kubectl.ts"
import { kubectlPath, type Plane, planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { createBookinfo, kubeWriter, type KubeWriter, type Method, pathOf } from "./kube.ts"
import { type CloudRoom, fixturesMissing, startCloud, startRoom, until } from "./room.ts"

/** What acting on a real API server needs and has not; null when nothing. */
export const actingMissing = (): string | null =>
  planeMissing() ?? fixturesMissing() ?? (kubectlPath() === null ? "no kubectl beside the API server" : null)

const groups = ["mesh-editors", "payments"]
/** Who is who in the cluster. Tokens by their names; the owner of the organization is ana. */
const identities = [
  { who: { token: "cleo" }, as: { user: "cleo", groups } },
  { who: { token: "bob" }, as: { user: "bob", groups: ["readers"] } },
  { who: { token: "guest" }, as: null },
  { who: { role: "owner" }, as: { user: "ana", groups } },
]
const traffic = ["virtualservices", "destinationrules", "sidecars"]
const writes = ["create", "patch", "delete"]

/** What its owner lets groups of people do: routes in bookinfo, and all of a mesh in payments. */
const rights = [
  { namespace: "bookinfo", group: "mesh-editors", apiGroup: "networking.istio.io", resources: traffic },
  { namespace: "payments", group: "payments", apiGroup: "security.istio.io", resources: ["*"] },
  {
    namespace: "payments",
    group: "payments",
    apiGroup: "gateway.networking.k8s.io",
    resources: ["httproutes"],
  },
]
const rbac = "rbac.authorization.k8s.io"

const grants = rights.flatMap(({ namespace, group, apiGroup, resources }) => {
  const metadata = { name: `${group}-${apiGroup}`, namespace }
  return [
    { kind: "Role", metadata, rules: [{ apiGroups: [apiGroup], resources, verbs: writes }] },
    {
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name: metadata.name },
      subjects: [{ kind: "Group", apiGroup: rbac, name: group }],
    },
  ].map((object) => ({ apiVersion: `${rbac}/v1`, ...object }))
})

/** A service of the Gateway API: a Service a version, and a route over them. */
const pay = [
  ...["pay", "pay-v1", "pay-v2"].map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "payments", labels: { app: "pay" } },
    spec: {
      selector: { app: "pay", ...(name === "pay" ? {} : { version: name.slice(4) }) },
      ports: [{ name: "http", port: 80 }],
    },
  })),
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "pay", namespace: "payments" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "pay", port: 80 }],
      rules: [
        {
          backendRefs: [
            { name: "pay-v1", port: 80, weight: 90 },
            { name: "pay-v2", port: 80, weight: 10 },
          ],
        },
      ],
    },
  },
]

/** Everything that the tests write, and where. */
const kinds = [
  ["bookinfo", "networking.istio.io/v1", "VirtualService"],
  ["bookinfo", "networking.istio.io/v1", "DestinationRule"],
  ["bookinfo", "security.istio.io/v1", "PeerAuthentication"],
  ["payments", "security.istio.io/v1", "PeerAuthentication"],
  ["payments", "gateway.networking.k8s.io/v1", "HTTPRoute"],
] as const
export type Stored = KubeObject & { spec?: Record<string, unknown> }

/** Without what differs between two objects that were made alike: ids, versions and times. */
function comparable(object: Stored): Stored {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _at, ...metadata } = object.metadata
  const managedFields = (metadata["managedFields"] as { time?: string }[] | undefined) ?? []
  return {
    ...object,
    metadata: { ...metadata, managedFields: managedFields.map(({ time: _time, ...entry }) => entry) },
  }
}

export type ActingBed = {
  folder: string
  plane: Plane
  kube: KubeWriter
  cloud: CloudRoom
  agent: GuardedProcess
  cluster: string
  /** As the owner, who is ana in Kubernetes. */
  owner: Client
  /** As an API token of this name. */
  token(name: string, role: "operator" | "viewer"): Promise<Client>
  /** The objects of the mesh as they are now, comparable with others. */
  objects(): Promise<Stored[]>
  object(kind: string, name: string): Promise<Stored | undefined>
  /** How they were at first. */
  baseline: readonly Stored[]
  /** Makes them so again, and waits until the cloud knows. */
  restore(): Promise<void>
  /** Waits until the cloud has the objects of the mesh in the versions that they have. */
  known(): Promise<void>
  /** Writes of objects of the mesh by the agent, in order, without those that were only tried. */
  audited(): Promise<AuditEvent[]>
  stop(): Promise<void>
}

/** A real API server with Bookinfo, and cloud and agent as own processes; the agent under its manifest's account, for mapped users. */
export async function startActing(): Promise<ActingBed> {
  const folder = await mkdtemp(join(tmpdir(), "smm-e2e-acting-"))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  }
  try {
    return { folder, stop, ...(await assemble(folder, ends)) }
  } catch (error) {
    await stop()
    throw error
  }
}

async function assemble(
  folder: string,
  ends: (() => Promise<unknown>)[],
): Promise<Omit<ActingBed, "folder" | "stop">> {
  const [plane, cloud] = await Promise.all([
    startPlane({ audit: true }).then((part) => {
      ends.push(() => part.stop())
      return part
    }),
    startCloud(folder).then((part) => {
      ends.push(() => part.process.stop())
      return part
    }),
  ])
  const kube = kubeWriter(plane)
  ends.push(() => kube.close())
  await createBookinfo(kube)
  await kube.createFile("bookinfo/virtual-service-reviews-80-20.yaml", "bookinfo")
  await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "payments" } })
  for (const object of [...pay, ...grants]) await kube.create(object)

  const clientOf = (token: string): Client => createClient({ server: cloud.url, fetch, token })
  const owner = clientOf(cloud.token)
  const made = await owner.call("createCluster", {
    body: {
      name: "real",
      write: ["traffic", "security"],
      act: { mode: "mapped", users: ["ana", "bob", "cleo"], groups: [...groups, "readers"] },
    },
  })
  const cluster = made.cluster.clusterId
  const agent = await install({ plane, kube, cloud, folder, made })
  ends.push(() => agent.stop())
  await until(
    "an agent that may act and has told all objects",
    async () => {
      const { link, act, join: progress } = await owner.call("getCluster", { params: { cluster } })
      if (link === "live" && act?.mode === "mapped" && progress.inventory.doneAt !== null) return true
      throw new Error(JSON.stringify({ link, act, progress }))
    },
    { room: agent, seconds: 120 },
  )

  const collectionOf = ([namespace, apiVersion, kind]: (typeof kinds)[number]): string =>
    pathOf({ apiVersion, kind, metadata: { namespace, name: "" } })

  async function live(): Promise<Stored[]> {
    const lists = await Promise.all(
      kinds.map(async (place) => {
        const { items } = await kube.call<{ items: Stored[] }>("GET", collectionOf(place))
        const [, apiVersion, kind] = place
        return items.map((item): Stored => ({ ...item, apiVersion, kind }))
      }),
    )
    return lists.flat()
  }
  const objects = async () => (await live()).map(comparable)

  const versionsOf = (all: readonly KubeObject[]): string[] =>
    all
      .map(({ kind, metadata: { namespace = "", name, resourceVersion = "" } }) =>
        [kind, namespace, name, resourceVersion].join(" "),
      )
      .toSorted()

  async function known(): Promise<void> {
    await until(
      "the cloud to know the objects as they are",
      async () => {
        const lists = await Promise.all(
          kinds.map(async ([namespace, , kind]) => {
            const query = { cluster: [cluster], namespace: [namespace], limit: 1000 }
            const { items } = await owner.call("listObjects", { params: { kind }, query })
            return items.map(({ object }) => ({ ...object, kind }))
          }),
        )
        const [told, wanted] = [versionsOf(lists.flat()), versionsOf(await live())]
        if (told.join() === wanted.join()) return true
        throw new Error(`knows ${told.join()}, wants ${wanted.join()}`)
      },
      { room: agent },
    )
  }

  const write = (method: Method, object: Stored): Promise<unknown> => {
    const { managedFields: _managed, generation: _generation, ...metadata } = object.metadata
    const path = pathOf(object as Parameters<typeof pathOf>[0])
    return method === "DELETE"
      ? kube.call("DELETE", `${path}/${metadata.name}`)
      : kube.call("POST", `${path}?fieldManager=kubectl-create`, { ...object, metadata })
  }
  const isSame = (a: Stored, b: Stored): boolean =>
    a.kind === b.kind && a.metadata.namespace === b.metadata.namespace && a.metadata.name === b.metadata.name

  async function restore(): Promise<void> {
    const now = await objects()
    for (const object of now) {
      const before = baseline.find((one) => isSame(one, object))
      if (JSON.stringify(before) === JSON.stringify(object)) continue
      await write("DELETE", object)
      if (before) await write("POST", before)
    }
    for (const object of baseline) if (!now.some((one) => isSame(one, object))) await write("POST", object)
    await known()
  }

  // Written once as `restore` writes them, so that they are the same each time.
  let baseline = await objects()
  for (const object of baseline) {
    await write("DELETE", object)
    await write("POST", object)
  }
  baseline = await objects()
  await known()

  const account = `system:serviceaccount:${installNames.namespace}:${installNames.agent}`
  const isMesh = ({ apiGroup = "" }: NonNullable<AuditEvent["objectRef"]>): boolean =>
    kinds.some(([, apiVersion]) => apiVersion.startsWith(`${apiGroup}/`))
  const isWrite = ({ verb, stage, requestURI, objectRef, requestObject }: AuditEvent): boolean =>
    [
      stage === "ResponseComplete",
      writes.includes(verb),
      objectRef !== undefined && isMesh(objectRef),
      !requestURI.includes("dryRun=") && requestObject?.dryRun === undefined,
    ].every(Boolean)

  return {
    plane,
    kube,
    cloud,
    agent,
    cluster,
    owner,
    async token(name, role) {
      const body = { name, role, clusters: null, expiresInDays: 1 }
      return clientOf((await owner.call("createToken", { body })).secret)
    },
    objects,
    object: async (kind, name) =>
      (await objects()).find((one) => one.kind === kind && one.metadata.name === name),
    baseline,
    restore,
    known,
    audited: async () => (await auditOf(plane, account)).filter(isWrite),
  }
}

/** As a cluster's owner does it: the manifest, and a policy of the owner's own. */
async function install(options: {
  plane: Plane
  kube: KubeWriter
  cloud: CloudRoom
  folder: string
  made: { manifestUrl: string; token: string }
}): Promise<GuardedProcess> {
  const { plane, kube, cloud, folder, made } = options
  const answer = await fetch(made.manifestUrl, { headers: { authorization: `Bearer ${made.token}` } })
  await kubectl(plane, ["apply", "-f", "-"], await answer.text())
  const { namespace } = installNames
  const policy = `/api/v1/namespaces/${namespace}/configmaps/${policyPlace.configMap}`
  const { data } = await kube.call<{ data: Record<string, string> }>("GET", policy)
  const started = data[policyPlace.key] ?? ""
  const allow = started.slice(started.indexOf("\nallow:"))
  await kube.call("PATCH", policy, {
    data: { [policyPlace.key]: `${stringify({ mode: "mapped", identities })}${allow}` },
  })
  const token = (await kubectl(plane, ["-n", namespace, "create", "token", installNames.agent])).trim()
  const kubeconfig = await plane.writeKubeconfig("agent", token)
  return startRoom(
    "agent",
    "agent/src/main.ts",
    [
      ...["--kubeconfig", kubeconfig, "--namespace", namespace],
      ...["--server", cloud.url, "--token", made.token],
    ],
    folder,
  )
}
