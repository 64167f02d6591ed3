import type { ObjectRef } from "../kube/object.ts"

/** Why a decision fell as it did: what decided (an object, and where in it), and a sentence for people. Codes are stable. */
export type Reason = { code: string; text: string; object?: ObjectRef; path?: string }

export const reason = (code: string, text: string, object?: ObjectRef, path?: string): Reason => ({
  code,
  text,
  ...(object === undefined ? {} : { object }),
  ...(path === undefined ? {} : { path }),
})

/** `VirtualService shop/cart`, for sentences. */
export const named = (object: ObjectRef): string => {
  const kind = object.kind.split(".")[0] ?? object.kind
  return object.namespace === "" ? `${kind} ${object.name}` : `${kind} ${object.namespace}/${object.name}`
}
