import { subnetProblem } from "../../../semantic/address.ts"

/** What is wrong with the values of a field, one at a time; undefined when nothing is. */
export type ValueProblem = (value: string) => string | undefined

export const notEmpty: ValueProblem = (value) => (value === "" ? "an empty value" : undefined)

export const address: ValueProblem = (value) => notEmpty(value) ?? subnetProblem(value)

const digits = /^\d{1,10}$/

/** 0 is let through, as Istio does. */
export const port: ValueProblem = (value) =>
  notEmpty(value) ?? (digits.test(value) && Number(value) <= 65535 ? undefined : `${value} is no port`)

/** `foo*`, `*foo`, `*` or the whole value. */
export const wildcard: ValueProblem = (value) => {
  if (value === "") return "an empty value"
  const star = value.indexOf("*")
  if (star === -1) return undefined
  if (value.indexOf("*", star + 1) !== -1) return `${value} has more than one wildcard`
  return star === 0 || star === value.length - 1
    ? undefined
    : `${value} has a wildcard that is neither its begin nor its end`
}

export const trustDomain: ValueProblem = (value) =>
  wildcard(value) ?? (value.includes("/") ? `${value} has a slash, which trust domains do not` : undefined)

/** `name` or `namespace/name`, at most 320 characters. */
export const serviceAccount: ValueProblem = (value) => {
  if (value === "") return "an empty value"
  if (value.includes("*")) return `${value} has a wildcard, which serviceAccounts do not understand`
  if (value.length > 320) return `${value.slice(0, 40)}… is longer than 320 characters`
  const parts = value.split("/")
  return parts.length > 2 || parts.includes("") ? `${value} is neither name nor namespace/name` : undefined
}

/** Most service accounts in one list. */
export const mostAccounts = 16

const literal = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/

/** Where slashes at both ends do not count. */
function segmentsOf(path: string): string[] {
  let [start, end] = [0, path.length]
  while (path.charAt(start) === "/") start++
  while (end > start && path.charAt(end - 1) === "/") end--
  return path.slice(start, end).split("/")
}

/** A path, which may be a template with `{*}` (one segment) and at last `{**}` (any number of them). Source: istio `CheckValidPathTemplate`. */
export const path: ValueProblem = (value) => {
  if (value === "") return "an empty value"
  if (!value.includes("{") && !value.includes("}")) return undefined
  const isTemplate = value.includes("{*}") || value.includes("{**}")
  let rest = false
  for (const segment of segmentsOf(value)) {
    if (segment === "{*}" || segment === "{**}") {
      if (rest) return `${value} has ${segment} after {**}, which must be the last of them`
      rest = segment === "{**}"
    } else if (segment.includes("{") || segment.includes("}"))
      return `${value} has the segment ${segment}, and only {*} and {**} may stand in braces, alone in a segment`
    else if (isTemplate && !literal.test(segment))
      return segment === ""
        ? `${value} has an empty segment, which templates cannot have`
        : `${value} has the segment ${segment}, which templates cannot have`
  }
  return undefined
}
