import { isFields, listOf, sameJson, textsOf, type Fields } from "./json.ts"
import { ofField, type MergeSchema } from "./merge-schema.ts"
import { badRequest } from "./status.ts"

const orderPrefix = "$setElementOrder/"
const deletePrefix = "$deleteFromPrimitiveList/"

const isDirective = (name: string) => name.startsWith("$")

const bare = (patch: Fields): Fields =>
  Object.fromEntries(Object.entries(patch).filter(([name]) => !isDirective(name)))

/** The key by which the strategic merge patch finds items; lists with several keys use the first. */
const mergeKey = (schema: MergeSchema): string | undefined =>
  schema.list === "map" ? schema.keys?.[0] : undefined

function patchItems(live: unknown[], patch: unknown[], key: string, every: MergeSchema): unknown[] {
  if (patch.some((item) => isFields(item) && item["$patch"] === "replace"))
    return patch.filter(
      (item) => !(isFields(item) && item["$patch"] === "replace" && Object.keys(item).length === 1),
    )
  let merged = [...live]
  for (const item of patch) {
    if (!isFields(item) || item[key] === undefined)
      throw badRequest(`the patch has a list item without its merge key "${key}"`)
    const index = merged.findIndex((other) => isFields(other) && sameJson(other[key], item[key]))
    if (item["$patch"] === "delete") merged = merged.filter((_, position) => position !== index)
    else if (index < 0) merged.push(bare(item))
    else merged = merged.with(index, strategicPatch(merged[index], item, every))
  }
  return merged
}

function patchList(live: unknown, patch: unknown[], schema: MergeSchema): unknown[] {
  const key = mergeKey(schema)
  if (key !== undefined) return patchItems(listOf(live), patch, key, schema.every ?? {})
  if (schema.list !== "set") return patch
  const before = listOf(live)
  return [...before, ...patch.filter((item) => !before.some((other) => sameJson(other, item)))]
}

/** Puts the items in the given order; items the order does not name keep their place at the end. */
function ordered(list: unknown, order: unknown[], schema: MergeSchema): unknown {
  if (!Array.isArray(list)) return list
  const key = mergeKey(schema)
  const rank = (item: unknown) => {
    const index = order.findIndex((wanted) =>
      key === undefined
        ? sameJson(item, wanted)
        : isFields(item) && isFields(wanted) && sameJson(item[key], wanted[key]),
    )
    return index < 0 ? order.length : index
  }
  return list.toSorted((a, b) => rank(a) - rank(b))
}

function patchFields(live: Fields, patch: Fields, schema: MergeSchema): Fields {
  const merged: Fields = { ...live }
  for (const [name, value] of Object.entries(patch)) {
    if (isDirective(name)) continue
    if (value === null) Reflect.deleteProperty(merged, name)
    else if (Array.isArray(value)) merged[name] = patchList(merged[name], value, ofField(schema, name))
    else merged[name] = strategicPatch(merged[name], value, ofField(schema, name))
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(deletePrefix)) {
      const field = name.slice(deletePrefix.length)
      merged[field] = listOf(merged[field]).filter(
        (item) => !listOf(value).some((gone) => sameJson(item, gone)),
      )
    }
    if (name.startsWith(orderPrefix)) {
      const field = name.slice(orderPrefix.length)
      if (field in merged) merged[field] = ordered(merged[field], listOf(value), ofField(schema, field))
    }
  }
  if (Array.isArray(patch["$retainKeys"])) {
    const retained = new Set(textsOf(patch["$retainKeys"]))
    for (const name of Object.keys(merged)) if (!retained.has(name)) Reflect.deleteProperty(merged, name)
  }
  return merged
}

/**
 * Strategic merge patch of a built-in kind, with the directives kubectl sends.
 * https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
export function strategicPatch(live: unknown, patch: unknown, schema: MergeSchema): unknown {
  if (!isFields(patch)) return patch
  if (patch["$patch"] === "replace") return bare(patch)
  if (patch["$patch"] === "delete") return undefined
  return patchFields(isFields(live) ? live : {}, patch, schema)
}
