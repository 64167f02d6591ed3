import type { Problem } from "./problem.ts"

/** The reading place in a pattern; readers move it on. */
export type Cursor = { text: string; at: number }

const posix = new Set(
  "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split(" "),
)
const categories = /^(?:Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/

/** Scripts are those that the language itself knows, so that no table is carried along; asked for seldom. */
function isScript(name: string): boolean {
  if (!/^[A-Z][A-Za-z_]+$/.test(name)) return false
  try {
    return new RegExp(`\\p{Script=${name}}`, "u").source !== ""
  } catch {
    return false
  }
}

/** `\pN`, `\p{Greek}`, `\P{^Lu}`, from the letter p on. */
export function unicodeProblem(cursor: Cursor): Problem {
  const start = ++cursor.at
  let name = cursor.text.charAt(start)
  cursor.at++
  if (name === "{") {
    const end = cursor.text.indexOf("}", start)
    if (end === -1) return `\\p{ without a }`
    name = cursor.text.slice(start + 1, end)
    cursor.at = end + 1
  }
  const bare = name.startsWith("^") ? name.slice(1) : name
  return categories.test(bare) || isScript(bare) ? undefined : `"${name}" is no class of Unicode characters`
}

const simple: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

function hex(cursor: Cursor): number | string {
  const { text } = cursor
  const braces = text.charAt(cursor.at) === "{"
  const end = braces ? text.indexOf("}", cursor.at) : cursor.at + 2
  const digits = text.slice(braces ? cursor.at + 1 : cursor.at, end === -1 ? text.length : end)
  const code = /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN
  if (end === -1 || (!braces && digits.length !== 2) || !(code <= 0x10ffff))
    return "\\x without hexadecimal digits"
  cursor.at = braces ? end + 1 : end
  return code
}

/** One character after a backslash, as its code; or what is wrong. Source: Go regexp/syntax, which istiod checks patterns with. */
export function escaped(cursor: Cursor): number | string {
  const { text } = cursor
  const char = text.charAt(cursor.at++)
  if (char === "") return "a backslash at its end"
  const next = text.charAt(cursor.at)
  if (char >= "1" && char <= "7" && !(next >= "0" && next <= "7"))
    return `\\${char}, a back reference, which RE2 does not have`
  if (char >= "0" && char <= "7") {
    let code = Number(char)
    for (let i = 0; i < 2 && /^[0-7]$/.test(text.charAt(cursor.at)); i++)
      code = code * 8 + Number(text.charAt(cursor.at++))
    return code
  }
  if (char === "x") return hex(cursor)
  const known = simple[char]
  if (known !== undefined) return known
  return char < "\u0080" && !/^[0-9A-Za-z]$/.test(char)
    ? char.charCodeAt(0)
    : `\\${char}, which RE2 does not have`
}

function classChar(cursor: Cursor): number | string {
  const { text } = cursor
  if (cursor.at >= text.length) return "a [ without a ]"
  if (text.charAt(cursor.at) === "\\") {
    cursor.at++
    return escaped(cursor)
  }
  const code = text.codePointAt(cursor.at) ?? 0
  cursor.at += code > 0xffff ? 2 : 1
  return code
}

/** `[:alpha:]`; false when there is none here. */
function namedClass(cursor: Cursor): boolean | string {
  const { text, at } = cursor
  if (!text.startsWith("[:", at)) return false
  const end = text.indexOf(":]", at + 2)
  if (end === -1) return false
  const name = text.slice(at + 2, end)
  cursor.at = end + 2
  return posix.has(name.startsWith("^") ? name.slice(1) : name) || `"[:${name}:]" is no class of characters`
}

function rangeProblem(cursor: Cursor): Problem {
  const { text } = cursor
  const low = classChar(cursor)
  if (typeof low === "string") return low
  if (text.charAt(cursor.at) !== "-" || text.charAt(cursor.at + 1) === "]" || cursor.at + 1 >= text.length)
    return undefined
  cursor.at++
  const from = cursor.at
  const high = classChar(cursor)
  if (typeof high === "string") return high
  return high < low
    ? `a range in [] that ends with ${text.slice(from, cursor.at)}, before its start`
    : undefined
}

/** A class in brackets, from after the `[` to after the `]`. */
export function bracketProblem(cursor: Cursor): Problem {
  const { text } = cursor
  if (text.charAt(cursor.at) === "^") cursor.at++
  for (let first = true; first || text.charAt(cursor.at) !== "]"; first = false) {
    if (cursor.at >= text.length) return "a [ without a ]"
    const named = namedClass(cursor)
    if (typeof named === "string") return named
    if (named) continue
    const escape = text.charAt(cursor.at) === "\\" ? text.charAt(cursor.at + 1) : ""
    let problem: Problem
    if (escape === "p" || escape === "P") {
      cursor.at++
      problem = unicodeProblem(cursor)
    } else if (escape !== "" && "dDsSwW".includes(escape)) cursor.at += 2
    else problem = rangeProblem(cursor)
    if (problem !== undefined) return problem
  }
  cursor.at++
  return undefined
}
