import { createClient, type Client, type Cluster, type Json } from "./client.ts"

/** What every case works with. Names are its own, so that no case sees another's objects. */
export type Context = {
  cluster(): Cluster
  client(): Client
  /** A name nobody else has. */
  unique(prefix: string): string
  /** A new namespace. */
  namespace(): Promise<string>
  /** A service account in the namespace with a token of it. */
  account(namespace: string): Promise<{ name: string; user: string; token: string }>
}

export function createContext(cluster: () => Cluster): Context & { open(): void; close(): Promise<void> } {
  let client: Client | undefined
  let count = 0
  const unique = (prefix: string) => `${prefix}-${++count}`
  const theClient = () => {
    if (!client) throw new Error("the cluster has not started")
    return client
  }
  return {
    cluster,
    client: theClient,
    unique,
    namespace: async () => {
      const name = unique("contract")
      await theClient().create("/api/v1/namespaces", { metadata: { name } })
      return name
    },
    account: async (namespace) => {
      const name = unique("account")
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
      await theClient().create(path, { metadata: { name } })
      const answer = await theClient().create(`${path}/${name}/token`, { spec: { expirationSeconds: 3600 } })
      return {
        name,
        user: `system:serviceaccount:${namespace}:${name}`,
        token: String(answer["status"]?.["token"]),
      }
    },
    open: () => {
      client = createClient(cluster())
    },
    close: async () => {
      await client?.close()
    },
  }
}

export const configMap = (
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
  data,
})

export const configMaps = (namespace: string, name = ""): string =>
  `/api/v1/namespaces/${namespace}/configmaps${name === "" ? "" : `/${name}`}`

export const names = (list: Json): string[] =>
  [...(list["items"] ?? [])].map((item) => String(item["metadata"]?.["name"]))

const rbac = "rbac.authorization.k8s.io"

export type PolicyRule = {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}
export type Subject = { kind: string; name: string; namespace?: string }

/** Allows the subject what the rules say, cluster-wide or in a namespace. */
export async function grant(
  context: Context,
  subject: Subject,
  rules: PolicyRule[],
  namespace?: string,
): Promise<void> {
  const name = context.unique("grant")
  const kind = namespace === undefined ? "ClusterRole" : "Role"
  const root = `/apis/${rbac}/v1${namespace === undefined ? "" : `/namespaces/${namespace}`}`
  const plural = kind.toLowerCase()
  await context.client().create(`${root}/${plural}s`, { metadata: { name }, rules })
  await context.client().create(`${root}/${plural}bindings`, {
    metadata: { name },
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ ...(subject.kind === "ServiceAccount" ? {} : { apiGroup: rbac }), ...subject }],
  })
}
