import { objectHash } from "#shared/kube/bucket.ts"
import { type KubeObject, type ObjectRef, idOf, refOf } from "#shared/kube/object.ts"
import type { ConfigEvent } from "../cluster/cluster.ts"
import { plain } from "./plan-step.ts"

/**
 * What versions of objects said, but for their status: a controller that writes its status moves the version of an object that nobody has changed. Of
 * objects that changed since the start; the newest versions of each.
 */
export type Versions = {
  note(event: Pick<ConfigEvent, "before" | "after">): void
  /** The version to find: the present one, where what was seen says the same. */
  current(ref: ObjectRef, seen: string | null, live: KubeObject | null): string | null
}

const mostObjects = 2_000
const mostVersions = 16

/** Whether two states of an object say the same to everybody but its controllers. */
export const contentHash = (object: KubeObject): number => {
  const { metadata, ...rest } = plain(object)
  const { resourceVersion: _version, generation: _generation, ...own } = metadata
  return objectHash({ ...rest, metadata: own })
}

export function createVersions(): Versions {
  const objects = new Map<string, Map<string, number>>()

  function remember(object: KubeObject): void {
    const { resourceVersion } = object.metadata
    if (resourceVersion === undefined) return
    const id = idOf(refOf(object))
    const versions = objects.get(id) ?? new Map<string, number>()
    // What an event says was before is what one before it said is after.
    if (!versions.has(resourceVersion)) versions.set(resourceVersion, contentHash(object))
    for (const old of versions.keys()) if (versions.size > mostVersions) versions.delete(old)
    objects.delete(id)
    objects.set(id, versions)
    for (const old of objects.keys()) if (objects.size > mostObjects) objects.delete(old)
  }

  return {
    note({ before, after }) {
      if (before) remember(before)
      if (after) remember(after)
    },
    current(ref, seen, live) {
      const now = live?.metadata.resourceVersion ?? null
      if (live === null || seen === null || now === seen) return seen
      const hash = objects.get(idOf(ref))?.get(seen)
      return hash !== undefined && hash === contentHash(live) ? now : seen
    },
  }
}
