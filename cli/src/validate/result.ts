import type { Problem } from "#shared/document/read.ts"
import type { NotEvaluated } from "#shared/validation/engine/engine.ts"
import type { Finding, Level, Reference } from "#shared/validation/finding.ts"
import type { Rule } from "#shared/validation/rule.ts"
import type { Suppression } from "#shared/validation/suppression.ts"
import type { Skipped } from "./skip.ts"

/** Where something stands in the files; null for what is in none of them. */
export type At = { file: string; line: number; column: number } | null

/** A finding with what is known of its object and rule. */
export type Located = {
  finding: Finding
  /** What the code means; a code of a newer server may have none. */
  rule: Pick<Rule, "aliases" | "title" | "effect" | "remedy" | "source" | "level">
  apiVersion: string
  at: At
  references: { reference: Reference; at: At }[]
  suppression: Suppression | null
}

/** An object that was looked at; what a test case of JUnit is about. */
export type Seen = { cluster: string; kind: string; namespace: string; name: string; file: string }

/** All that `smm validate` has to say. */
export type Result = {
  findings: Located[]
  suppressed: Located[]
  /** Of a proposal: findings of the cluster that it ends. */
  removed: Located[] | null
  notEvaluated: readonly NotEvaluated[]
  problems: readonly Problem[]
  skipped: readonly Skipped[]
  seen: readonly Seen[]
  objects: number
  files: number
  elapsedMs: number
  /** From which level on the answer is "no". */
  failOn: Level
}

/** `VirtualService` of `VirtualService.networking.istio.io`. */
export const kindName = (kind: string): string => kind.split(".")[0] ?? kind

/** `shop/cart`; the name alone for what is in no namespace. */
export const objectName = ({ namespace, name }: { namespace: string; name: string }): string =>
  namespace === "" ? name : `${namespace}/${name}`

/** `VirtualService shop/cart`. */
export const refText = (object: { kind: string; namespace: string; name: string }): string =>
  `${kindName(object.kind)} ${objectName(object)}`

/** As many others as anybody follows; a host that a thousand objects share would fill gigabytes. */
export const mostReferences = 50

export const placeText = (at: At): string => (at === null ? "-" : `${at.file}:${at.line}:${at.column}`)
