import type { Schema } from "#shared/validation/family/structure/schema.ts"

/** What may stand at a place: fields of an object, or the values of a field. */
export type Choice = { label: string; detail: string; type: "field" | "value"; opens: "object" | "list" | "" }

/** A step of a path through a text: a field's name, or any item of a list. */
export type Step = string | null

export function inside(schema: Schema | undefined, step: Step): Schema | undefined {
  if (schema === undefined) return undefined
  if (step === null) return schema.type === "list" ? schema.items : undefined
  if (schema.type === "object") return schema.fields.get(step)
  return schema.type === "map" ? schema.values : undefined
}

export const schemaAt = (schema: Schema | undefined, path: readonly Step[]): Schema | undefined =>
  path.reduce(inside, schema)

/** What a value is, in a word or two. */
export function word(schema: Schema): string {
  if (schema.type === "text") return schema.values ? "choice" : "text"
  if (schema.type === "list") return `list of ${word(schema.items)}`
  if (schema.type === "map") return "map"
  return schema.type
}

/** The fields that an object may have at the path. */
export function fieldsAt(schema: Schema | undefined, path: readonly Step[]): Choice[] {
  const found = schemaAt(schema, path)
  if (found?.type !== "object") return []
  const { required } = found
  return [...found.fields]
    .map(([label, field]): Choice => ({
      label,
      detail: `${word(field)}${required.includes(label) ? ", required" : ""}`,
      type: "field",
      opens: field.type === "list" ? "list" : field.type === "object" || field.type === "map" ? "object" : "",
    }))
    .sort((a, b) => (a.label < b.label ? -1 : 1))
}

/** The values that a field may have, where they are few. */
export function valuesAt(schema: Schema | undefined, path: readonly Step[]): Choice[] {
  const found = schemaAt(schema, path)
  const value = (label: string): Choice => ({ label, detail: "", type: "value", opens: "" })
  if (found?.type === "boolean") return ["true", "false"].map(value)
  if (found?.type === "text") return (found.values ?? []).map(value)
  if (found?.type === "number") return (found.values ?? []).map((one) => value(String(one)))
  return []
}
