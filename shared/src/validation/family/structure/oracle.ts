import { Ajv, type ValidateFunction } from "ajv"
import addFormats from "ajv-formats"
import { parseAllDocuments } from "yaml"
import { kindKey } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"

/** For tests: what the CustomResourceDefinitions themselves say, by another validator. */

type Json = Record<string, unknown>

export type Definition = { key: string; version: string; schema: Json }

/** The schemas of whole objects, as a file of definitions has them, without their status. */
export const definitionsOf = (yaml: string): Definition[] =>
  parseAllDocuments(yaml).flatMap((document) => {
    const definition = record(document.toJS())
    if (definition["kind"] !== "CustomResourceDefinition") return []
    const spec = record(definition["spec"])
    const key = kindKey(text(spec["group"]), text(record(spec["names"])["kind"]))
    return list(spec["versions"]).map((version) => {
      const schema = structuredClone(record(record(record(version)["schema"])["openAPIV3Schema"])) as Json
      const properties = record(schema["properties"]) as Json
      for (const own of ["status", "apiVersion", "kind", "metadata"]) properties[own] = {}
      return { key, version: text(record(version)["name"]), schema }
    })
  })

const fieldsOfAtMostOne = /^(\(has\(self\.\w+\) \? 1 : 0\)( \+ )?)+ <= 1$/
const notBoth = /^!\(has\(self\.(\w+)\) && has\(self\.(\w+)\)\)$/
const oneOf = /^self in (\[[^\]]*\])$/

export type Typed = { typed: Json; exclusive: readonly (readonly string[])[]; others: readonly string[] }

/** The conditions of a definition that we keep as types and limits: of which fields only one may be set, what a port is, which texts are allowed. */
export function typedConditions(schema: Json): Typed {
  const exclusive: string[][] = []
  const others: string[] = []
  const typed: Json = {}
  for (const condition of list(schema["x-kubernetes-validations"])) {
    const rule = text(record(condition)["rule"]).replaceAll(/\s+/g, " ").trim()
    const pair = notBoth.exec(rule)
    const values = oneOf.exec(rule)?.[1]
    if (fieldsOfAtMostOne.test(rule))
      exclusive.push([...rule.matchAll(/has\(self\.(\w+)\)/g)].map(([, field = ""]) => field))
    else if (pair) exclusive.push([pair[1] ?? "", pair[2] ?? ""])
    else if (values !== undefined) typed["enum"] = JSON.parse(values)
    else if (rule === "0 < self && self <= 65535") Object.assign(typed, { minimum: 1, maximum: 65_535 })
    else others.push(rule)
  }
  for (const group of [{ oneOf: schema["oneOf"] }, ...list(schema["allOf"])]) {
    const fields = list(record(group)["oneOf"]).flatMap(
      (branch) => list(record(branch)["required"]) as string[],
    )
    if (fields.length > 1) exclusive.push(fields)
  }
  return { typed, exclusive, others }
}

/** The schema as JSON Schema that refuses what the API server refuses, conditions in CEL apart. */
function closed(schema: Json): Json {
  const { exclusive, typed } = typedConditions(schema)
  const result: Json = { ...schema, ...typed }
  for (const logic of ["oneOf", "allOf", "anyOf"])
    if (schema["properties"]) Reflect.deleteProperty(result, logic)
  for (const group of exclusive)
    result["allOf"] = [
      ...list(result["allOf"]),
      ...group.flatMap((a, index) => group.slice(index + 1).map((b) => ({ not: { required: [a, b] } }))),
    ]
  if (schema["properties"]) {
    result["properties"] = Object.fromEntries(
      Object.entries(record(schema["properties"])).map(([name, field]) => [
        name,
        closed(record(field) as Json),
      ]),
    )
    if (schema["x-kubernetes-preserve-unknown-fields"] !== true) result["additionalProperties"] = false
  }
  if (schema["items"]) result["items"] = closed(record(schema["items"]) as Json)
  if (schema["additionalProperties"])
    result["additionalProperties"] = closed(record(schema["additionalProperties"]) as Json)
  if (schema["x-kubernetes-list-type"] === "set") result["uniqueItems"] = true
  return result
}

/** As the API server does before it looks: fields that are null are not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => (child === null ? [] : [[key, withoutNulls(child)]])),
  )
}

export function validatorOf(definition: Definition): (object: unknown) => string | null {
  const ajv = new Ajv({ strict: false, useDefaults: true, validateFormats: true })
  addFormats.default(ajv)
  ajv.addKeyword({
    keyword: "x-kubernetes-list-map-keys",
    type: "array",
    validate: (keys: string[], items: unknown[]) => {
      const found = items.map((item) => JSON.stringify(keys.map((key) => record(item)[key])))
      return new Set(found).size === found.length
    },
  })
  const validate: ValidateFunction = ajv.compile(closed(definition.schema))
  return (object) => (validate(withoutNulls(object)) ? null : ajv.errorsText(validate.errors))
}
