import { type KubeObject, type ObjectRef, idOf } from "../kube/object.ts"
import { record } from "../topology/fact/read.ts"
import { at } from "../validation/path.ts"
import { patchBetween, withoutServerFields } from "./diff.ts"
import type { Edit } from "./edit.ts"
import { type Kept, merged } from "./merge.ts"
import { isSame } from "./same.ts"
import { wordsOf } from "./steps.ts"

/** What a change did to an object: as it was, and as it was after; null: not there. */
export type Done = { object: ObjectRef; before: KubeObject | null; after: KubeObject | null }

export type KeptField = { object: ObjectRef; path: string; message: string }
export type Inverse = { edits: Edit[]; kept: KeptField[] }

type Undone = { edits: Edit[]; kept: Kept[] }
const nothing: Undone = { edits: [], kept: [] }
const told = (message: string): Undone => ({ edits: [], kept: [{ path: "", message }] })

/** Several writes of one object are one. */
function joined(done: readonly Done[]): Done[] {
  const all = new Map<string, Done>()
  for (const one of done) {
    const known = all.get(idOf(one.object))
    all.set(idOf(one.object), known === undefined ? one : { ...known, after: one.after })
  }
  return [...all.values()]
}

/** What a new object of it may say. */
const fresh = (object: KubeObject): KubeObject => {
  const { metadata, ...rest } = withoutServerFields(object)
  const { deletionTimestamp: _, selfLink: __, ...own } = metadata
  return { ...rest, metadata: own }
}

/** What says where an object counts: alone it does nothing, and without it the rest cannot stand. */
const place = [
  "host",
  "hosts",
  "hostnames",
  "gateways",
  "parentRefs",
  "exportTo",
  "selector",
  "workloadSelector",
  "targetRefs",
]

/** Of an object that the change made: what others have written into it since stays, field by field; without such it goes. */
function ofCreated(object: ObjectRef, after: KubeObject, now: KubeObject): Undone {
  const [made, spec] = [record(after["spec"]), record(now["spec"])]
  const changed = Object.keys({ ...made, ...spec }).filter((field) => !isSame(made[field], spec[field]))
  const theirs = changed.filter((field) => spec[field] !== undefined && !place.includes(field))
  const kept = changed.map((field) => ({
    path: at("spec", field),
    message:
      theirs.length === 0
        ? `${at("spec", field)} was changed after the change that made ${wordsOf(object)}: it goes with the object`
        : `${at("spec", field)} was changed after the change that made ${wordsOf(object)}: it stays, and so does the object`,
  }))
  if (theirs.length === 0) return { edits: [{ remove: object }], kept }
  const rest = Object.entries(spec).filter(([field]) => place.includes(field) || changed.includes(field))
  return { ...patchTo(object, now, { ...now, spec: Object.fromEntries(rest) }), kept }
}

const patchTo = (object: ObjectRef, from: KubeObject, to: KubeObject): Undone => {
  const patch = patchBetween(from, to)
  return { edits: patch.length === 0 ? [] : [{ object, patch }], kept: [] }
}

function ofPatched({ object, before, after, now }: Required<Done> & { now: KubeObject }): Undone {
  const written = (of: KubeObject | null): unknown => (of === null ? undefined : withoutServerFields(of))
  const { value, kept } = merged({ before: written(before), base: written(after), now: written(now) }, "")
  return { ...patchTo(object, now, value as KubeObject), kept: [...kept] }
}

function undone({ object, before, after }: Done, now: KubeObject | undefined): Undone {
  const words = wordsOf(object)
  if (before === null) return after === null || now === undefined ? nothing : ofCreated(object, after, now)
  if (after === null) {
    if (now === undefined) return { edits: [{ create: fresh(before) }], kept: [] }
    return patchBetween(now, before).length === 0
      ? nothing
      : told(`${words} was made anew after the change removed it: it stays as it is`)
  }
  if (now === undefined) return told(`${words} is gone since: there is nothing to undo on it`)
  return ofPatched({ object, before, after, now })
}

/**
 * The edits that take back what a change did, on the objects as they are now. `after` is to be what the API server answered, with its defaults. Fields that somebody
 * has changed since are kept and told of; of weighted destinations the whole list.
 */
export function inverseOf(
  done: readonly Done[],
  objectOf: (ref: ObjectRef) => KubeObject | undefined,
): Inverse {
  const edits: Edit[] = []
  const kept: KeptField[] = []
  for (const one of joined(done).toReversed()) {
    const result = undone(one, objectOf(one.object))
    edits.push(...result.edits)
    kept.push(...result.kept.map((field) => ({ object: one.object, ...field })))
  }
  return { edits, kept }
}
