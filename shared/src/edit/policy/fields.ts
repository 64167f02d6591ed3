import { z } from "zod"
import { type Json, record } from "../../topology/fact/read.ts"
import { at } from "../../validation/path.ts"
import { leftPaths } from "../route/unshown.ts"
import { isSame } from "../same.ts"

type Path = readonly string[]

/** One field of a form, and where it stands in the plain object. */
export type Field = { form: Path; object: Path; schema: z.ZodType }

/** The schema of one field of a form. */
function schemaAt(form: z.ZodType, path: Path): z.ZodType {
  let schema: unknown = form
  for (const step of path) {
    const inner: unknown = schema instanceof z.ZodOptional ? schema.unwrap() : schema
    schema = inner instanceof z.ZodObject ? inner.shape[step] : undefined
  }
  if (schema instanceof z.ZodOptional) return schema.unwrap() as z.ZodType
  if (schema instanceof z.ZodType) return schema
  throw new Error(`the form has no field ${path.join(".")}`)
}

/** Fields by their places: `a.b` in the form is `c.d` in the object. */
export const fieldsOf = (form: z.ZodType, places: Readonly<Record<string, string>>): readonly Field[] =>
  Object.entries(places).map(([inForm, inObject]) => {
    const path = inForm.split(".")
    return { form: path, object: inObject.split("."), schema: schemaAt(form, path) }
  })

const get = (json: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => record(value)[step], json)

/** With a value at a place; the objects around it are made. */
function withValue(json: Json, [first, ...rest]: Path, value: unknown): Json {
  if (first === undefined) return json
  return { ...json, [first]: rest.length === 0 ? value : withValue(record(json[first]), rest, value) }
}

/** Without a place, and without the objects around it that hold nothing else. */
export function withoutValue(json: Json, [first, ...rest]: Path): Json {
  if (first === undefined || json[first] === undefined) return json
  const { [first]: inner, ...others } = json
  if (rest.length === 0) return others
  const left = withoutValue(record(inner), rest)
  return Object.keys(left).length === 0 ? others : { ...json, [first]: left }
}

/** What an object says at the place of a field, where the form can hold it. */
function shown({ object, schema }: Field, json: Json): unknown {
  const value = get(json, object)
  return value !== undefined && value !== null && schema.safeParse(value).success ? value : undefined
}

/** What the form shows of an object; null: nothing. */
export function readFields(fields: readonly Field[], json: Json): Json | null {
  let form: Json = {}
  for (const field of fields) {
    const value = shown(field, json)
    if (value !== undefined) form = withValue(form, field.form, value)
  }
  return Object.keys(form).length === 0 ? null : form
}

/** The object that says what the form does: fields that say it already, and those that the form cannot show, stay as they are. */
export function writeFields(fields: readonly Field[], json: Json, form: Json): Json {
  let written = json
  for (const field of fields) {
    const [before, wanted] = [shown(field, json), get(form, field.form)]
    if (isSame(before, wanted)) continue
    written =
      wanted === undefined ? withoutValue(written, field.object) : withValue(written, field.object, wanted)
  }
  return written
}

/** Paths of what the form cannot show, in the sections that it is about. */
export function unshownFields(
  fields: readonly Field[],
  json: Json,
  { sections, path }: { sections: readonly string[]; path: string },
): string[] {
  const left = writeFields(fields, json, {})
  return sections.flatMap((name) => leftPaths(json[name], left[name], at(path, name)))
}

/** Where in the form a place of the object is: of the closest field. */
export function formPathOf(fields: readonly Field[], path: string): string {
  const closest = fields
    .filter(
      ({ object }) =>
        path === object.join(".") ||
        path.startsWith(`${object.join(".")}.`) ||
        path.startsWith(`${object.join(".")}[`),
    )
    .toSorted((a, b) => b.object.length - a.object.length)[0]
  if (closest !== undefined) return `${closest.form.join(".")}${path.slice(closest.object.join(".").length)}`
  const inside = fields.find(({ object }) => object.join(".").startsWith(`${path}.`))
  if (inside === undefined) return path
  const depth = Math.min(path.split(".").length, inside.form.length - 1)
  // A section that the form does not have as such: told of at its first field.
  return inside.form.slice(0, Math.max(1, depth)).join(".")
}
