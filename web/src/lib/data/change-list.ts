import type { Change } from "#shared/api/change.ts"

const newestFirst = (a: Change, b: Change): number => b.at - a.at || (a.changeId < b.changeId ? 1 : -1)

/** The list with these in it, newest first; of two of one id the later one counts. */
export const joinedChanges = (...lists: readonly (readonly Change[])[]): Change[] =>
  [...new Map(lists.flat().map((item) => [item.changeId, item])).values()].sort(newestFirst)

/** The list with a patch of the socket applied. */
export function patchedChanges(
  items: readonly Change[],
  patch: { reset: boolean; put: readonly Change[]; remove: readonly string[] },
): Change[] {
  const gone = new Set(patch.remove)
  const before = patch.reset ? [] : items.filter(({ changeId }) => !gone.has(changeId))
  return joinedChanges(before, patch.put)
}
