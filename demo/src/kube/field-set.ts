import { unownedMetadata } from "#shared/kube/object.ts"
import { isFields, sameJson, type Fields } from "./json.ts"
import { keyDefaults, ofField, type MergeSchema } from "./merge-schema.ts"

/**
 * Paths of the fields of an object with the value of each leaf, in the words of `FieldsV1`: `f:name` a field, `k:{...}` an item
 * of a list by its keys, `v:...` a value of a set. The path of an item itself stands for its membership.
 */
export type Leaves = Map<string, unknown>
export type FieldSet = Set<string>

const separator = "\u0001"
export const join = (path: string, segment: string): string =>
  path === "" ? segment : `${path}${separator}${segment}`

/** Whether `path` lies below `parent`. */
export const isBelow = (path: string, parent: string): boolean => path.startsWith(parent + separator)

/** `spec.containers[name="a"].image`, as the API server writes it in the causes of a conflict. */
export function displayPath(path: string): string {
  return path
    .split(separator)
    .map((segment) => {
      if (segment.startsWith("f:")) return `.${segment.slice(2)}`
      if (segment.startsWith("v:")) return `[=${segment.slice(2)}]`
      const keys = Object.entries(JSON.parse(segment.slice(2)) as Fields)
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`
    })
    .join("")
}

/** The segment of an item in a list that is merged by keys. */
export function itemSegment(item: unknown, keys: readonly string[]): string {
  const values: Fields = {}
  for (const key of [...keys].sort()) {
    const value = (isFields(item) ? item[key] : undefined) ?? keyDefaults[key]
    if (value !== undefined) values[key] = value
  }
  return `k:${JSON.stringify(values)}`
}

const member = Symbol("member")

function walk(value: unknown, schema: MergeSchema, path: string, out: Leaves): void {
  if (Array.isArray(value)) return walkList(value, schema, path, out)
  if (!isFields(value) || schema.atomic || Object.keys(value).length === 0) {
    out.set(path, value)
    return
  }
  for (const [name, field] of Object.entries(value))
    if (field !== undefined) walk(field, ofField(schema, name), join(path, `f:${name}`), out)
}

function walkList(list: unknown[], schema: MergeSchema, path: string, out: Leaves): void {
  if (schema.list !== "map" && schema.list !== "set") {
    out.set(path, list)
    return
  }
  for (const item of list) {
    if (schema.list === "set") {
      out.set(join(path, `v:${JSON.stringify(item)}`), member)
      continue
    }
    const itemPath = join(path, itemSegment(item, schema.keys ?? []))
    out.set(itemPath, member)
    walk(item, schema.every ?? {}, itemPath, out)
  }
}

/** The leaves of an object that somebody can own: without identity and what only the server writes. */
export function leavesOf(object: Fields, schema: MergeSchema): Leaves {
  const out: Leaves = new Map()
  for (const [name, value] of Object.entries(object)) {
    if (name === "apiVersion" || name === "kind" || value === undefined) continue
    if (name !== "metadata") {
      walk(value, ofField(schema, name), `f:${name}`, out)
      continue
    }
    const owned = Object.fromEntries(
      Object.entries(isFields(value) ? value : {}).filter(([field]) => !unownedMetadata.has(field)),
    )
    if (Object.keys(owned).length > 0) walk(owned, ofField(schema, "metadata"), "f:metadata", out)
  }
  return out
}

/** Which leaves were added or got another value, and which are gone. */
export function compareLeaves(before: Leaves, after: Leaves): { changed: FieldSet; removed: FieldSet } {
  const changed: FieldSet = new Set()
  const removed: FieldSet = new Set()
  for (const [path, value] of after)
    if (!before.has(path) || !sameJson(before.get(path), value)) changed.add(path)
  for (const path of before.keys()) if (!after.has(path)) removed.add(path)
  return { changed, removed }
}

/** A field set in the form of `managedFields[].fieldsV1`. */
export function toFieldsV1(set: Iterable<string>): Fields {
  const root: Fields = {}
  const ends: Fields[] = []
  for (const path of set) {
    let node = root
    for (const segment of path.split(separator)) {
      const next = node[segment]
      const child: Fields = isFields(next) ? next : {}
      node[segment] = child
      node = child
    }
    ends.push(node)
  }
  for (const end of ends) if (Object.keys(end).length > 0) end["."] = {}
  return root
}

/** The reverse of `toFieldsV1`. */
export function fromFieldsV1(fields: unknown): FieldSet {
  const out: FieldSet = new Set()
  const visit = (node: Fields, path: string) => {
    const names = Object.keys(node).filter((name) => name !== ".")
    if (path !== "" && (names.length === 0 || "." in node)) out.add(path)
    for (const name of names) {
      const child = node[name]
      if (isFields(child)) visit(child, join(path, name))
    }
  }
  if (isFields(fields)) visit(fields, "")
  return out
}

const itemMatches = (item: unknown, segment: string): boolean => {
  if (segment.startsWith("v:")) return sameJson(item, JSON.parse(segment.slice(2)))
  if (!segment.startsWith("k:") || !isFields(item)) return false
  const keys = JSON.parse(segment.slice(2)) as Fields
  return Object.entries(keys).every(([name, value]) => sameJson(item[name] ?? keyDefaults[name], value))
}

function removeFrom(value: unknown, node: Fields): unknown {
  if ("." in node || Object.keys(node).length === 0) return undefined
  if (Array.isArray(value)) {
    const segments = Object.keys(node)
    const kept = value.flatMap((item) => {
      const segment = segments.find((name) => itemMatches(item, name))
      const child = segment === undefined ? undefined : node[segment]
      const rest = isFields(child) ? removeFrom(item, child) : item
      return rest === undefined ? [] : [rest]
    })
    return kept.length === 0 ? undefined : kept
  }
  if (!isFields(value)) return value
  const kept: Fields = {}
  for (const [name, field] of Object.entries(value)) {
    const child = node[`f:${name}`]
    const rest = isFields(child) ? removeFrom(field, child) : field
    if (rest !== undefined) kept[name] = rest
  }
  return Object.keys(kept).length === 0 ? undefined : kept
}

/** The object without the fields at the given paths; what becomes empty goes too. */
export function removeFields(object: Fields, set: FieldSet): Fields {
  if (set.size === 0) return object
  const rest = removeFrom(object, toFieldsV1(set))
  return isFields(rest) ? rest : {}
}
