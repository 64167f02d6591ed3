import type { ChangeStep } from "#shared/api/change.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import { type DiffRow, countsOf, numberedDiff } from "./diff-lines.ts"

/** What becomes of one object in one cluster, over all steps that touch it. */
export type ObjectDiff = {
  key: string
  cluster: string
  object: ChangeStep["object"]
  what: "new" | "changed" | "deleted"
  resourceVersion: string | null
  before: KubeObject | null
  after: KubeObject | null
  rows: DiffRow[]
  added: number
  removed: number
}

/** Writes an object as people write it: without what the API server keeps. */
export type TextOf = (object: KubeObject) => string

/** By object, in the order in which they are first touched. */
export function objectDiffs(steps: readonly ChangeStep[], textOf: TextOf): ObjectDiff[] {
  const byObject = Map.groupBy(steps, ({ cluster, object }) => objectKeyOf(cluster, object))
  return [...byObject].flatMap(([key, own]): ObjectDiff[] => {
    const [first, last] = [own[0], own.at(-1)]
    if (!first || !last) return []
    const { before } = first
    const { after } = last
    const rows = numberedDiff(before ? textOf(before) : "", after ? textOf(after) : "")
    return [
      {
        key,
        cluster: first.cluster,
        object: first.object,
        what: before === null ? "new" : after === null ? "deleted" : "changed",
        resourceVersion: first.resourceVersion,
        before,
        after,
        rows,
        ...countsOf(rows),
      },
    ]
  })
}

/** The objects of a cluster as they would be: what changes, over what is there. */
export function resultOf(
  objects: readonly KubeObject[],
  diffs: readonly Pick<ObjectDiff, "cluster" | "object" | "after">[],
  cluster: string,
): KubeObject[] {
  const result = new Map(objects.map((object) => [objectKeyOf(cluster, refOf(object)), object]))
  for (const { object, after } of diffs.filter((diff) => diff.cluster === cluster)) {
    const key = objectKeyOf(cluster, object)
    if (after) result.set(key, after)
    else result.delete(key)
  }
  return [...result.values()]
}
