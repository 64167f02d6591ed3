import { canonicalJson } from "#shared/kube/bucket.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Intent } from "#shared/edit/intent.ts"
import type { Draft } from "../editor/draft.ts"

/**
 * What a text asks for: the objects as they are written. null: it says what is there. An object that the text no longer has stays as it is: it is
 * deleted on purpose, not by a line that is missing.
 */
export function intentOfText(draft: Pick<Draft, "put">, opened: readonly KubeObject[]): Intent | null {
  const known = new Set(opened.map((object) => canonicalJson(object)))
  const put = draft.put.filter((object) => !known.has(canonicalJson(object)))
  return put.length === 0 ? null : { control: "objects", put: [...put], remove: [] }
}
