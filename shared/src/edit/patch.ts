import { type KubeObject, type ObjectRef, idOf, refOf } from "../kube/object.ts"
import type { Edit, PatchOperation } from "./edit.ts"

type Parent = Record<string, unknown> | unknown[]

const stepsOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))

const isParent = (value: unknown): value is Parent => value !== null && typeof value === "object"

const child = (parent: Parent, step: string): unknown =>
  Array.isArray(parent) ? parent[Number(step)] : Object.hasOwn(parent, step) ? parent[step] : undefined

function set(parent: Parent, step: string, operation: PatchOperation): void {
  if (Array.isArray(parent)) {
    const index = step === "-" ? parent.length : Number(step)
    if (operation.op === "remove") parent.splice(index, 1)
    else parent.splice(index, operation.op === "replace" ? 1 : 0, operation.value)
  } else if (operation.op === "remove") Reflect.deleteProperty(parent, step)
  else parent[step] = operation.value
}

/** The object after the operations (RFC 6902); the given one is left as it is. Undefined when one of them does not fit it. */
export function patched(object: KubeObject, operations: readonly PatchOperation[]): KubeObject | undefined {
  const copy = structuredClone(object)
  for (const operation of operations) {
    const steps = stepsOf(operation.path)
    const last = steps.pop()
    let parent: unknown = copy
    for (const step of steps) parent = isParent(parent) ? child(parent, step) : undefined
    if (last === undefined || last === "__proto__" || !isParent(parent)) return undefined
    if (operation.op !== "add" && child(parent, last) === undefined) return undefined
    set(parent, last, structuredClone(operation))
  }
  return copy
}

/** What edits make of objects: those to put and those to remove. Undefined when an edit does not fit what is there. */
export function effectOf(
  edits: readonly Edit[],
  objectOf: (ref: ObjectRef) => KubeObject | undefined,
): { put: KubeObject[]; remove: ObjectRef[] } | undefined {
  const put = new Map<string, KubeObject>()
  const remove: ObjectRef[] = []
  for (const edit of edits) {
    if ("create" in edit) put.set(idOf(refOf(edit.create)), edit.create)
    else if ("remove" in edit) remove.push(edit.remove)
    else {
      const known = put.get(idOf(edit.object)) ?? objectOf(edit.object)
      const result = known && patched(known, edit.patch)
      if (result === undefined) return undefined
      put.set(idOf(edit.object), result)
    }
  }
  return { put: [...put.values()], remove }
}
