import { at } from "../../path.ts"
import type { ObjectSchema, Schema } from "./schema.ts"

const below = (schema: Schema | undefined, step: string | number): Schema | undefined =>
  schema?.type === "object"
    ? schema.fields.get(String(step))
    : schema?.type === "map"
      ? schema.values
      : schema?.type === "list"
        ? schema.items
        : undefined

const holds = (schema: Schema | undefined, key: string): boolean =>
  schema?.type === "object" && schema.fields.has(key)

/** The fields of an object under which a field of that name is, when they are few enough to name. */
function inField(schema: ObjectSchema, key: string): string | null {
  const found: string[] = []
  for (const [name, field] of schema.fields)
    if (holds(field, key) || (field.type === "list" && holds(field.items, key))) found.push(name)
  return found.length === 0 || found.length > 3 ? null : found.join(" or ")
}

/** Where a field that stands at the wrong depth belongs: within one of the object's own fields, or further up; null when nowhere near. */
export function placeOf(
  root: Schema,
  steps: readonly (string | number)[],
  schema: ObjectSchema,
  key: string,
): string | null {
  const own = inField(schema, key)
  if (own !== null) return own
  let current: Schema | undefined = root
  let place: string | null = null
  for (const [index, step] of steps.entries()) {
    if (index > 0 && holds(current, key)) place = at("", ...steps.slice(0, index))
    current = below(current, step)
  }
  return place
}
