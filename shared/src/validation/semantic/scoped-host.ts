import { isIpAddress } from "./address.ts"
import { isDnsLabel, isPartialWildcard, wildcardDomainProblem } from "./name.ts"
import type { Problem } from "./problem.ts"

function namePartProblem(host: string, ipAllowed: boolean): Problem {
  if (host !== "*" && !host.includes("."))
    return `${host === "" ? "the host" : host} is a short name; a full name with a dot is needed`
  const problem = wildcardDomainProblem(host)
  if (problem !== undefined && !(ipAllowed && isIpAddress(host))) return problem
  return isPartialWildcard(host)
    ? `${host} is a partial wildcard; only * and *.domain are allowed`
    : undefined
}

/**
 * A server's host of a Gateway: `host`, or `namespace/host` with a namespace name, `.` or `*`. `generated` is for gateways that istiod made from
 * the Gateway API, which may say `~`. Source: istio `ValidateNamespaceSlashWildcardHostname`.
 */
export function gatewayHostProblem(value: string, generated = false): Problem {
  const slash = value.indexOf("/")
  if (slash === -1) return namePartProblem(value, true)
  const [namespace, host] = [value.slice(0, slash), value.slice(slash + 1)]
  if (namespace === "" || host === "") return `${value} needs a namespace before and a host after the slash`
  if (namespace !== "*" && namespace !== "." && !(generated && namespace === "~") && !isDnsLabel(namespace))
    return `${value} has the namespace ${namespace}, which is neither a name nor . nor *`
  return namePartProblem(host, true)
}

/** An egress host of a Sidecar: `namespace/host` with a namespace name, `.` or `*`; a `~` before the namespace excludes it. */
export function sidecarHostProblem(value: string): Problem {
  const slash = value.indexOf("/")
  if (slash === -1) return `${value} is not of the form namespace/host`
  const [namespace, host] = [value.slice(0, slash), value.slice(slash + 1)]
  if (namespace === "" || host === "") return `${value} needs a namespace before and a host after the slash`
  const bare = namespace.startsWith("~") ? namespace.slice(1) : namespace
  if (bare !== "" && bare !== "*" && bare !== "." && !isDnsLabel(bare))
    return `${value} has the namespace ${namespace}, which is neither a name nor . nor * nor ~`
  return namePartProblem(host, false)
}
