import type { KubeObject } from "../kube/object.ts"
import { type Finding, findingKey } from "./finding.ts"
import type { Rule } from "./rule.ts"

/** A wish not to be told: of a code (ours, an anchor's, `*`), at objects of a glob, until a time. */
export type Suppression = {
  code: string
  /** `VirtualService reviews.bookinfo` or `bookinfo/reviews`; `*` stands for any text. Empty: everywhere. */
  object: string
  /** RFC 3339; null: for good. */
  until: string | null
  /** Where the wish stands, for people: `annotation`, `settings`, `option`. */
  by: "annotation" | "settings" | "option"
}

export type Suppressed = { finding: Finding; suppression: Suppression }

/** Ours, and the anchors' own. */
export const suppressAnnotation = "smm.io/suppress"
const annotations = [
  suppressAnnotation,
  "galley.istio.io/analyze-suppress",
  "kiali.io/ignore-validations",
] as const

/** `CODE`, or `CODE until 2026-12-31`, separated by commas. */
function parse(written: string): Suppression[] {
  return written
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [code = "", word, until] = part.split(/\s+/)
      return { code, object: "", until: word === "until" ? (until ?? null) : null, by: "annotation" }
    })
}

/** What an object's own annotations ask for. */
export function suppressionsOf(object: KubeObject): Suppression[] {
  const written = object.metadata.annotations
  return written === undefined ? [] : annotations.flatMap((name) => parse(written[name] ?? ""))
}

const globs = (pattern: string, value: string): boolean => {
  const parts = pattern.split("*")
  const [first = "", ...rest] = parts
  if (rest.length === 0) return pattern === value
  if (!value.startsWith(first)) return false
  let from = first.length
  const last = rest.pop() ?? ""
  for (const part of rest) {
    const found = value.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return value.length - last.length >= from && value.endsWith(last)
}

function isFor(suppression: Suppression, finding: Finding, rule: Rule | undefined): boolean {
  const { code, object: glob } = suppression
  if (code !== "*" && code !== finding.code && rule?.aliases.includes(code) !== true) return false
  if (glob === "") return true
  const { namespace, name } = finding.object
  const kind = finding.object.kind.split(".")[0] ?? ""
  const dotted = namespace === "" ? name : `${name}.${namespace}`
  return [`${kind} ${dotted}`, `${kind} ${namespace}/${name}`, `${namespace}/${name}`].some((text) =>
    globs(glob, text),
  )
}

/** What an object's own annotations ask for about a finding, for the longest time; null when nothing. Whether it still holds is not looked at. */
export function suppressionOf(
  object: KubeObject,
  finding: Finding,
  rules: ReadonlyMap<string, Rule>,
): Suppression | null {
  const found = suppressionsOf(object).filter((wish) => isFor(wish, finding, rules.get(finding.code)))
  return (
    found.find(({ until }) => until === null) ??
    found.sort((a, b) => Date.parse(b.until ?? "") - Date.parse(a.until ?? ""))[0] ??
    null
  )
}

/** A time that cannot be read never holds back a finding. */
export const holds = ({ until }: Suppression, nowMs: number): boolean =>
  until === null || Date.parse(until.length === 10 ? `${until}T23:59:59Z` : until) >= nowMs

/** Sorts out what nobody wants to be told of. Suppressed findings are kept: they are shown and counted. */
export function suppress(
  findings: readonly Finding[],
  input: {
    objectOf: (finding: Finding) => KubeObject | undefined
    rules: ReadonlyMap<string, Rule>
    wishes: readonly Suppression[]
    nowMs: number
  },
): { findings: Finding[]; suppressed: Suppressed[] } {
  const kept: Finding[] = []
  const suppressed: Suppressed[] = []
  const own = new Map<string, Suppression[]>()
  for (const finding of findings) {
    const object = input.objectOf(finding)
    const id = findingKey({ ...finding, code: "", path: "" })
    let wishes = own.get(id)
    if (wishes === undefined) {
      wishes = object === undefined ? [] : suppressionsOf(object)
      own.set(id, wishes)
    }
    const found = [...wishes, ...input.wishes].find(
      (wish) => holds(wish, input.nowMs) && isFor(wish, finding, input.rules.get(finding.code)),
    )
    if (found === undefined) kept.push(finding)
    else suppressed.push({ finding, suppression: found })
  }
  return { findings: kept, suppressed }
}
