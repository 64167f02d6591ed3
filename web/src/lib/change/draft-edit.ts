import type { Intent } from "#shared/edit/intent.ts"
import { patchBetween, withoutServerFields } from "#shared/edit/diff.ts"
import { canonicalJson } from "#shared/kube/bucket.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import type { Draft } from "../editor/draft.ts"
import { objectKeyOf } from "../validation/finding-place.ts"

const saidBy = (object: KubeObject): string => canonicalJson(withoutServerFields(object))

/**
 * What a text asks for: the objects as they are written. null: it says what was opened. `live` is what is there: a text that was opened on what a form
 * makes asks for all of that as well. An object that the text no longer has stays as it is: it is deleted on purpose, not by a line that is missing.
 */
export function intentOfText(
  { put }: Pick<Draft, "put">,
  opened: readonly KubeObject[],
  live: readonly KubeObject[],
): Intent | null {
  const known = new Set(opened.map(saidBy))
  const written = put.filter((object) => !known.has(saidBy(object)))
  if (written.length === 0) return null
  const there = new Set(live.map(saidBy))
  const other = put.filter((object) => !there.has(saidBy(object)))
  // A text that takes back by hand what the form makes asks for what is there.
  return { control: "objects", put: other.length > 0 ? other : written, remove: [] }
}

/** How many fields a text says differently than what was opened; a new object is one. */
export function countEdits(put: readonly KubeObject[], opened: readonly KubeObject[]): number {
  const before = new Map(opened.map((object) => [objectKeyOf("", refOf(object)), object]))
  return put
    .map((object) => {
      const was = before.get(objectKeyOf("", refOf(object)))
      return was ? patchBetween(was, object).length : 1
    })
    .reduce((sum, edits) => sum + edits, 0)
}
