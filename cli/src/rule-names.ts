import { rulesByCode } from "#shared/validation/families.ts"
import type { Rule } from "#shared/validation/rule.ts"

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The rules that a code stands for: one for ours, all of an anchor's (IST0101, KIA1107). Upper and lower case are the same. */
export const rulesNamed = (code: string): Rule[] =>
  [...rulesByCode.values()].filter(
    (rule) => same(rule.code, code) || rule.aliases.some((alias) => same(alias, code)),
  )

/** Every code that a person may write: ours, and the anchors'. */
export function allCodes(): string[] {
  const rules = [...rulesByCode.values()]
  return [...new Set([...rules.map(({ code }) => code), ...rules.flatMap(({ aliases }) => aliases)])].sort()
}

/** A code as rules have it: `ist0101` is `IST0101`. As it was written when no rule has it. */
export const spelled = (code: string): string => allCodes().find((known) => same(known, code)) ?? code

/** Codes that somebody may have meant: those with all of its words, or the same beginning. */
export function codesLike(code: string): string[] {
  const wanted = code.toLowerCase()
  const words = wanted.split(/[^a-z0-9]+/).filter((word) => word.length > 2)
  const codes = allCodes()
  const near = codes.filter((known) => words.length > 0 && words.every((word) => known.includes(word)))
  const begins = codes.filter((known) => known.startsWith(wanted.split(".")[0] ?? wanted))
  return [...new Set([...near, ...begins])].slice(0, 5)
}

/** What to say of a code that no rule has. */
export function unknownCode(code: string): string {
  const like = codesLike(code)
  return `no rule has the code "${code}"${like.length > 0 ? `; is it ${like.join(", ")}` : ""}; smm rules lists them`
}
