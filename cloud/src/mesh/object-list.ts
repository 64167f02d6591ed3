import type { InventoryItem } from "#shared/api/inventory.ts"
import type { KindSpec } from "#shared/kube/kinds.ts"
import { type KubeObject, kindKeyOf, refOf } from "#shared/kube/object.ts"
import { parseSelector, selects } from "#shared/kube/selector.ts"
import { type Sight, seesObject } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { Inventory } from "../store/inventory.ts"
import type { ListedCluster } from "./listed-cluster.ts"

/** Where a page ended: `after` is the last object's `namespace#name`. */
export type ListPlace = { cluster: string; kind: string; after: string }

export type ObjectQuery = {
  /** In order of id. */
  clusters: readonly ListedCluster[]
  kinds: readonly KindSpec[]
  namespaces: readonly string[] | undefined
  /** Which of them the caller sees. */
  sight: Sight
  /** Kubernetes label selector. */
  selector: string | undefined
  /** Free text over name and namespace. */
  q: string | undefined
  limit: number
  from: ListPlace | undefined
}

/** A page reads at most this many objects; a filter that finds few answers what it found so far, with a cursor. */
const mostRead = 20_000
const readAtOnce = 500

/** A stretch of the store: one kind of one cluster, in one namespace or in all. */
type Stretch = { listed: ListedCluster; kind: string; namespace: string | undefined }

const stretchesOf = ({ clusters, kinds, namespaces }: ObjectQuery): Stretch[] =>
  [...clusters]
    .sort((a, b) => (a.cluster.clusterId < b.cluster.clusterId ? -1 : 1))
    .flatMap((listed) =>
      kinds.flatMap(({ key, namespaced }): Stretch[] =>
        namespaces === undefined || !namespaced
          ? [{ listed, kind: key, namespace: undefined }]
          : [...new Set(namespaces)].sort().map((namespace) => ({ listed, kind: key, namespace })),
      ),
    )

/** The stretches that are left behind a place. One that is not in this query begins at the start. */
function leftOf(stretches: Stretch[], from: ListPlace | undefined): { stretch: Stretch; after?: string }[] {
  if (!from) return stretches.map((stretch) => ({ stretch }))
  const namespace = from.after.slice(0, from.after.indexOf("#"))
  const at = stretches.findIndex(
    ({ listed, kind, namespace: own }) =>
      listed.cluster.clusterId === from.cluster &&
      kind === from.kind &&
      (own === undefined || own === namespace),
  )
  return stretches
    .slice(Math.max(0, at))
    .map((stretch, i) => (i === 0 && at >= 0 ? { stretch, after: from.after } : { stretch }))
}

function filterOf({ selector, q, sight }: ObjectQuery): (object: KubeObject) => boolean {
  const wanted = selector === undefined ? [] : parseSelector(selector)
  const text = q?.trim().toLowerCase() ?? ""
  return (object) => matches(object) && seesObject(sight, refOf(object))

  function matches({ metadata }: KubeObject): boolean {
    return (
      selects(wanted, metadata.labels) &&
      (text === "" ||
        metadata.name.toLowerCase().includes(text) ||
        (metadata.namespace ?? "").toLowerCase().includes(text))
    )
  }
}

const placeOf = (stretch: Stretch, { metadata }: KubeObject): ListPlace => ({
  cluster: stretch.listed.cluster.clusterId,
  kind: stretch.kind,
  after: `${metadata.namespace ?? ""}#${metadata.name}`,
})

/** A page over all clusters, in order of cluster, kind, namespace and name. @throws AppError input.invalid for a bad selector */
export async function listPage(
  cloud: Cloud,
  organizationId: string,
  query: ObjectQuery,
): Promise<{ items: InventoryItem[]; last: ListPlace | undefined }> {
  const matches = filterOf(query)
  const items: InventoryItem[] = []
  let read = 0
  for (const { stretch, after: start } of leftOf(stretchesOf(query), query.from)) {
    const owner = { organizationId, clusterId: stretch.listed.cluster.clusterId }
    let after = start
    do {
      const page = await Inventory.page(cloud, owner, stretch.kind, {
        limit: Math.min(readAtOnce, query.limit + 1),
        ...(stretch.namespace === undefined ? {} : { namespace: stretch.namespace }),
        ...(after === undefined ? {} : { after }),
      })
      for (const stored of page.items) {
        if (!matches(stored.object)) continue
        const previous = items.at(-1)
        if (items.length === query.limit && previous) return { items, last: lastOf(query, previous) }
        items.push(stretch.listed.item(stretch.kind, stored))
      }
      read += page.items.length
      const end = page.items.at(-1)
      if (read >= mostRead && end) return { items, last: placeOf(stretch, end.object) }
      after = page.last
    } while (after !== undefined)
  }
  return { items, last: undefined }
}

const lastOf = (query: ObjectQuery, { cluster, object }: InventoryItem): ListPlace => ({
  cluster,
  kind: query.kinds.find(({ key }) => key === kindKeyOf(object))?.key ?? kindKeyOf(object),
  after: `${object.metadata.namespace ?? ""}#${object.metadata.name}`,
})
