import { isRecord } from "../topology/fact/read.ts"
import { at } from "../validation/path.ts"
import { aligned } from "./align.ts"
import { canonicalJson } from "../kube/bucket.ts"
import { isSame } from "./same.ts"

/** What a change made (`base`, of `before`), and what stands there now. Absent: undefined. */
export type Three = { before: unknown; base: unknown; now: unknown }

/** A field that somebody else has changed since. */
export type Kept = { path: string; message: string }
export type Merged = { value: unknown; kept: readonly Kept[] }

type Fields = Readonly<Record<string, unknown>>

const longest = 80
const wordsOf = (value: unknown): string => {
  if (value === undefined) return "absent"
  const text = JSON.stringify(value)
  return text.length > longest ? `${text.slice(0, longest)}...` : text
}

const keep = ({ base, now }: Three, path: string): Merged => ({
  value: now,
  kept: [
    {
      path,
      message: `${path} was ${wordsOf(base)} after the change and is ${wordsOf(now)} now: it stays as it is`,
    },
  ],
})

function mergedFields(three: { before: Fields; base: Fields; now: Fields }, path: string): Merged {
  const { before, base, now } = three
  const kept: Kept[] = []
  const value: Record<string, unknown> = {}
  // Fields that stay stay in their order; those that come back come after them.
  for (const key of new Set([...Object.keys(now), ...Object.keys(before)])) {
    const field = merged({ before: before[key], base: base[key], now: now[key] }, at(path, key))
    kept.push(...field.kept)
    if (field.value !== undefined) value[key] = field.value
  }
  return { value, kept }
}

/** What became of each element of `base`, and what was put in front of each of them (and after the last). */
type Fate = { become: "kept" | "edited" | "removed"; value: unknown }
function fatesOf(base: readonly unknown[], other: readonly unknown[]): { fates: Fate[]; added: unknown[][] } {
  const fates: Fate[] = []
  const added: unknown[][] = [[]]
  const costOf = (from: unknown, to: unknown): number =>
    from === undefined ? 1 + canonicalJson(to).length : distance(from, to)
  for (const step of aligned(base, other, { textOf: canonicalJson, costOf })) {
    if (step.become === "added") {
      added.at(-1)?.push(step.after)
      continue
    }
    const value = step.become === "edited" ? step.after : base[fates.length]
    fates.push({ become: step.become, value })
    added.push([])
  }
  return { fates, added }
}

/** What an element is told from others by, where it has such: its name, destination or port. */
function identityOf(element: Fields): string | undefined {
  const said = element["name"] ?? element["destination"] ?? element["port"] ?? element["number"]
  return said === undefined ? undefined : canonicalJson(said)
}

/** How little two elements have in common: those that share fields are the same one, edited; those of different names never are. */
function distance(a: unknown, b: unknown): number {
  if (!isRecord(a) || !isRecord(b)) return canonicalJson(b).length + 1
  const [one, other] = [identityOf(a), identityOf(b)]
  if (one !== undefined && other !== undefined && one !== other) return Infinity
  return Object.keys({ ...a, ...b })
    .filter((key) => !isSame(a[key], b[key]))
    .reduce((sum, key) => sum + canonicalJson(b[key]).length + 1, 0)
}

/** Elements whose shares belong together: half of an old list and half of a new one would be neither. */
const isWhole = (elements: readonly unknown[]): boolean =>
  elements.some((element) => isRecord(element) && element["weight"] !== undefined)

type Lists = { before: readonly unknown[]; base: readonly unknown[]; now: readonly unknown[] }

function mergedLists({ before, base, now }: Lists, path: string): Merged {
  const [ours, theirs] = [fatesOf(base, before), fatesOf(base, now)]
  const value: unknown[] = []
  const kept: Kept[] = []
  for (let i = 0; i <= base.length; i++) {
    value.push(...added(theirs.added[i] ?? [], ours.added[i] ?? []))
    const [our, their] = [ours.fates[i], theirs.fates[i]]
    if (our === undefined || their === undefined) continue
    const element = mergedElement({ our, their, base: base[i] }, at(path, value.length))
    if (element.value !== undefined) value.push(element.value)
    kept.push(...element.kept)
  }
  return kept.length > 0 && isWhole(now) ? keep({ before, base, now }, path) : { value, kept }
}

/** What both have put in the same place is there once. */
const added = (theirs: readonly unknown[], ours: readonly unknown[]): unknown[] => [
  ...ours.filter((own) => !theirs.some((other) => isSame(own, other))),
  ...theirs,
]

function mergedElement(
  { our, their, base }: { our: Fate; their: Fate; base: unknown },
  path: string,
): Merged {
  if (their.become === "removed")
    return our.become === "edited"
      ? keep({ before: our.value, base, now: undefined }, path)
      : { value: undefined, kept: [] }
  if (our.become === "removed")
    return their.become === "kept"
      ? { value: undefined, kept: [] }
      : keep({ before: undefined, base, now: their.value }, path)
  return merged({ before: our.value, base, now: their.value }, path)
}

/**
 * What stands there now with what a change did taken back: where it is as the change left it, it becomes what it was; what somebody else has changed since
 * stays, and is told of.
 */
export function merged(three: Three, path: string): Merged {
  const { before, base, now } = three
  if (isSame(before, base) || isSame(now, before)) return { value: now, kept: [] }
  if (isSame(now, base)) return { value: before, kept: [] }
  if (Array.isArray(before) && Array.isArray(base) && Array.isArray(now))
    return mergedLists({ before, base, now }, path)
  if (isRecord(base) && isRecord(now) && (before === undefined || isRecord(before))) {
    const fields = mergedFields({ before: before ?? {}, base, now }, path)
    const emptied = before === undefined && Object.keys(fields.value as Fields).length === 0
    return emptied ? { ...fields, value: undefined } : fields
  }
  return keep(three, path)
}
