import type { Change, ChangeState } from "#shared/api/change.ts"
import type { Column } from "../table/column.ts"
import type { Field } from "../table/filter.ts"
import type { SortValue } from "../table/order.ts"
import type { GlyphName } from "../ui/glyph.ts"
import { kindName, placeName } from "../validation/finding-place.ts"
import { howText, whoText } from "./words.ts"

const column = (key: string, head: string, more: Partial<Column<Change>> = {}): Column<Change> => ({
  key,
  head,
  sort: sortValue(key),
  ...more,
})

/** Objects of a change, each once. */
export const objectsOf = (change: Pick<Change, "steps">) => [
  ...new Map(
    change.steps.map(({ object }) => [`${object.kind}/${object.namespace}/${object.name}`, object]),
  ).values(),
]
export const objectsText = (change: Pick<Change, "steps">): string =>
  objectsOf(change)
    .map((object) => `${kindName(object.kind)} ${placeName(object)}`)
    .join(", ")

export const stateWords: Record<ChangeState, { glyph: GlyphName; text: string }> = {
  queued: { glyph: "unknown", text: "queued" },
  running: { glyph: "unknown", text: "going on" },
  applied: { glyph: "ok", text: "applied" },
  partly: { glyph: "error", text: "in part" },
  failed: { glyph: "error", text: "failed" },
  expired: { glyph: "warning", text: "expired" },
  undone: { glyph: "idle", text: "undone" },
}

/** `-1, +2`; empty where no finding came or went. */
export const effectText = ({ findings: { added, removed } }: Pick<Change, "findings">): string =>
  added.length + removed.length === 0 ? "" : `-${removed.length}, +${added.length}`

export const clustersText = (change: Pick<Change, "clusters">): string =>
  change.clusters.map(({ clusterName }) => clusterName).join(", ")

const reads: Record<string, (change: Change) => SortValue> = {
  at: (change) => change.at,
  who: whoText,
  how: howText,
  what: (change) => change.title,
  objects: (change) => objectsText(change) || null,
  cluster: (change) => clustersText(change) || null,
  state: (change) => stateWords[change.state].text,
  effect: (change) => change.findings.added.length * 1000 - change.findings.removed.length,
  undo: (change) => change.undoneBy,
}
function sortValue(key: string): (change: Change) => SortValue {
  return reads[key] ?? ((change) => change.title)
}
export const changeSort = sortValue

export const changeColumns: readonly Column<Change>[] = [
  column("at", "When", {
    width: 132,
    numeric: false,
    copy: (change) => new Date(change.at).toISOString(),
  }),
  column("what", "What"),
  column("who", "Who", { width: 150 }),
  column("how", "How", { width: 76, wide: true }),
  column("objects", "Objects", { width: 236, wide: true }),
  column("cluster", "Cluster", { width: 110, wide: true }),
  column("state", "State", { width: 92 }),
  column("effect", "Findings", {
    width: 76,
    wide: true,
    numeric: true,
    copy: (change) => effectText(change),
  }),
  column("undo", "Undo", { width: 72, copy: (change) => change.undoneBy ?? "" }),
]

const texts: Record<string, (change: Change) => readonly string[]> = {
  who: (change) => [change.by.name],
  what: (change) => [change.title],
  control: (change) => (change.intent ? [change.intent.control] : []),
  object: (change) => objectsOf(change).map(({ name }) => name),
  kind: (change) => objectsOf(change).map(({ kind }) => kindName(kind)),
  namespace: (change) => [...new Set(objectsOf(change).map(({ namespace }) => namespace))],
  service: (change) => change.services,
  cluster: (change) => change.clusters.map(({ clusterName }) => clusterName),
}

/** What a filter may ask of changes. */
export const changeFields: readonly Field<Change>[] = [
  ...Object.entries(texts).map(([name, read]): Field<Change> => ({ name, type: "text", read })),
  {
    name: "how",
    type: "text",
    values: ["console", "CLI", "API", "token", "outside", "agent"],
    read: (one) => [howText(one)],
  },
  {
    name: "state",
    type: "text",
    values: ["queued", "running", "applied", "partly", "failed", "expired", "undone"],
    read: (one) => [one.state],
  },
  { name: "guard", type: "text", values: ["yes", "no"], read: (one) => [one.guard ? "yes" : "no"] },
  { name: "added", type: "number", unit: "", read: (one) => one.findings.added.length },
  { name: "removed", type: "number", unit: "", read: (one) => one.findings.removed.length },
]
export const changeText = (change: Change): string =>
  `${change.title} ${change.by.name} ${objectsText(change)} ${change.services.join(" ")} ${change.changeId}`.toLowerCase()

export function changeValues(changes: readonly Change[], name: string): string[] {
  const field = changeFields.find((candidate) => candidate.name === name)
  if (field?.type !== "text") return []
  return field.values
    ? [...field.values]
    : [...new Set(changes.flatMap((change) => field.read(change)))].sort()
}

/** Whether it has to do with what the reader looks at. */
export const changeInScope = (
  change: Change,
  has: (cluster: string, namespace: string) => boolean,
): boolean =>
  change.steps.length === 0
    ? change.clusters.length === 0 || change.clusters.some(({ cluster }) => has(cluster, ""))
    : change.steps.some(({ cluster, object }) => has(cluster, object.namespace))

export const changePath = (changeId: string): string => `/changes/${encodeURIComponent(changeId)}`
