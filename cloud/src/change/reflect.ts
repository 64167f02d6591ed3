import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import type { Cloud } from "../cloud.ts"
import type { Changes } from "../store/change.ts"
import { Inventory } from "../store/inventory.ts"

/** What a change made of an object, and which version of it that was made of. */
type Written = { object: ObjectRef; from: string | null; after: KubeObject | null }

function writtenBy({ header }: Changes.Entry, cluster: string, outcome: Changes.ApplyOutcome): Written[] {
  if (outcome.type === "refused") return []
  const written = new Map<string, Written>()
  const steps = header.steps.filter((step) => step.cluster === cluster)
  steps.forEach(({ object, resourceVersion, verb }, i) => {
    const done = outcome.steps[i]
    if (done?.state !== "applied" || (done.after === null && verb !== "delete")) return
    const at = `${object.kind}/${object.namespace}/${object.name}`
    const from = written.get(at)?.from
    written.set(at, { object, from: from === undefined ? resourceVersion : from, after: done.after })
  })
  return [...written.values()]
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

/** As an agent keeps configuration, so that its own word of it is no change. */
function asKept({ metadata: all, ...rest }: KubeObject): KubeObject {
  const { managedFields: _managed, selfLink: _link, annotations, ...metadata } = all
  const { [lastApplied]: _applied, ...kept } = annotations ?? {}
  const hasKept = Object.keys(kept).length > 0
  return { ...rest, metadata: { ...metadata, ...(hasKept ? { annotations: kept } : {}) } }
}

/**
 * Puts what a change made of objects into the inventory, where that still has what it was made of: who plans next, or undoes it at once, plans on it and not on
 * what was before. The agent's watch says the same a little later.
 */
export async function reflect(
  cloud: Cloud,
  owner: Inventory.Owner,
  { entry, outcome, version }: { entry: Changes.Entry; outcome: Changes.ApplyOutcome; version: number },
): Promise<Inventory.Changes> {
  const put: KubeObject[] = []
  const remove: ObjectRef[] = []
  for (const { object, from, after } of writtenBy(entry, owner.clusterId, outcome)) {
    const stored = await Inventory.read(cloud, owner, object)
    if ((stored?.object.metadata.resourceVersion ?? null) !== from) continue
    if (after) put.push(asKept(after))
    else if (stored) remove.push(object)
  }
  return put.length + remove.length === 0
    ? Inventory.noChanges()
    : Inventory.applyDelta(cloud, owner, version, { put, remove })
}
