import { defaultAt } from "#shared/edit/defaults.ts"
import { duration } from "#shared/validation/family/structure/duration.ts"
import { schemaOf } from "#shared/validation/family/structure/problems.ts"
import type { ListSchema, MapSchema, Schema, TextSchema } from "#shared/validation/family/structure/schema.ts"
import { type Step, inside, word } from "./completion.ts"
import { type FieldText, textOf } from "./field-text/field-text.ts"
import { referenceOf } from "./field-text/reference.ts"

/** What is known of a field of an Istio or Gateway API object. */
export type Documentation = {
  /** As it stands in messages: `spec.http[].retries.attempts`. */
  path: string
  type: string
  required: boolean
  /** One sentence or two; empty: the field has none of ours. */
  says: string
  facts: { name: "Values" | "Limits" | "Form" | "Not with" | "Default"; text: string }[]
  reference: { text: string; href: string }
}

/** The steps down to a field, with the schema at each. */
type Descent = { step: Step; parent: Schema; schema: Schema }[]

function descend(root: Schema, path: readonly Step[]): Descent | null {
  const descent: Descent = []
  let parent = root
  for (const step of path) {
    const schema = inside(parent, step)
    if (schema === undefined) return null
    descent.push({ step, parent, schema })
    parent = schema
  }
  return descent
}

const isPlain = /^[\w-]+$/

function written(descent: Descent, nameOf: (step: string, parent: Schema) => string): string {
  return descent.reduce((path, { step, parent }) => {
    if (step === null) return `${path}[]`
    const name = nameOf(step, parent)
    if (name.startsWith("[")) return `${path}${name}`
    return path === "" ? name : `${path}.${name}`
  }, "")
}

/** Limits of the machine's numbers are none that anybody meets. */
const most = 2_147_483_647

function range(min: number, max: number, unit: string): string {
  const of = (count: number): string => (unit === "" ? "" : ` ${count === 1 ? unit.replace(/s$/, "") : unit}`)
  const [hasMin, hasMax] = [min > -most, max < most]
  if (hasMin && hasMax) return min === max ? `${min}${of(min)}` : `${min} to ${max}${of(max)}`
  if (hasMax) return `at most ${max}${of(max)}`
  return hasMin ? `${min} or more${of(min)}` : ""
}

const counted = ({ min, max }: ListSchema | MapSchema | TextSchema, unit: string): string =>
  range(min === 0 ? -Infinity : min, max, unit)

function limitsOf(schema: Schema): string {
  if (schema.type === "number") return schema.values ? "" : range(schema.min, schema.max, "")
  if (schema.type === "text") return counted(schema, "characters")
  if (schema.type === "map") return counted(schema, "entries").replace("1 entrie ", "1 entry ")
  if (schema.type !== "list") return ""
  const each = limitsOf(schema.items)
  const unique = schema.keys?.length ? `no two of one ${schema.keys.join(" and ")}` : ""
  return [counted(schema, "items"), each && `each ${each}`, unique].filter(Boolean).join(", ")
}

function valuesOf(schema: Schema): string {
  if (schema.type === "list") return valuesOf(schema.items)
  return schema.type === "text" || schema.type === "number" ? (schema.values ?? []).join(", ") : ""
}

function formOf(schema: Schema): string {
  if (schema === duration) return "a duration with its unit, such as 500ms, 2s or 1m30s"
  if (schema.type === "list") return formOf(schema.items)
  return schema.type === "text" ? (schema.form?.says ?? "") : ""
}

function typeOf(schema: Schema): string {
  if (schema === duration) return "duration"
  return schema.type === "number" ? (schema.whole ? "whole number" : "number") : word(schema)
}

function othersOf(parent: Schema, step: Step): string {
  if (parent.type !== "object" || step === null) return ""
  const groups = parent.exclusive.filter((group) => group.includes(step))
  return [...new Set(groups.flat())].filter((name) => name !== step).join(", ")
}

const defaultOf = (known: unknown, text: FieldText): string => {
  if (known === undefined) return text.otherwise
  return known === "" ? "empty" : typeof known === "string" ? known : JSON.stringify(known)
}

/** @param version the newest, where it is none of the kind's */
export function documentationOf(kind: string, version: string, path: readonly Step[]): Documentation | null {
  const root = schemaOf(kind, version) ?? schemaOf(kind)
  const reference = referenceOf(kind)
  const whole = root && descend(root, path)
  if (!whole || !reference) return null
  // An item of a list is told of as its list is.
  const descent = whole.slice(0, whole.findLastIndex(({ step }) => step !== null) + 1)
  const last = descent.at(-1)
  if (!last) return null
  const { step, parent, schema } = last
  const general = written(descent, (name, { type }) => (type === "map" ? "*" : name))
  const text = textOf(kind, general)
  const facts: Documentation["facts"] = [
    { name: "Values", text: valuesOf(schema) },
    { name: "Limits", text: limitsOf(schema) },
    { name: "Form", text: formOf(schema) },
    { name: "Not with", text: othersOf(parent, step) },
    { name: "Default", text: defaultOf(defaultAt(kind, general), text) },
  ]
  return {
    path: written(descent, (name) => (isPlain.test(name) ? name : `[${JSON.stringify(name)}]`)),
    type: typeOf(schema),
    required: parent.type === "object" && step !== null && parent.required.includes(step),
    says: text.says,
    facts: facts.filter((fact) => fact.text !== ""),
    reference,
  }
}
