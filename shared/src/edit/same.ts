import { canonicalJson } from "../kube/bucket.ts"

/** Whether two values say the same as JSON; the order of keys says nothing. */
export const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === typeof b && canonicalJson(a) === canonicalJson(b))
