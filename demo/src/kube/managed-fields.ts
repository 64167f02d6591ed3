import { at, isFields, listOf, textOf, type Fields } from "./json.ts"
import {
  compareLeaves,
  displayPath,
  fromFieldsV1,
  isBelow,
  leavesOf,
  removeFields,
  toFieldsV1,
  type FieldSet,
} from "./field-set.ts"
import { mergeConfig } from "./merge.ts"
import type { MergeSchema } from "./merge-schema.ts"
import type { Cause } from "./status.ts"

/** Who owns which fields, by which way of writing. */
export type ManagedEntry = {
  manager: string
  operation: "Apply" | "Update"
  apiVersion: string
  subresource: string
  time: string
  set: FieldSet
}

/** Who writes now. */
export type Writer = { manager: string; apiVersion: string; subresource: string; time: string }

export const readManaged = (object: Fields | undefined): ManagedEntry[] =>
  listOf(at(object, "metadata", "managedFields")).map((entry) => ({
    manager: textOf(at(entry, "manager")),
    operation: at(entry, "operation") === "Apply" ? "Apply" : "Update",
    apiVersion: textOf(at(entry, "apiVersion")),
    subresource: textOf(at(entry, "subresource")),
    time: textOf(at(entry, "time")),
    set: fromFieldsV1(at(entry, "fieldsV1")),
  }))

const writeManaged = (entries: ManagedEntry[]): Fields[] =>
  entries
    .filter(({ set }) => set.size > 0)
    .map(({ set, subresource, ...entry }) => ({
      ...entry,
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(set),
      ...(subresource === "" ? {} : { subresource }),
    }))

export function withManaged(object: Fields, entries: ManagedEntry[]): Fields {
  const metadata = isFields(object["metadata"]) ? object["metadata"] : {}
  return { ...object, metadata: { ...metadata, managedFields: writeManaged(entries) } }
}

const isOf = (entry: ManagedEntry, writer: Writer, operation: ManagedEntry["operation"]) =>
  entry.manager === writer.manager &&
  entry.operation === operation &&
  entry.subresource === writer.subresource

/** Owners after a create, update or patch: the writer takes what changed, and nobody owns what is gone. */
export function ownUpdate(
  before: Fields | undefined,
  after: Fields,
  schema: MergeSchema,
  writer: Writer,
): Fields {
  const { changed, removed } = compareLeaves(
    before ? leavesOf(before, schema) : new Map(),
    leavesOf(after, schema),
  )
  const entries = readManaged(before)
  if (changed.size === 0 && removed.size === 0) return withManaged(after, entries)
  let own = entries.find((entry) => isOf(entry, writer, "Update"))
  if (!own && changed.size > 0) {
    own = { ...writer, operation: "Update", set: new Set() }
    entries.push(own)
  }
  for (const entry of entries) {
    entry.set = entry.set.difference(removed)
    if (entry !== own) entry.set = entry.set.difference(changed)
  }
  if (own && changed.size > 0) {
    own.set = own.set.union(changed)
    own.time = writer.time
    own.apiVersion = writer.apiVersion
  }
  return withManaged(after, entries)
}

export type ApplyOutcome = { object: Fields } | { conflicts: Cause[] }

const conflictCause = (entry: ManagedEntry, path: string): Cause => {
  const how = entry.operation === "Update" ? ` using ${entry.apiVersion}` : ""
  return {
    reason: "FieldManagerConflict",
    message: `conflict with "${entry.manager}"${entry.subresource === "" ? "" : ` with subresource "${entry.subresource}"`}${how}`,
    field: displayPath(path),
  }
}

/** What the writer applied before and does not any more, as far as nobody else wants it. */
function abandoned(last: FieldSet, now: FieldSet, others: readonly ManagedEntry[]): FieldSet {
  const wanted = [now, ...others.map((entry) => entry.set)]
  const isWanted = (path: string) =>
    wanted.some((set) => set.has(path) || set.values().some((other) => isBelow(other, path)))
  return new Set(
    last
      .difference(now)
      .values()
      .filter((path) => !isWanted(path)),
  )
}

type ApplyInput = {
  live: Fields | undefined
  config: Fields
  schema: MergeSchema
  writer: Writer
  force: boolean
}

/** Server-side apply: merges the configuration, finds conflicts with other owners, drops what the writer no longer wants. */
export function applyConfig({ live, config, schema, writer, force }: ApplyInput): ApplyOutcome {
  const before = live ? leavesOf(live, schema) : new Map<string, unknown>()
  const configSet: FieldSet = new Set(leavesOf(config, schema).keys())
  let entries = readManaged(live)
  if (live && entries.length === 0 && before.size > 0)
    entries = [
      {
        ...writer,
        manager: "before-first-apply",
        operation: "Update",
        subresource: "",
        set: new Set(before.keys()),
      },
    ]
  const own = entries.find((entry) => isOf(entry, writer, "Apply"))
  const others = entries.filter((entry) => entry !== own)
  const merged = mergeConfig(live ?? {}, config, schema)
  const { changed, removed } = compareLeaves(before, leavesOf(merged, schema))
  if (!force) {
    const conflicts = others.flatMap((entry) =>
      [...entry.set.intersection(changed)].sort().map((path) => conflictCause(entry, path)),
    )
    if (conflicts.length > 0) return { conflicts }
  }
  for (const entry of others) entry.set = entry.set.difference(changed).difference(removed)
  const pruned = removeFields(merged, abandoned(own?.set ?? new Set(), configSet, others))
  const sameSet = own !== undefined && own.set.symmetricDifference(configSet).size === 0
  const mine: ManagedEntry = {
    ...writer,
    operation: "Apply",
    set: configSet,
    time: sameSet && changed.size === 0 ? own.time : writer.time,
  }
  return { object: withManaged(pruned, [...others, mine]) }
}
