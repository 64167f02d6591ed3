import { record, type Json } from "../../../topology/fact/read.ts"

/** Whether a field is set: `{}` and `[]` are, null is not. */
export const isSet = (value: unknown): boolean => value !== undefined && value !== null

/** A field that must be an object; undefined where it is not set. */
export const section = (value: unknown): Json | undefined =>
  value === undefined || value === null ? undefined : record(value)

/** The items of a list, or none. */
export const items = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : none
const none: readonly unknown[] = []

/** A number as Istio reads one that is absent: 0. */
export const amount = (value: unknown): number => (typeof value === "number" ? value : 0)
