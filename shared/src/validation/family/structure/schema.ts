/**
 * A schema language just large enough for what the CustomResourceDefinitions of Istio and the Gateway API say. Schemas are data: the walk checks
 * objects against them, an editor reads fields and allowed values off them.
 */

/** Says what is wrong with a value, and where below it. */
export type Fault = (message: string, ...steps: (string | number)[]) => void

/** A condition over a value whose own shape is right: types, required fields and limits below it hold. */
export type Constraint<T> = (value: T, fault: Fault) => void

/** An object whose fields a schema has found in order; an absent one reads as undefined. */
export type Fields = Readonly<Record<string, unknown>>

/** What a text must look like. */
export type Form = { pattern: RegExp; says: string }

export type ObjectSchema = {
  type: "object"
  fields: ReadonlyMap<string, Schema>
  required: readonly string[]
  /** Groups of fields of which at most one may be set. */
  exclusive: readonly (readonly string[])[]
  rules: readonly Constraint<Fields>[]
}
export type ListSchema = {
  type: "list"
  items: Schema
  min: number
  max: number
  /** The fields that tell items apart; of plain items the empty list: no two are equal. */
  keys: readonly string[] | null
  rules: readonly Constraint<readonly unknown[]>[]
}
export type MapSchema = {
  type: "map"
  values: Schema
  min: number
  max: number
  rules: readonly Constraint<Fields>[]
}
export type TextSchema = {
  type: "text"
  /** Lengths in characters. */
  min: number
  max: number
  form: Form | null
  /** The allowed ones, where they are few. */
  values: readonly string[] | null
  rules: readonly Constraint<string>[]
  /** Nothing but the type is asked for. */
  plain: boolean
}
export type NumberSchema = {
  type: "number"
  whole: boolean
  min: number
  max: number
  values: readonly number[] | null
}
export type Schema =
  | ObjectSchema
  | ListSchema
  | MapSchema
  | TextSchema
  | NumberSchema
  | { type: "boolean" }
  /** Anything at all, not looked into. */
  | { type: "any" }

export const object = (
  fields: Readonly<Record<string, Schema>>,
  more: Partial<Pick<ObjectSchema, "required" | "exclusive" | "rules">> = {},
): ObjectSchema => ({
  type: "object",
  fields: new Map(Object.entries(fields)),
  required: more.required ?? [],
  exclusive: more.exclusive ?? [],
  rules: more.rules ?? [],
})

export const list = (
  items: Schema,
  more: Partial<Pick<ListSchema, "min" | "max" | "keys" | "rules">> = {},
): ListSchema => ({
  type: "list",
  items,
  min: more.min ?? 0,
  max: more.max ?? Infinity,
  keys: more.keys ?? null,
  rules: more.rules ?? [],
})

export const map = (
  values: Schema,
  more: Partial<Pick<MapSchema, "min" | "max" | "rules">> = {},
): MapSchema => ({
  type: "map",
  values,
  min: more.min ?? 0,
  max: more.max ?? Infinity,
  rules: more.rules ?? [],
})

export const text = (
  more: Partial<Pick<TextSchema, "min" | "max" | "form" | "values" | "rules">>,
): TextSchema => ({
  type: "text",
  min: more.min ?? 0,
  max: more.max ?? Infinity,
  form: more.form ?? null,
  values: more.values ?? null,
  rules: more.rules ?? [],
  plain: Object.keys(more).length === 0,
})

/** Any text. */
export const string = text({})

export const choice = (...values: readonly string[]): TextSchema => text({ values })

export const integer = (min: number, max: number, values: readonly number[] | null = null): NumberSchema => ({
  type: "number",
  whole: true,
  min,
  max,
  values,
})
export const decimal = (min: number, max: number): NumberSchema => ({
  type: "number",
  whole: false,
  min,
  max,
  values: null,
})

export const boolean: Schema = { type: "boolean" }
export const any: Schema = { type: "any" }
/** An object of any fields. */
export const open = map(any)

export const uint32 = integer(0, 4_294_967_295)
export const int32 = integer(-2_147_483_648, 2_147_483_647)
export const port = integer(1, 65_535)
