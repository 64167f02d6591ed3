import { byCodeUnit } from "../order.ts"

/**
 * A bucket is all objects of one kind in one namespace. Its hash is the sum, modulo 2^48, of the hashes of its objects, so that
 * adding and removing an object is one addition, in any order, at both ends of the link.
 */
export type BucketSum = { hash: number; count: number }

const modulus = 2 ** 48

/** 48-bit FNV-1a-like hash of a text, as an exact integer. Not for security: it finds loss, not forgery. */
export function textHash(text: string): number {
  let high = 0x811c9dc5
  let low = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ (code + i), 0x85ebca6b)
    low ^= low >>> 13
  }
  return ((high >>> 0) % 0x1000000) * 0x1000000 + ((low >>> 0) % 0x1000000)
}

/** JSON with keys in order, so that the same content has the same text whoever wrote it. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(",")}}`
}

/** The hash of one trimmed object: of its whole content. */
export const objectHash = (object: unknown): number => textHash(canonicalJson(object))

export const emptySum: BucketSum = { hash: 0, count: 0 }

/** `sum` after an object with hash `before` (undefined: was not there) became `after` (undefined: is gone). */
export function moveSum(sum: BucketSum, before: number | undefined, after: number | undefined): BucketSum {
  const hash = (sum.hash + (after ?? 0) - (before ?? 0) + modulus) % modulus
  return { hash, count: sum.count + (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1) }
}

/** A sum that was kept by plain additions (as a counter in a database, which may have left 0..2^48) in its normal form. */
export const normalSum = (sum: BucketSum): BucketSum => ({
  hash: ((sum.hash % modulus) + modulus) % modulus,
  count: sum.count,
})
