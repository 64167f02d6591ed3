import type { KubeObject } from "../kube/object.ts"
import { differenceOf, leavesOf, textOf } from "./field-set.ts"
import { placeLeaf, removeLeaf } from "./leaf.ts"
import { contested } from "./owner.ts"

/** `after` without what it changes of fields that somebody would take back: those stay as they are in `live`. */
export function withoutContested(live: KubeObject, after: KubeObject): KubeObject {
  const before = leavesOf(live)
  const difference = differenceOf(before, leavesOf(after, live))
  const rivals = contested(live, difference)
  const kept = structuredClone(after)
  for (const path of [...difference.set, ...difference.removed]) {
    if (!rivals.has(textOf(path))) continue
    const was = before.get(textOf(path))
    if (was) placeLeaf(kept as Record<string, unknown>, path, was.value)
    else removeLeaf(kept, path)
  }
  return kept
}
