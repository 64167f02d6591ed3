import type { KubeObject } from "../kube/object.ts"
import { isRecord } from "../topology/fact/read.ts"
import { aligned } from "./align.ts"
import type { PatchOperation } from "./edit.ts"
import { canonicalJson } from "../kube/bucket.ts"
import { isSame } from "./same.ts"

type Fields = Readonly<Record<string, unknown>>

const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")

const keysOf = (fields: Fields): string[] => Object.keys(fields).filter((key) => fields[key] !== undefined)

/** What a patch weighs: its operations, and what they carry. */
const weigh = (operations: readonly PatchOperation[]): number =>
  operations.reduce(
    (sum, operation) => sum + 8 + ("value" in operation ? canonicalJson(operation.value).length : 0),
    0,
  )

function listPatch(before: readonly unknown[], after: readonly unknown[], path: string): PatchOperation[] {
  const steps = aligned(before, after, {
    textOf: canonicalJson,
    // In weights of a removal, which has no value to carry.
    costOf: (from, to) =>
      weigh(from === undefined ? [{ op: "add", path, value: to }] : valuePatch(from, to, path)) / 8,
  })
  let index = 0
  return steps.flatMap((step): PatchOperation[] => {
    if (step.become === "removed") return [{ op: "remove", path: `${path}/${index}` }]
    const at = `${path}/${index++}`
    if (step.become === "added") return [{ op: "add", path: at, value: step.after }]
    return step.become === "edited" ? valuePatch(step.before, step.after, at) : []
  })
}

function fieldsPatch(before: Fields, after: Fields, path: string): PatchOperation[] {
  const removed = keysOf(before)
    .filter((key) => after[key] === undefined)
    .map((key): PatchOperation => ({ op: "remove", path: `${path}/${escaped(key)}` }))
  const rest = keysOf(after).flatMap((key): PatchOperation[] => {
    const at = `${path}/${escaped(key)}`
    return before[key] === undefined || !Object.hasOwn(before, key)
      ? [{ op: "add", path: at, value: after[key] }]
      : valuePatch(before[key], after[key], at)
  })
  return [...removed, ...rest]
}

/** Whether something of the one may be found in the other: else it is replaced whole. */
const isAkin = (before: Fields, after: Fields): boolean => {
  const keys = keysOf(before)
  return keys.length === 0 || keysOf(after).length === 0 || keys.some((key) => after[key] !== undefined)
}

function valuePatch(before: unknown, after: unknown, path: string): PatchOperation[] {
  if (isSame(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length * after.length > 0)
    return listPatch(before, after, path)
  if (isRecord(before) && isRecord(after) && isAkin(before, after)) return fieldsPatch(before, after, path)
  return [{ op: "replace", path, value: after }]
}

const ofServer = ["resourceVersion", "uid", "generation", "managedFields", "creationTimestamp"]

/** Without what only the API server writes. */
export function withoutServerFields({ status: _, metadata, ...rest }: KubeObject): KubeObject {
  const own = Object.entries(metadata).filter(([key]) => !ofServer.includes(key))
  return { ...rest, metadata: { name: metadata.name, ...Object.fromEntries(own) } } as KubeObject
}

/**
 * The smallest JSON patch (RFC 6902) that makes the one object of the other: fields and elements that both have are not touched, elements of lists are edited
 * where that says less than a new one. What the API server keeps itself (status, resourceVersion, uid, generation, managedFields, creationTimestamp) is not compared.
 */
export const patchBetween = (before: KubeObject, after: KubeObject): PatchOperation[] =>
  fieldsPatch(withoutServerFields(before), withoutServerFields(after), "")
