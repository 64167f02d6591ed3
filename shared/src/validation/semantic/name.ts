import type { Problem } from "./problem.ts"

/** Istio takes upper case too, unlike Kubernetes. Source: istio pkg/config/labels. */
const label = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const wildcardLabel = /^(?:\*|(?:\*-?)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/
const allDigits = /^\d+$/

/** Whether a text is one DNS label as Istio reads it (at most 63 letters, digits and dashes). */
export const isDnsLabel = (value: string): boolean => value.length <= 63 && label.test(value)

/** A DNS label that may also be `*`, or begin with `*` or `*-`. */
export const isWildcardLabel = (value: string): boolean => value.length <= 63 && wildcardLabel.test(value)

/** What nearly all names look like: labels of which the last begins with a letter. */
const usual =
  /^(?:\*\.)?(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/

const isUsual = (name: string): boolean => name.length <= 255 && usual.test(name)

const lengthProblem = (name: string): Problem =>
  name === ""
    ? "the name is empty"
    : name.length > 255
      ? `${name.slice(0, 40)}… is ${name.length} characters long, more than 255`
      : undefined

/** Labels between dots; a trailing dot is allowed, a last label of digits only is not. */
function labelsProblem(domain: string, from: number): Problem {
  for (let start = from; ;) {
    const dot = domain.indexOf(".", start)
    const part = dot === -1 ? domain.slice(start) : domain.slice(start, dot)
    if (dot === -1 && part === "" && start > 0) return undefined
    if (!isDnsLabel(part)) return `${domain} has the label "${part}", which is no DNS label`
    if (dot === -1) return allDigits.test(part) ? `${domain} ends with ${part}, which is a number` : undefined
    start = dot + 1
  }
}

/** What is wrong with a fully qualified (or short) domain name without wildcards. Source: istio `ValidateFQDN`. */
export const domainProblem = (name: string): Problem =>
  name.charCodeAt(0) !== 42 && isUsual(name) ? undefined : (lengthProblem(name) ?? labelsProblem(name, 0))

/** The same where the first label may be a wildcard: `*`, `*.example.com`, `*-a.example.com`. Source: istio `ValidateWildcardDomain`. */
export function wildcardDomainProblem(name: string): Problem {
  if (isUsual(name)) return undefined
  const size = lengthProblem(name)
  if (size !== undefined) return size
  const dot = name.indexOf(".")
  const first = dot === -1 ? name : name.slice(0, dot)
  if (!isWildcardLabel(first))
    return `${name} has the label "${first}", which is no DNS label${
      name.includes("*") ? "; a wildcard may only be its first label" : ""
    }`
  return dot === -1 ? undefined : labelsProblem(name, dot + 1)
}

/** `*abc.com`, `*-a.b`: a wildcard that is not a whole label. */
export const isPartialWildcard = (host: string): boolean =>
  host.length !== 1 && host.includes("*") && !host.startsWith("*.")

const autoSni = /^outbound_/

/** A host or SNI at a gateway, which may be the name that AUTO_PASSTHROUGH makes (`outbound_.80_.v1_.reviews.shop.svc.cluster.local`). */
export function gatewaySniProblem(name: string): Problem {
  if (!autoSni.test(name) || name.length > 255) return wildcardDomainProblem(name)
  const parts = name.split("_")
  const [, port = "", , host = ""] = parts
  return parts.length >= 4 && /\d/.test(port) && /[a-zA-Z]/.test(host)
    ? undefined
    : `${name} does not follow outbound_.PORT_.SUBSET_.HOST`
}

/** Whether any name can be within both hosts (`*.b.com` and `*.com`, `a.com` and `*.com`). Source: istio host.Name `Matches`. */
export function hostsOverlap(a: string, b: string): boolean {
  const [wildA, wildB] = [a.startsWith("*"), b.startsWith("*")]
  if (wildA && wildB) return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1))
  if (wildA) return b.endsWith(a.slice(1))
  return wildB ? a.endsWith(b.slice(1)) : a === b
}

/** Whether all names of a host are within another's. Source: istio host.Name `SubsetOf`. */
export function isHostWithin(host: string, outer: string): boolean {
  if (!outer.startsWith("*")) return host === outer
  return !(host.startsWith("*") && host.length < outer.length) && host.endsWith(outer.slice(1))
}
