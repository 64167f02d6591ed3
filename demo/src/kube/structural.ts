import { Ajv, type ErrorObject, type ValidateFunction } from "ajv"
import formats from "ajv-formats"
import { at, isFields, listOf, type Fields } from "./json.ts"
import type { Cause } from "./status.ts"

const preserves = (schema: unknown) => at(schema, "x-kubernetes-preserve-unknown-fields") === true

const identity = new Set(["apiVersion", "kind", "metadata"])

/** Drops fields that the schema does not know; their paths are added to `unknown`. */
export function prune(value: unknown, schema: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const items = at(schema, "items")
    return value.map((item, index) => prune(item, items, `${path}[${index}]`, unknown))
  }
  if (!isFields(value)) return value
  const properties = at(schema, "properties")
  const additional = at(schema, "additionalProperties")
  const isObject = path === "" || at(schema, "x-kubernetes-embedded-resource") === true
  const kept: Fields = {}
  for (const [name, field] of Object.entries(value)) {
    const inner = path === "" ? name : `${path}.${name}`
    if (isObject && identity.has(name)) kept[name] = field
    else if (isFields(properties) && name in properties)
      kept[name] = prune(field, properties[name], inner, unknown)
    else if (isFields(additional)) kept[name] = prune(field, additional, inner, unknown)
    else if (additional === true || preserves(schema)) kept[name] = field
    else unknown.push(inner)
  }
  return kept
}

/** Fills in the defaults of the schema. */
export function withDefaults(value: unknown, schema: unknown): unknown {
  if (Array.isArray(value)) {
    const items = at(schema, "items")
    return value.map((item) => withDefaults(item, items))
  }
  if (!isFields(value)) return value
  const filled: Fields = { ...value }
  const properties = at(schema, "properties")
  for (const [name, property] of Object.entries(isFields(properties) ? properties : {})) {
    const initial = at(property, "default")
    if (filled[name] === undefined && initial !== undefined) filled[name] = structuredClone(initial)
    if (filled[name] !== undefined) filled[name] = withDefaults(filled[name], property)
  }
  const additional = at(schema, "additionalProperties")
  if (isFields(additional))
    for (const [name, field] of Object.entries(filled)) filled[name] = withDefaults(field, additional)
  return filled
}

/** The schema in plain JSON Schema: without the extensions and defaults of Kubernetes. */
function plainSchema(schema: unknown): unknown {
  if (!isFields(schema)) return schema
  const plain: Fields = {}
  for (const [name, value] of Object.entries(schema)) {
    if (
      name.startsWith("x-kubernetes-") ||
      name === "default" ||
      name === "description" ||
      name === "example"
    )
      continue
    if (name === "properties" && isFields(value))
      plain[name] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainSchema(inner)]))
    else if (Array.isArray(value))
      plain[name] = value.map((item) => (isFields(item) ? plainSchema(item) : item))
    else plain[name] = isFields(value) ? plainSchema(value) : value
  }
  if (schema["x-kubernetes-int-or-string"] === true) plain["type"] = ["integer", "string"]
  // ajv wants a type beside nullable
  if (plain["type"] === undefined || Array.isArray(plain["type"])) Reflect.deleteProperty(plain, "nullable")
  return plain
}

const compiled = new WeakMap<Fields, ValidateFunction>()

function validatorOf(schema: Fields): ValidateFunction {
  const known = compiled.get(schema)
  if (known) return known
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, logger: false })
  formats.default(ajv)
  const root = plainSchema(schema)
  const properties = at(root, "properties")
  // identity is checked for every kind alike
  if (isFields(properties)) for (const name of identity) Reflect.deleteProperty(properties, name)
  const validate = ajv.compile(root as Fields)
  compiled.set(schema, validate)
  return validate
}

const fieldPath = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((segment) => (/^\d+$/.test(segment) ? `[${segment}]` : `.${segment}`))
    .join("")
    .replace(/^\./, "")

const typeName = (value: unknown): string =>
  Array.isArray(value) ? "array" : value === null ? "null" : typeof value

function causeOf(error: ErrorObject): Cause {
  const field = fieldPath(error.instancePath)
  if (error.keyword === "required") {
    const missing = String(at(error.params, "missingProperty"))
    return {
      reason: "FieldValueRequired",
      message: "Required value",
      field: field === "" ? missing : `${field}.${missing}`,
    }
  }
  if (error.keyword === "enum") {
    const allowed = listOf(at(error.params, "allowedValues")).map((value) => JSON.stringify(value))
    return {
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(error.data)}: supported values: ${allowed.join(", ")}`,
      field,
    }
  }
  if (error.keyword === "type") {
    const found = typeName(error.data)
    return {
      reason: "FieldValueTypeInvalid",
      message: `Invalid value: "${found}": ${field} in body must be of type ${String(at(error.params, "type"))}: "${found}"`,
      field,
    }
  }
  const shown =
    isFields(error.data) || Array.isArray(error.data)
      ? `"${typeName(error.data)}"`
      : JSON.stringify(error.data)
  return {
    reason: "FieldValueInvalid",
    message: `Invalid value: ${shown}: ${field} in body ${error.message ?? "is not valid"}`,
    field,
  }
}

/** Where an object breaks its schema; empty when it does not. Rules in CEL are not evaluated. */
export function schemaCauses(object: Fields, schema: Fields): Cause[] {
  const validate = validatorOf(schema)
  if (validate(object)) return []
  return (validate.errors ?? []).map(causeOf)
}

/** Whether a schema has rules in CEL anywhere. */
export function hasRules(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasRules)
  if (!isFields(schema)) return false
  return "x-kubernetes-validations" in schema || Object.values(schema).some(hasRules)
}
