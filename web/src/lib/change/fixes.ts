import type { FindingItem } from "#shared/api/validation.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import type { ChangeSubject } from "./address.ts"

/** Fixes of what was found at the place that a change is about, the one that is asked for first. */
export function fixesFor(
  subject: ChangeSubject,
  cluster: string,
  told: readonly FindingItem[],
): FindingItem[] {
  if (subject.type !== "fix") return []
  const { code, object, path, title } = subject
  const key = objectKeyOf(cluster, object)
  const here = told.filter(
    (one) => one.fix !== null && one.path === path && objectKeyOf(one.cluster, one.object) === key,
  )
  const rank = (one: FindingItem): number =>
    (one.code === code ? 0 : 2) + (title === "" || one.fix?.title === title ? 0 : 1)
  return here.toSorted((a, b) => rank(a) - rank(b))
}
