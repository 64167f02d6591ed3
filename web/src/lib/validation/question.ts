import type { FindingItem, FindingList, NotEvaluatedItem } from "#shared/api/validation.ts"
import { type Level, levels } from "#shared/validation/finding.ts"

export const groupings = ["cause", "namespace", "object"] as const
export type Grouping = (typeof groupings)[number]

/** What a toggle of the bar shows or hides. */
export const shades = [...levels, "unknown", "suppressed"] as const
export type Shade = (typeof shades)[number]
export const usualShades: readonly Shade[] = ["error", "warning", "unknown"]

export const periods = ["ever", "hour", "day", "look"] as const
export type Period = (typeof periods)[number]

/** What the address asks of the page. */
export type Question = {
  group: Grouping
  shades: readonly Shade[]
  /** Ours or an anchor's; empty: all. */
  codes: readonly string[]
  text: string
  /** Only what is known since then, ms; undefined: all. */
  newSince: number | undefined
}

const hourMs = 3_600_000

/** @param looked when the reader last looked at the page before, ms */
export function newSinceOf(period: Period, now: number, looked: number | undefined): number | undefined {
  if (period === "ever") return undefined
  if (period === "look") return looked ?? 0
  return now - (period === "hour" ? hourMs : 24 * hourMs)
}

type Rules = FindingList["rules"]
type Scope = { has: (cluster: string, namespace: string) => boolean }

const shadeOf = ({ level, suppressed }: FindingItem): Level | "suppressed" =>
  suppressed === null ? level : "suppressed"

/** The words of a finding that free text is looked for in. */
const wordsOf = ({ code, message, object, clusterName }: FindingItem, rules: Rules): string =>
  `${object.kind} ${object.namespace}/${object.name} ${message} ${code} ${rules[code]?.title ?? ""} ${rules[code]?.aliases.join(" ") ?? ""} ${clusterName}`.toLowerCase()

const isOf = (code: string, codes: readonly string[], rules: Rules): boolean =>
  codes.length === 0 || codes.some((one) => one === code || rules[code]?.aliases.includes(one) === true)

/** What the question asks for, but for the toggles. */
export function matching(
  list: Pick<FindingList, "items" | "rules">,
  question: Question,
  scope: Scope,
  sinceOf: (finding: FindingItem) => number | null,
): FindingItem[] {
  const words = question.text.toLowerCase().split(/\s+/).filter(Boolean)
  return list.items.filter((finding) => {
    if (!scope.has(finding.cluster, finding.object.namespace)) return false
    if (!isOf(finding.code, question.codes, list.rules)) return false
    if (question.newSince !== undefined && (sinceOf(finding) ?? 0) < question.newSince) return false
    if (words.length === 0) return true
    const all = wordsOf(finding, list.rules)
    return words.every((word) => all.includes(word))
  })
}

/** What could not be evaluated, of the same question. It has neither a namespace nor an age. */
export const unknowns = (
  list: Pick<FindingList, "notEvaluated" | "rules">,
  question: Question,
  scope: Scope & { namespaces: readonly string[] },
): NotEvaluatedItem[] =>
  list.notEvaluated.filter(
    ({ cluster, codes, kind, reason }) =>
      scope.has(cluster, scope.namespaces[0] ?? "") &&
      codes.some((code) => isOf(code, question.codes, list.rules)) &&
      `${kind} ${reason} ${codes.join(" ")}`.toLowerCase().includes(question.text.toLowerCase()),
  )

export type Counts = Record<Shade, number>

export function countsOf(found: readonly FindingItem[], unknown: readonly NotEvaluatedItem[]): Counts {
  const counts: Counts = { error: 0, warning: 0, info: 0, unknown: 0, suppressed: 0 }
  for (const finding of found) counts[shadeOf(finding)]++
  counts.unknown = unknown.length
  return counts
}

export const shownOf = (found: readonly FindingItem[], shown: readonly Shade[]): FindingItem[] =>
  found.filter((finding) => shown.includes(shadeOf(finding)))

/** The codes that are found and how often, most often first. */
export function codeCounts(findings: readonly FindingItem[]): { code: string; count: number }[] {
  const found = new Map<string, number>()
  for (const { code } of findings) found.set(code, (found.get(code) ?? 0) + 1)
  return [...found]
    .map(([code, count]) => ({ code, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
}
