import type { KubeObject } from "../kube/object.ts"
import { kindKeyOf, unownedMetadata } from "../kube/object.ts"
import { canonicalJson } from "../kube/bucket.ts"
import { isSame } from "../edit/same.ts"
import { type Json, isRecord, list, record, text } from "../topology/fact/read.ts"

/**
 * Fields as Kubernetes owns them: a path is the segments of `FieldsV1` (`f:spec`, `k:{"name":"http"}`, `v:"x"`), a leaf is what is owned as a whole.
 * Source: Kubernetes, server-side apply; sigs.k8s.io/structured-merge-diff.
 */
export type Path = readonly string[]
/** Leaves by the text of their path. */
export type Leaves = ReadonlyMap<string, { path: Path; value: unknown }>

export const textOf = (path: Path): string => path.join("\u0001")

/** Who wrote which fields of an object; entries of subresources (status) are left out. */
export type ManagedEntry = {
  manager: string
  operation: "Apply" | "Update"
  at: string | null
  fields: Json
}

export const managedOf = (live: KubeObject): ManagedEntry[] =>
  list(live.metadata["managedFields"])
    .map(record)
    .filter((entry) => text(entry["subresource"]) === "")
    .map((entry) => ({
      manager: text(entry["manager"]),
      operation: entry["operation"] === "Apply" ? "Apply" : "Update",
      at: text(entry["time"]) || null,
      fields: record(entry["fieldsV1"]),
    }))

/** The lists of our kinds that are merged by the keys of their items. All others are owned as a whole. Source: the definitions of Istio and Gateway API. */
const keyedLists: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "Gateway.gateway.networking.k8s.io": { "f:spec\u0001f:listeners": ["name"] },
  "ServiceEntry.networking.istio.io": { "f:spec\u0001f:ports": ["name"] },
}
const ownerReferences = "f:metadata\u0001f:ownerReferences"
const finalizers = "f:metadata\u0001f:finalizers"

const isEmpty = (value: Json): boolean => Object.keys(value).length === 0

/** What the server itself has said about a list, by how it noted its owners. */
function notedAs(path: Path, entries: readonly ManagedEntry[]): "atomic" | "set" | readonly string[] | null {
  for (const { fields } of entries) {
    const node = path.reduce<Json | undefined>((at, step) => (at?.[step] as Json) ?? undefined, fields)
    if (node === undefined) continue
    const [first = ""] = Object.keys(node).filter((key) => key !== ".")
    if (first === "") return "atomic"
    if (first.startsWith("v:")) return "set"
    if (first.startsWith("k:")) return Object.keys(record(JSON.parse(first.slice(2))))
  }
  return null
}

function listType(
  kind: string,
  path: Path,
  entries: readonly ManagedEntry[],
): "atomic" | "set" | readonly string[] {
  const at = textOf(path)
  if (at === finalizers) return "set"
  if (at === ownerReferences) return ["uid"]
  return notedAs(path, entries) ?? keyedLists[kind]?.[at] ?? "atomic"
}

const keySegment = (item: unknown, keys: readonly string[]): string => {
  const fields = record(item)
  return `k:${canonicalJson(Object.fromEntries(keys.map((key) => [key, fields[key]])))}`
}

/** The leaves of an object, its status left out. `like` is what the server has stored: it tells how lists are merged. */
export function leavesOf(object: KubeObject, like: KubeObject = object): Leaves {
  const leaves = new Map<string, { path: Path; value: unknown }>()
  const kind = kindKeyOf(object)
  const entries = managedOf(like)
  const add = (path: Path, value: unknown): void => void leaves.set(textOf(path), { path, value })

  function walkList(items: readonly unknown[], path: Path): void {
    const type = listType(kind, path, entries)
    if (type === "atomic" || items.length === 0) return add(path, items)
    for (const item of items) {
      const at = [...path, type === "set" ? `v:${canonicalJson(item)}` : keySegment(item, type)]
      add([...at, "."], null)
      if (type !== "set") walk(item, at)
    }
  }
  function walk(value: unknown, path: Path): void {
    if (Array.isArray(value)) return walkList(value, path)
    if (!isRecord(value) || isEmpty(value)) return add(path, value)
    for (const [name, field] of Object.entries(value))
      if (field !== undefined) walk(field, [...path, `f:${name}`])
  }

  for (const [name, value] of Object.entries(object)) {
    if (["apiVersion", "kind", "status"].includes(name) || value === undefined) continue
    if (name !== "metadata") walk(value, [`f:${name}`])
    else
      for (const [field, inner] of Object.entries(object.metadata))
        if (!unownedMetadata.has(field) && inner !== undefined) walk(inner, ["f:metadata", `f:${field}`])
  }
  return leaves
}

export type Difference = {
  /** Added, or of another value. */
  set: Path[]
  removed: Path[]
}

/** What differs between two states of an object, in leaves. */
export function differenceOf(before: Leaves, after: Leaves): Difference {
  const set: Path[] = []
  const removed: Path[] = []
  for (const [at, { path, value }] of after) {
    const known = before.get(at)
    if (!known || !isSame(known.value, value)) set.push(path)
  }
  const grown = new Set(set.flatMap((path) => path.map((_, end) => textOf(path.slice(0, end)))))
  // An empty map or list that got content is no removal.
  for (const [at, { path }] of before) if (!after.has(at) && !grown.has(at)) removed.push(path)
  return { set, removed }
}

/** Whether an owner's fields hold this path, or something below it. */
export function holds(fields: Json, path: Path): boolean {
  let node: unknown = fields
  for (const step of path) {
    if (step === ".") return isRecord(node) && ("." in node || isEmpty(node))
    if (!isRecord(node) || !(step in node)) return false
    node = node[step]
  }
  return true
}

/** A path as people write it: `spec.http`, `spec.listeners[name=web].port`. */
export function written(path: Path): string {
  let out = ""
  for (const step of path) {
    if (step.startsWith("f:")) {
      const name = step.slice(2)
      out += /^[\w-]+$/.test(name) ? `${out === "" ? "" : "."}${name}` : `[${JSON.stringify(name)}]`
    } else if (step.startsWith("k:"))
      out += `[${Object.entries(record(JSON.parse(step.slice(2))))
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(",")}]`
    else if (step.startsWith("v:")) out += `[${step.slice(2)}]`
  }
  return out
}
