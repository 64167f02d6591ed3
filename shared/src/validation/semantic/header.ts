import type { Problem } from "./problem.ts"

/** A token of RFC 9110, 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/
const strict = /^[-_A-Za-z0-9]+$/
const pseudo = new Set([":method", ":scheme", ":authority", ":path", ":status"])

const invalid = (name: string): Problem =>
  name === "" ? "the name of a header is empty" : `"${name}" is no name of a header`

/** Letters, digits, `-` and `_` only. Source: istio `ValidateStrictHTTPHeaderName`. */
export const strictHeaderProblem = (name: string): Problem => (strict.test(name) ? undefined : invalid(name))

/** A header of a Kubernetes probe: letters, digits and `-`. */
export const probeHeaderProblem = (name: string): Problem =>
  strict.test(name) && !name.includes("_") ? undefined : invalid(name)

/** Any token, or `*`. */
export const corsHeaderProblem = (name: string): Problem =>
  name === "*" || token.test(name) ? undefined : invalid(name)

const claimPrefix = "@request.auth.claims"

/** Whether a header match is about a claim of a JWT: `@request.auth.claims.sub`, `@request.auth.claims[a][b]`. */
export function isJwtClaim(name: string): boolean {
  if (name.charCodeAt(0) !== 64 || !name.toLowerCase().startsWith(claimPrefix)) return false
  const rest = name.slice(claimPrefix.length)
  return rest.startsWith(".")
    ? rest.length > 1
    : rest.startsWith("[") && rest.endsWith("]") && rest.length > 2
}

/** The name in a match: a token, a pseudo header, or a claim. */
export const matchHeaderProblem = (name: string): Problem =>
  token.test(name) || pseudo.has(name) || isJwtClaim(name) ? undefined : invalid(name)

const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === "host"

/** Whether a header sets the authority: `host`, `:authority`. */
export const isAuthority = (name: string): boolean =>
  isHost(name) || (name.charCodeAt(0) === 58 && name.toLowerCase() === ":authority")

/** A header added to or set in a request, which may be the authority. */
export const requestHeaderProblem = (name: string): Problem =>
  name === "" || (name.charCodeAt(0) === 58 && !isAuthority(name)) ? pseudoProblem(name) : undefined

/** A header removed from a request, or changed in a response: neither pseudo headers nor the host. */
export const changedHeaderProblem = (name: string): Problem =>
  name === "" || name.charCodeAt(0) === 58 || isHost(name) ? pseudoProblem(name) : undefined

const pseudoProblem = (name: string): Problem =>
  name === "" ? "the name of a header is empty" : `${name} cannot be changed as a header`

/** The states of Envoy's reader of `%VARIABLE(args)%` in header values. Source: Envoy source/common/router/header_parser. */
type State = "text" | "name" | "args" | "string" | "quoted" | "delimiter" | "close" | "end"

/** One step; a number skips that many characters, a text says what is wrong. */
const steps: Readonly<Record<State, (char: string, next: string) => State | number | { wrong: string }>> = {
  text: (char, next) => {
    if (char !== "%") return "text"
    return next === "" ? { wrong: "a % that is not doubled" } : next === "%" ? 1 : "name"
  },
  name: (char) => (char === "%" ? "text" : char === "(" ? "args" : "name"),
  args: (char) => (char === "[" ? "quoted" : char === " " ? "args" : "string"),
  quoted: (char) =>
    char === '"' ? "string" : char === " " ? "quoted" : { wrong: `${char} where a " is due` },
  string: (char, next) => {
    if (char === "\\") return next === "" ? { wrong: "a backslash at its end" } : 1
    return char === ")" ? "end" : char === '"' ? "delimiter" : "string"
  },
  delimiter: (char) =>
    char === ","
      ? "quoted"
      : char === "]"
        ? "close"
        : char === " "
          ? "delimiter"
          : { wrong: `${char} where , or ] is due` },
  close: (char) => (char === ")" ? "end" : char === " " ? "close" : { wrong: `${char} where ) is due` }),
  end: (char) => (char === "%" ? "text" : char === " " ? "end" : { wrong: `${char} where % is due` }),
}

/** No control characters but the tabulator. */
function isPrintable(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 32 && code !== 9) || code === 127) return false
  }
  return true
}

/** What is wrong with a header's value: control characters, or a `%` that begins no variable (`%%` is one percent sign). */
export function headerValueProblem(value: string): Problem {
  if (!isPrintable(value)) return `the value ${JSON.stringify(value)} has control characters`
  if (!value.includes("%")) return undefined
  let state: State = "text"
  for (let i = 0; i < value.length; i++) {
    const step: State | number | { wrong: string } = steps[state](value.charAt(i), value.charAt(i + 1))
    if (typeof step === "number") i += step
    else if (typeof step === "object") return `the value "${value}" has ${step.wrong}`
    else state = step
  }
  return state === "text" ? undefined : `the value "${value}" has a %variable% without an end`
}
