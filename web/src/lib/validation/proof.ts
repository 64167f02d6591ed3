import type { Client } from "#shared/api/client.ts"
import type { ProposalDelta } from "#shared/api/validation.ts"
import { type KubeObject, type ObjectRef, refOf } from "#shared/kube/object.ts"
import { effectOf } from "#shared/edit/patch.ts"
import type { Edit } from "#shared/edit/edit.ts"
import type { Fix } from "#shared/validation/finding.ts"
import { objectInput } from "../data/api.ts"
import { commandOf } from "./command.ts"
import { type DiffLine, diffOf } from "./diff.ts"

/** What a fix does, shown before anybody does it. */
export type Shown = {
  /** By object, in the order of the edits. */
  diffs: { ref: ObjectRef; lines: DiffLine[] }[]
  /** The objects after it, as YAML to apply. */
  yaml: string
  commands: string
  delta: ProposalDelta
}

const idOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

const subjectOf = (edit: Edit): ObjectRef =>
  "create" in edit ? refOf(edit.create) : "remove" in edit ? edit.remove : edit.object

/** Reads what the edits are about, and asks the server what they would do to the findings. Undefined when they do not fit what is there any more. */
export async function shownFix(
  api: Client,
  input: {
    cluster: string
    fix: Fix
    /** The object on screen, which need not be read again. */
    object: KubeObject
    text: { yamlOf: (object: unknown) => string; manifestOf: (object: KubeObject) => KubeObject }
  },
): Promise<Shown | undefined> {
  const { cluster, fix, object, text } = input
  const known = new Map<string, KubeObject>([[idOf(refOf(object)), object]])
  for (const edit of fix.edits) {
    const ref = subjectOf(edit)
    if ("create" in edit || known.has(idOf(ref))) continue
    const { object: other } = await api.call("getObject", objectInput(cluster, ref))
    known.set(idOf(ref), other)
  }
  const objectOf = (ref: ObjectRef): KubeObject | undefined => known.get(idOf(ref))
  const effect = effectOf(fix.edits, objectOf)
  if (effect === undefined) return undefined
  const delta = await api.call("validate", { params: { cluster }, body: effect })
  const yamlOf = (one: KubeObject | undefined): string => (one ? text.yamlOf(text.manifestOf(one)) : "")
  const after = new Map(effect.put.map((one) => [idOf(refOf(one)), one]))
  const subjects = new Map(fix.edits.map(subjectOf).map((ref) => [idOf(ref), ref]))
  return {
    diffs: [...subjects].map(([id, ref]) => ({
      ref,
      lines: diffOf(yamlOf(known.get(id)), yamlOf(after.get(id))),
    })),
    yaml: effect.put.map(yamlOf).join("---\n"),
    commands: fix.edits.map((edit) => commandOf(edit, objectOf, (one) => yamlOf(one))).join("\n"),
    delta,
  }
}
