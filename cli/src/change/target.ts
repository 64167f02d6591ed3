import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { ServiceName } from "#shared/edit/form.ts"
import { isKubernetesName } from "#shared/kube/object.ts"
import { type Context, clusterNamed } from "../context.ts"
import { NotFoundError, UsageError } from "../exit.ts"
import { refText } from "../validate/result.ts"

/** Where a change goes, in this order. */
export type Where = Pick<ClusterInfo, "clusterId" | "name">

/** `NAMESPACE/SERVICE`. @throws UsageError */
export function serviceOf(text: string): ServiceName {
  const [namespace = "", name = "", ...more] = text.split("/")
  if (more.length > 0 || !isKubernetesName(namespace) || !isKubernetesName(name))
    throw new UsageError(`"${text}" is no service; write NAMESPACE/SERVICE, as bookinfo/reviews`)
  return { namespace, name }
}

/** The clusters that were named, each once. */
export async function clustersNamed({ client }: Context, names: readonly string[]): Promise<Where[]> {
  const found = await Promise.all([...new Set(names)].map((name) => clusterNamed(client, name)))
  return [...new Map(found.map((cluster) => [cluster.clusterId, cluster])).values()]
}

const flags = (names: readonly string[]): string => names.map((name) => `--cluster ${name}`).join(" or ")

/** The only one of several. @throws UsageError that names them */
function only(found: readonly Where[], what: string): Where[] {
  if (found.length > 1)
    throw new UsageError(
      `${what} is in ${found.length} clusters; add ${flags(found.map(({ name }) => name))}`,
    )
  return [...found]
}

const unique = (rows: readonly { cluster: string; clusterName: string }[]): Where[] => [
  ...new Map(
    rows.map(({ cluster, clusterName }) => [cluster, { clusterId: cluster, name: clusterName }]),
  ).values(),
]

/** Names beside which the one that is missing was meant, perhaps. */
async function othersIn({ client }: Context, namespace: string): Promise<string> {
  const { items } = await client.call("listServices", { query: { namespace: [namespace], limit: 20 } })
  const names = [...new Set(items.map(({ name }) => `${namespace}/${name}`))]
  return names.length === 0
    ? `; no service is known in namespace "${namespace}" (smm services lists them)`
    : `; there are: ${names.join(", ")}`
}

/** The clusters that are named, or the one that has the service. @throws NotFoundError, UsageError */
export async function clustersOfService(
  context: Context,
  { namespace, name }: ServiceName,
  named: readonly string[],
): Promise<Where[]> {
  if (named.length > 0) return clustersNamed(context, named)
  const { items } = await context.client.call("listServices", {
    query: { namespace: [namespace], q: name, limit: 1_000 },
  })
  const found = unique(
    items.filter((row) => row.name === name && row.namespace === namespace && row.cluster !== ""),
  )
  if (found.length === 0)
    throw new NotFoundError(`no service "${namespace}/${name}"${await othersIn(context, namespace)}`)
  return only(found, `service ${namespace}/${name}`)
}

/** The clusters that are named, or the only one of the organization. @throws UsageError that names them */
export async function clustersOrOnly(context: Context, named: readonly string[]): Promise<Where[]> {
  if (named.length > 0) return clustersNamed(context, named)
  const { items } = await context.client.call("listClusters")
  if (items.length === 0) throw new NotFoundError("no cluster yet; smm clusters add NAME adds one")
  if (items.length > 1)
    throw new UsageError(`there are ${items.length} clusters; add ${flags(items.map(({ name }) => name))}`)
  return items
}

/** The clusters that are named, or the one that has the object. @throws NotFoundError, UsageError */
export async function clustersOfObject(
  context: Context,
  ref: { kind: string; namespace: string; name: string },
  named: readonly string[],
): Promise<Where[]> {
  if (named.length > 0) return clustersNamed(context, named)
  const { items } = await context.client.call("listObjects", {
    params: { kind: ref.kind },
    query: {
      q: ref.name,
      limit: 500,
      ...(ref.namespace === "" ? {} : { namespace: [ref.namespace] }),
    },
  })
  const own = items.filter(
    ({ object: { metadata } }) => metadata.name === ref.name && (metadata.namespace ?? "") === ref.namespace,
  )
  const name = refText(ref)
  if (own.length === 0) throw new NotFoundError(`no ${name} in the inventory; smm get lists what is there`)
  return only(unique(own), name)
}

/** The clusters that are named, or the one that has the namespace. */
export const clustersOfNamespace = (
  context: Context,
  namespace: string,
  named: readonly string[],
): Promise<Where[]> => clustersOfObject(context, { kind: "Namespace", namespace: "", name: namespace }, named)
