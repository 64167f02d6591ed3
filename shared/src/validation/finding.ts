import type { Edit } from "../edit/edit.ts"
import type { ObjectRef } from "../kube/object.ts"
import { byCodeUnit } from "../order.ts"

export const levels = ["error", "warning", "info"] as const
export type Level = (typeof levels)[number]

/** A certain remedy. Applying its edits passes validation, removes the finding and adds no other. */
export type Fix = { title: string; edits: readonly Edit[] }

/** Another object that a finding is about; `path` is where in it, empty for the whole, `cluster` empty for the finding's own. */
export type Reference = { object: ObjectRef; path: string; cluster: string }

/** What a rule says of one place in one object. */
export type Finding = {
  code: string
  level: Level
  /** What is wrong, with the values, in one sentence without a full stop. */
  message: string
  cluster: string
  object: ObjectRef
  /** In the object, as people write it: `spec.http[0].route[1].destination.host`, `metadata.annotations["a.b/c"]`; empty for the whole. */
  path: string
  references: readonly Reference[]
  fix: Fix | null
}

/** The identity of a finding over time: what it says may change with the names in it, where it stands does not. */
export const findingKey = (finding: Finding): string =>
  [
    finding.cluster,
    finding.object.kind,
    finding.object.namespace,
    finding.object.name,
    finding.code,
    finding.path,
  ].join("\u0000")

/** The one order of findings: by cluster, object, path, code, message. */
export const byPlace = (a: Finding, b: Finding): number =>
  byCodeUnit(a.cluster, b.cluster) ||
  byCodeUnit(a.object.kind, b.object.kind) ||
  byCodeUnit(a.object.namespace, b.object.namespace) ||
  byCodeUnit(a.object.name, b.object.name) ||
  byCodeUnit(a.path, b.path) ||
  byCodeUnit(a.code, b.code) ||
  byCodeUnit(a.message, b.message)
