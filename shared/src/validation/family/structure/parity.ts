import { list, record, text } from "../../../topology/fact/read.ts"
import { base64 } from "./form.ts"
import { typedConditions } from "./oracle.ts"
import type { Schema } from "./schema.ts"

/** For tests: where a schema of ours says something else than a definition. */

type Json = Readonly<Record<string, unknown>>

const largest: Readonly<Record<string, [number, number]>> = {
  int32: [-2_147_483_648, 2_147_483_647],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}

/** The form's own spelling, where ours differs on purpose and says the same. */
const respelled: Readonly<Record<string, string>> = {
  "^[!-~]+([\\t ]?[!-~]+)*$": "^[!-~]+(?:[\\t ][!-~]+)*$",
  "(^$|^[a-f0-9]{64}$)": "^$|^[a-f0-9]{64}$",
}
const sameForm = (pattern: string): string =>
  (respelled[pattern] ?? pattern).replaceAll("\\/", "/").replaceAll("\\-", "-")

const sorted = (groups: readonly (readonly string[])[]): string =>
  JSON.stringify([...new Set(groups.map((group) => JSON.stringify(group.toSorted())))].toSorted())

type Said = Readonly<Record<string, unknown>>

/** What a schema says of its own place, in the words of the definitions. */
function ownSaid(schema: Schema): Said {
  switch (schema.type) {
    case "object":
      return {
        type: "object",
        fields: [...schema.fields.keys()].toSorted().join(),
        required: schema.required.toSorted().join(),
        exclusive: sorted(schema.exclusive),
      }
    case "list":
      return { type: "array", min: schema.min, max: schema.max, keys: schema.keys?.join() }
    case "map":
      return { type: "map", min: schema.min, max: schema.max }
    case "text":
      return {
        type: "string",
        min: schema.min,
        max: schema.max,
        form: schema.form === null ? undefined : sameForm(schema.form.pattern.source),
        values: schema.values?.toSorted().join("|"),
      }
    case "number":
      return {
        type: schema.whole ? "integer" : "number",
        min: schema.min,
        max: schema.max,
        values: schema.values?.join("|"),
      }
    case "boolean":
      return { type: "boolean" }
    case "any":
      return { type: "any" }
  }
}

const orElse = (value: unknown, fallback: number): number => (typeof value === "number" ? value : fallback)

function definedSaid(schema: Json): Said {
  const { exclusive, typed } = typedConditions(schema)
  const all: Json = { ...schema, ...typed }
  if (all["type"] === undefined) return { type: "any" }
  switch (all["type"]) {
    case "object": {
      if (!all["properties"])
        return {
          type: "map",
          min: orElse(all["minProperties"], 0),
          max: orElse(all["maxProperties"], Infinity),
        }
      const fields = record(all["properties"])
      const required = list(all["required"]).filter(
        (name) => record(fields[text(name)])["default"] === undefined,
      )
      return {
        type: "object",
        fields: Object.keys(fields).toSorted().join(),
        required: required.toSorted().join(),
        exclusive: sorted(exclusive),
      }
    }
    case "array":
      return {
        type: "array",
        min: orElse(all["minItems"], 0),
        max: orElse(all["maxItems"], Infinity),
        keys:
          all["x-kubernetes-list-type"] === "set"
            ? ""
            : (all["x-kubernetes-list-map-keys"] as string[] | undefined)?.join(),
      }
    case "string":
      return {
        type: "string",
        min: orElse(all["minLength"], 0),
        max: orElse(all["maxLength"], Infinity),
        form:
          typeof all["pattern"] === "string"
            ? sameForm(all["pattern"])
            : all["format"] === "byte"
              ? sameForm(base64.pattern.source)
              : undefined,
        values: (all["enum"] as string[] | undefined)?.toSorted().join("|"),
      }
    case "integer":
    case "number": {
      const format = largest[text(all["format"])] ?? [-Infinity, Infinity]
      return {
        type: all["type"],
        min: orElse(all["minimum"], format[0]),
        max: orElse(all["maximum"], format[1]),
        values: (all["enum"] as number[] | undefined)?.join("|"),
      }
    }
    default:
      return { type: all["type"] }
  }
}

/** Conditions that need none of ours: about a change rather than an object, or said by the keys of the list. */
const needless = new Set([
  "self == oldSelf",
  "self.all(l1, self.exists_one(l2, l1.name == l2.name))",
  "self.all(t1, self.exists_one(t2, t1.port == t2.port))",
])

/** Whether a place has conditions and none of ours, or the other way round. A format of one of several kinds counts as one. */
function conditionsDiffer(own: Schema, defined: Json): boolean {
  const theirs =
    typedConditions(defined).others.filter((rule) => !needless.has(rule)).length +
    list(defined["oneOf"]).filter((branch) => record(branch)["properties"] !== undefined).length
  return theirs > 0 !== ("rules" in own && own.rules.length > 0)
}

/** What is not the same, one line each: where, which word, ours, theirs. */
export function differences(own: Schema, defined: Json, path: string): string[] {
  const [ours, theirs] = [ownSaid(own), definedSaid(defined)]
  const result = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    .filter((word) => ours[word] !== theirs[word])
    .map((word) => `${path} ${word}: ${String(ours[word])} / ${String(theirs[word])}`)
  if (conditionsDiffer(own, defined)) result.push(`${path} has conditions on one side only`)
  if (own.type === "object")
    for (const [name, field] of own.fields)
      result.push(...differences(field, record(record(defined["properties"])[name]), `${path}.${name}`))
  if (own.type === "list") result.push(...differences(own.items, record(defined["items"]), `${path}[]`))
  if (own.type === "map")
    result.push(...differences(own.values, record(defined["additionalProperties"]), `${path}{}`))
  return result
}
