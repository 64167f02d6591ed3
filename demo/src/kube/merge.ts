import { itemSegment } from "./field-set.ts"
import { isFields, sameJson, type Fields } from "./json.ts"
import { ofField, type MergeSchema } from "./merge-schema.ts"

function mergeList(live: unknown[], config: unknown[], schema: MergeSchema): unknown[] {
  if (schema.list === "set")
    return [...live, ...config.filter((item) => !live.some((other) => sameJson(other, item)))]
  const keys = schema.keys ?? []
  const wanted = new Map(config.map((item) => [itemSegment(item, keys), item]))
  const merged = live.map((item) => {
    const segment = itemSegment(item, keys)
    const change = wanted.get(segment)
    if (!wanted.delete(segment)) return item
    return mergeValue(item, change, schema.every ?? {})
  })
  return [...merged, ...wanted.values()]
}

function mergeValue(live: unknown, config: unknown, schema: MergeSchema): unknown {
  if (Array.isArray(live) && Array.isArray(config) && (schema.list === "map" || schema.list === "set"))
    return mergeList(live, config, schema)
  if (!isFields(live) || !isFields(config) || schema.atomic) return config
  return mergeConfig(live, config, schema)
}

/** The live object with everything that the applied configuration says. */
export function mergeConfig(live: Fields, config: Fields, schema: MergeSchema): Fields {
  const merged: Fields = { ...live }
  for (const [name, value] of Object.entries(config))
    merged[name] = name in live ? mergeValue(live[name], value, ofField(schema, name)) : value
  return merged
}

/** JSON merge patch, RFC 7386. */
export function mergePatch(live: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const merged: Fields = isFields(live) ? { ...live } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name)
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}
