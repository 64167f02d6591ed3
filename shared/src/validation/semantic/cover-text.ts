import { record } from "../../topology/fact/read.ts"

/**
 * The texts a StringMatch takes. `any`: all, for what every request has; `present`: all, where there may be none. `fold`: whatever their case;
 * `value` is then in lower case. `path` is Gateway API's prefix, which ends where a segment ends; its value has no slash at the end.
 */
export type Texts =
  | { kind: "any" }
  | { kind: "present" }
  | { kind: "exact"; value: string; fold: boolean }
  | { kind: "prefix"; value: string; fold: boolean }
  | { kind: "path"; value: string }
  /** `lead` is what every text that matches begins with. */
  | { kind: "regex"; value: string; lead: string }

/** What an empty match takes, and one that takes all texts, the empty one too. */
export type Whole = { empty: Texts; all: Texts }

const any: Texts = { kind: "any" }
const present: Texts = { kind: "present" }

/** Of a method, a path: what every request has. */
export const always: Whole = { empty: any, all: any }
/** Of a header or parameter that is wanted. */
export const wanted: Whole = { empty: present, all: present }
/** Of a header that is not wanted: an absent one is empty, unless mere presence is asked for. */
export const unwanted: Whole = { empty: present, all: { kind: "prefix", value: "", fold: false } }

/** Envoy folds ASCII letters only. */
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
const isCaseless = (text: string): boolean => !/[a-zA-Z]/.test(text)

const special = "\\.+*?()[]{}|^$"

/** Whether a pattern has an alternative outside of its groups. */
function hasAlternatives(pattern: string): boolean {
  if (!pattern.includes("|")) return false
  let depth = 0
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i)
    if (char === "\\") i++
    else if (char === "[") return true
    else if (char === "(") depth++
    else if (char === ")") depth--
    else if (char === "|" && depth === 0) return true
  }
  return false
}

/** The plain text that a pattern begins with, and where in the pattern it ends. */
function leadOf(pattern: string): { lead: string; end: number } {
  let lead = ""
  let at = pattern.startsWith("^") ? 1 : 0
  while (at < pattern.length) {
    const escaped = pattern.charAt(at) === "\\"
    const char = pattern.charAt(escaped ? at + 1 : at)
    const isPlain = escaped
      ? char !== "" && /[^0-9A-Za-z]/.test(char) && char < "\u0080"
      : !special.includes(char)
    const end = at + (escaped ? 2 : 1)
    if (!isPlain || "*?{".includes(pattern.charAt(end) || " ")) break
    lead += char
    at = end
  }
  return { lead, end: at }
}

/** A pattern as the plainest form that takes the same texts: `/a` is exact, `/a.*` a prefix, `.*` anything. Values have no line breaks. */
function pattern(value: string, whole: Whole): Texts {
  if (value === "*" && whole.empty.kind === "present") return whole.empty
  if (hasAlternatives(value)) return { kind: "regex", value, lead: "" }
  const { lead, end } = leadOf(value)
  const rest = value.slice(end)
  if (rest === "" || rest === "$") return { kind: "exact", value: lead, fold: false }
  if (rest === ".*" || rest === ".*$")
    return lead === "" ? whole.all : { kind: "prefix", value: lead, fold: false }
  return { kind: "regex", value, lead }
}

/** Reads a StringMatch. `everything` is the prefix that all texts begin with, `/` for paths. */
export function textsOf(match: unknown, whole: Whole, fold = false, everything = ""): Texts {
  const { exact, prefix, regex, pathPrefix } = record(match)
  if (typeof exact === "string") return { kind: "exact", value: fold ? lower(exact) : exact, fold }
  if (typeof pathPrefix === "string") {
    const value = pathPrefix.replace(/\/+$/, "")
    return value === "" ? whole.all : { kind: "path", value }
  }
  if (typeof prefix === "string")
    return prefix === "" || prefix === everything
      ? whole.all
      : { kind: "prefix", value: fold ? lower(prefix) : prefix, fold }
  if (typeof regex !== "string") return whole.empty
  const texts = pattern(regex, whole)
  return texts.kind === "prefix" && texts.value === everything ? whole.all : texts
}

/** What JavaScript reads otherwise than RE2, or could take long over: such patterns are compared by their spelling only. */
const foreign = /\\[^dDwWsS.\-/_@:+*?()[\]{}|^$]|\[\^?\]|\[\[|\(\?|\)[*+?{]|\{/
const repetitions = /[*+?]/g

/** Patterns are never changed, so what was compiled stays true of them; null: not to be asked. */
const compiled = new WeakMap<Texts, RegExp | null>()

function compile(source: string): RegExp | null {
  if (foreign.test(source) || (source.match(repetitions) ?? []).length > 3) return null
  try {
    return new RegExp(`^(?:${source})$`)
  } catch {
    return null
  }
}

/** Whether a pattern surely takes a text. */
function takes(texts: Texts & { kind: "regex" }, value: string): boolean {
  if (value.length > 128) return false
  let expression = compiled.get(texts)
  if (expression === undefined) {
    expression = compile(texts.value)
    compiled.set(texts, expression)
  }
  return expression?.test(value) === true
}

/** What every text begins with; undefined where that is not known. */
function beginning(texts: Texts): string | undefined {
  if (texts.kind === "any" || texts.kind === "present") return undefined
  return texts.kind === "regex" ? texts.lead : texts.value
}

const isFolded = (texts: Texts): boolean => (texts.kind === "exact" || texts.kind === "prefix") && texts.fold

function prefixCovers(a: { value: string; fold: boolean }, b: Texts): boolean {
  const start = beginning(b)
  if (start === undefined) return false
  if (isFolded(b) && !a.fold) return isCaseless(a.value) && start.startsWith(a.value)
  return (a.fold && !isFolded(b) ? lower(start) : start).startsWith(a.value)
}

function pathCovers(value: string, b: Texts): boolean {
  const start = beginning(b)
  if (start === undefined || (isFolded(b) && !isCaseless(value))) return false
  return start.startsWith(`${value}/`) || (start === value && (b.kind === "exact" || b.kind === "path"))
}

function exactCovers(a: { value: string; fold: boolean }, b: Texts): boolean {
  if (b.kind !== "exact") return false
  if (b.fold && !a.fold) return isCaseless(a.value) && a.value === b.value
  return a.value === (a.fold && !b.fold ? lower(b.value) : b.value)
}

function regexCovers(a: Texts & { kind: "regex" }, b: Texts): boolean {
  if (b.kind === "regex") return a.value === b.value
  return b.kind === "exact" && (!b.fold || isCaseless(b.value)) && takes(a, b.value)
}

/** Whether every text that `b` takes is taken by `a`. Sound: it answers no where that cannot be told. */
export function textsCover(a: Texts, b: Texts): boolean {
  switch (a.kind) {
    case "any":
    case "present":
      return true
    case "prefix":
      return prefixCovers(a, b)
    case "path":
      return pathCovers(a.value, b)
    case "exact":
      return exactCovers(a, b)
    case "regex":
      return regexCovers(a, b)
  }
}

/** Whether no text is taken by both. Sound: it answers no where that cannot be told. For headers, which do not fold. */
export function textsDisjoint(a: Texts, b: Texts): boolean {
  const [left, right] = [beginning(a), beginning(b)]
  if (left === undefined || right === undefined) return false
  if (a.kind === "exact" && b.kind === "exact") return left !== right
  if (a.kind === "exact") return !left.startsWith(right)
  if (b.kind === "exact") return !right.startsWith(left)
  return !left.startsWith(right) && !right.startsWith(left)
}

/** Whether the empty text is surely not taken. */
export const refusesEmpty = (texts: Texts): boolean => (beginning(texts) ?? "") !== ""
