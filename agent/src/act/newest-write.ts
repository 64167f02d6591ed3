import { fieldManager } from "#shared/act/owner.ts"
import { differenceOf, holds, leavesOf, managedOf, type ManagedEntry } from "#shared/act/field-set.ts"
import type { KubeObject } from "#shared/kube/object.ts"

/** An entry of ours that is older than this, by whatever clock, is not of the change that was just seen. */
const recentMs = 5 * 60_000

const timeOf = ({ at }: ManagedEntry): number => (at === null ? 0 : Date.parse(at) || 0)

/**
 * Who wrote last, as the object's own record says: its newest entry, and of several of one second the one that owns what has changed. A write that only
 * removes what others own leaves no entry: then nobody is known. `live` has its managed fields, which nobody keeps.
 */
export function newestManager(live: KubeObject, before: KubeObject | undefined, now: number): string {
  const entries = managedOf(live)
  const newest = Math.max(0, ...entries.map(timeOf))
  const last = entries.filter((entry) => timeOf(entry) === newest)
  const [only] = last
  if (only === undefined) return "unknown"
  const manager = (last.length === 1 ? only : (ownerOfChange(last, live, before) ?? only)).manager
  return manager === fieldManager && now - newest > recentMs ? "unknown" : manager
}

function ownerOfChange(
  entries: readonly ManagedEntry[],
  live: KubeObject,
  before: KubeObject | undefined,
): ManagedEntry | undefined {
  if (before === undefined) return undefined
  const { set } = differenceOf(leavesOf(before, live), leavesOf(live))
  return entries.find(({ fields }) => set.some((path) => holds(fields, path)))
}
