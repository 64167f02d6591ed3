import { refOf } from "../../../kube/object.ts"
import type { Family } from "../../check.ts"
import { effectOf } from "../../../edit/patch.ts"
import type { Finding } from "../../finding.ts"
import { engineOf, here, objectsOf } from "../../testing.ts"

/** For tests of fixes. */

const placeOf = ({ code, object, path }: Finding): string => `${code} ${object.kind} ${object.name} ${path}`

export type Fixed = { yaml: string; finding: Finding }

/** Findings with a fix over YAML texts. */
export const fixedIn = (texts: readonly string[], families: readonly Family[]): Fixed[] =>
  texts.flatMap((yaml) =>
    engineOf(yaml, { families })
      .findings()
      .filter(({ fix }) => fix !== null)
      .map((finding) => ({ yaml, finding })),
  )

/** What is said before and after a fix: it should be the same but for the finding. */
export function aroundFix(
  { yaml, finding }: Fixed,
  families: readonly Family[],
): { before: string[]; after: string[] } {
  const engine = engineOf(yaml, { families })
  const before = engine.findings().map(placeOf)
  const objects = objectsOf(yaml)
  const effect = effectOf(finding.fix?.edits ?? [], (wanted) =>
    objects.find((object) => {
      const { kind, namespace, name } = refOf(object)
      return kind === wanted.kind && namespace === wanted.namespace && name === wanted.name
    }),
  )
  for (const object of effect?.put ?? []) engine.put(here, object)
  const after = engine.findings().map(placeOf)
  return { before: before.filter((one) => one !== placeOf(finding)), after }
}
