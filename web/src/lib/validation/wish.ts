import type { FindingItem, FindingList, SuppressionRule } from "#shared/api/validation.ts"
import type { Rule } from "#shared/validation/rule.ts"
import { suppress } from "#shared/validation/suppression.ts"
import { kindName } from "./finding-place.ts"

export const spans = ["day", "week", "ever"] as const
export type Span = (typeof spans)[number]
const dayMs = 86_400_000

/** When a wish ends, ms; null: never. */
export const untilOf = (span: Span, now: number): number | null =>
  span === "ever" ? null : now + (span === "day" ? 1 : 7) * dayMs

/** The object of a finding in the words of a wish. */
export const objectText = ({ kind, namespace, name }: FindingItem["object"]): string =>
  `${kindName(kind)} ${namespace === "" ? name : `${namespace}/${name}`}`

/** The organization's wish that keeps a finding silent; undefined when it is not one of these. */
export function wishFor(
  finding: FindingItem,
  wishes: readonly SuppressionRule[],
  rules: FindingList["rules"],
  now: number,
): SuppressionRule | undefined {
  const known = new Map(
    Object.entries(rules).map(([code, rule]): [string, Rule] => [code, { ...rule, code, level: "error" }]),
  )
  return wishes.find(
    ({ code, object, until }) =>
      suppress([finding], {
        objectOf: () => undefined,
        rules: known,
        wishes: [
          { code, object, until: until === null ? null : new Date(until).toISOString(), by: "settings" },
        ],
        nowMs: now,
      }).suppressed.length > 0,
  )
}
