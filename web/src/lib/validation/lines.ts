import type { FindingItem, FindingList, NotEvaluatedItem } from "#shared/api/validation.ts"
import { keyOf, kindName, objectKeyOf, placeName, worse } from "./finding-place.ts"
import type { Grouping } from "./question.ts"
import { byCodeUnit } from "#shared/order.ts"

/** A line of the list: the head of a group, a finding, or what is not known. */
export type Line =
  | { type: "group"; key: string; title: string; count: number; closed: boolean }
  | { type: "finding"; key: string; finding: FindingItem }
  | { type: "unknown"; key: string; item: NotEvaluatedItem }

type Group = { key: string; title: string; findings: FindingItem[] }

function groupOf(
  finding: FindingItem,
  grouping: Grouping,
  rules: FindingList["rules"],
): { key: string; title: string } {
  const { object, code } = finding
  if (grouping === "cause") return { key: code, title: rules[code]?.title ?? code }
  if (grouping === "namespace")
    return {
      key: object.namespace,
      title: object.namespace === "" ? "Of the whole cluster" : object.namespace,
    }
  return {
    key: objectKeyOf(finding.cluster, object),
    title: `${kindName(object.kind)} ${placeName(object)}`,
  }
}

const place = ({ object }: FindingItem): string => `${object.namespace}\n${object.name}\n${object.kind}`

const byLevel = (a: FindingItem, b: FindingItem): number =>
  worse(a.level, b.level) ||
  byCodeUnit(place(a), place(b)) ||
  byCodeUnit(a.path, b.path) ||
  byCodeUnit(keyOf(a), keyOf(b))

/** Worst level first, then the larger group, then by name: an order that does not depend on which came first. */
const byWorst = (a: Group, b: Group): number => {
  const [one, other] = [a.findings[0], b.findings[0]]
  const level = one && other ? worse(one.level, other.level) : 0
  return (
    level || b.findings.length - a.findings.length || byCodeUnit(a.title, b.title) || byCodeUnit(a.key, b.key)
  )
}

/** The list as it is drawn; what is not evaluated stands last. `closed`: keys of groups that are folded. */
export function linesOf(
  found: readonly FindingItem[],
  unknown: readonly NotEvaluatedItem[],
  options: { group: Grouping; rules: FindingList["rules"]; closed: ReadonlySet<string> },
): Line[] {
  const groups = new Map<string, Group>()
  for (const finding of found) {
    const { key, title } = groupOf(finding, options.group, options.rules)
    const known = groups.get(key)
    if (known) known.findings.push(finding)
    else groups.set(key, { key, title, findings: [finding] })
  }
  for (const group of groups.values()) group.findings.sort(byLevel)
  const lines: Line[] = []
  const open = (key: string, title: string, count: number): boolean => {
    const closed = options.closed.has(key)
    lines.push({ type: "group", key: `group ${key}`, title, count, closed })
    return !closed
  }
  const seen = new Map<string, number>()
  for (const { key, title, findings } of [...groups.values()].sort(byWorst)) {
    if (!open(key, title, findings.length)) continue
    for (const finding of findings) {
      const own = keyOf(finding)
      const same = seen.get(own) ?? 0
      seen.set(own, same + 1)
      lines.push({ type: "finding", key: same === 0 ? own : `${own}#${same + 1}`, finding })
    }
  }
  if (unknown.length > 0 && open(unknownKey, "Not evaluated", unknown.length))
    for (const item of unknown)
      lines.push({ type: "unknown", key: `unknown ${item.cluster} ${item.kind}`, item })
  return lines
}

export const unknownKey = "not evaluated"
