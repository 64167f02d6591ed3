import type { Fields } from "../schema.ts"

/** Whether a field is there: one that is null is not. */
export const has = (value: Fields, key: string): boolean => value[key] !== undefined && value[key] !== null

/** The object in a field; empty when there is none. */
export const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}

export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The text in a field, or what stands for an absent one. */
export const textOr = (value: unknown, fallback: string): string =>
  typeof value === "string" ? value : fallback
