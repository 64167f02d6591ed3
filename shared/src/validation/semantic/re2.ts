import type { Problem } from "./problem.ts"
import { type Cursor, bracketProblem, escaped, unicodeProblem } from "./re2-class.ts"

/** The most bytes Istio lets a pattern have: an estimate of the size of RE2's program, which Envoy limits. */
export const longestPattern = 1024

/** An open group: whether there is something to repeat, how often its last and its most repeated part repeat. */
type Group = { atom: boolean; last: number; most: number }

type Reader = Cursor & { groups: Group[]; names: Set<string>; afterRepeat: boolean }

const open = (): Group => ({ atom: false, last: 1, most: 1 })
const inside = ({ groups }: Reader): Group => groups[groups.length - 1] ?? open()

function atom(reader: Reader, factor = 1): undefined {
  const group = inside(reader)
  group.atom = true
  group.last = factor
  if (factor > group.most) group.most = factor
}

const counted = /\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/y

function repeatProblem(reader: Reader, after: number, most: number): Problem {
  const group = inside(reader)
  const sign = reader.text.slice(reader.at, after)
  if (!group.atom) return `${sign} with nothing before it to repeat`
  const again = reader.afterRepeat
  reader.at = after
  if (reader.text.charAt(reader.at) === "?") reader.at++
  if (again) return `${sign} right after another repetition`
  reader.afterRepeat = true
  const factor = most > 0 ? group.last * most : group.last
  return most >= 2 && factor > 1000 ? `${sign}, which repeats more than 1000 times` : atom(reader, factor)
}

/** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a brace that is none of these is itself. */
function quantifierProblem(reader: Reader): Problem {
  if (reader.text.charAt(reader.at) !== "{") return repeatProblem(reader, reader.at + 1, 1)
  counted.lastIndex = reader.at
  const found = counted.exec(reader.text)
  if (found === null) {
    reader.at++
    return literal(reader)
  }
  const [sign, low, comma, high] = found
  const [min, max] = [
    Number(low),
    high === undefined ? (comma === undefined ? Number(low) : -1) : Number(high),
  ]
  if (min > 1000 || max > 1000 || (max >= 0 && min > max)) return `${sign}, which is no possible repetition`
  return repeatProblem(reader, counted.lastIndex, max === -1 ? min : max)
}

function literal(reader: Reader): undefined {
  reader.afterRepeat = false
  return atom(reader)
}

const groupName = /\(\?P?<([^>]*)>/y
const flags = /\(\?(?:[imsU]*|[imsU]*-[imsU]+)([:)])/y

function groupProblem(reader: Reader): Problem {
  const { text, at } = reader
  reader.afterRepeat = false
  if (text.charAt(at + 1) !== "?") {
    reader.at++
    reader.groups.push(open())
    return undefined
  }
  if (text.startsWith("<", at + 2) || text.startsWith("P<", at + 2)) {
    groupName.lastIndex = at
    const name = groupName.exec(text)?.[1]
    if (name === undefined || !/^\w+$/.test(name))
      return /^\(\?<[=!]/.test(text.slice(at, at + 4))
        ? "a lookbehind, which RE2 does not have"
        : "a group whose name is not letters, digits and _"
    if (reader.names.has(name)) return `two groups named ${name}`
    reader.names.add(name)
    reader.at = groupName.lastIndex
    reader.groups.push(open())
    return undefined
  }
  flags.lastIndex = at
  const found = flags.exec(text)
  if (found === null)
    return /^\(\?[=!]/.test(text.slice(at, at + 3))
      ? "a lookahead, which RE2 does not have"
      : `${text.slice(at, at + 3)}, which RE2 does not have`
  reader.at = flags.lastIndex
  if (found[1] === ":") reader.groups.push(open())
  return undefined
}

function closeProblem(reader: Reader): Problem {
  if (reader.groups.length === 1) return "a ) without a ("
  const most = reader.groups.pop()?.most ?? 1
  reader.at++
  reader.afterRepeat = false
  return atom(reader, most)
}

function escapeProblem(reader: Reader): Problem {
  const char = reader.text.charAt(++reader.at)
  reader.afterRepeat = false
  if (char === "p" || char === "P") {
    atom(reader)
    return unicodeProblem(reader)
  }
  if (char === "Q") {
    const end = reader.text.indexOf("\\E", reader.at)
    if (end > reader.at + 1 || (end === -1 && reader.at + 1 < reader.text.length)) atom(reader)
    reader.at = end === -1 ? reader.text.length : end + 2
    return undefined
  }
  if (char !== "" && "AbBzdDsSwW".includes(char)) {
    reader.at++
    return atom(reader)
  }
  const code = escaped(reader)
  return typeof code === "string" ? code : atom(reader)
}

function nextProblem(reader: Reader): Problem {
  switch (reader.text.charAt(reader.at)) {
    case "(":
      return groupProblem(reader)
    case ")":
      return closeProblem(reader)
    case "|":
      reader.at++
      reader.afterRepeat = false
      inside(reader).atom = false
      return undefined
    case "[":
      reader.at++
      literal(reader)
      return bracketProblem(reader)
    case "*":
    case "+":
    case "?":
    case "{":
      return quantifierProblem(reader)
    case "\\":
      return escapeProblem(reader)
    default:
      reader.at++
      return literal(reader)
  }
}

function syntaxProblem(text: string): Problem {
  const reader: Reader = { text, at: 0, groups: [open()], names: new Set(), afterRepeat: false }
  while (reader.at < text.length) {
    const problem = nextProblem(reader)
    if (problem !== undefined) return problem
  }
  return reader.groups.length > 1 ? "a ( without a )" : undefined
}

const special = /[\\()[{*+?|]/

function isTooLong(pattern: string): boolean {
  if (pattern.length * 3 <= longestPattern) return false
  return new TextEncoder().encode(pattern).length > longestPattern
}

/**
 * What is wrong with a regular expression as istiod and Envoy read it (RE2's syntax, at most 1024 bytes). An empty one is left to the caller.
 * Source: https://github.com/google/re2/wiki/Syntax; Go regexp/syntax with Perl flags.
 */
export function re2Problem(pattern: string): Problem {
  if (isTooLong(pattern)) return `the pattern is longer than ${longestPattern} bytes`
  if (!special.test(pattern)) return undefined
  const problem = syntaxProblem(pattern)
  return problem === undefined ? undefined : `the pattern ${pattern} has ${problem}`
}
