import { dnsName, pathCharacters, qualified, wildcardDnsName } from "../form.ts"
import type { Constraint, Fault, Fields } from "../schema.ts"
import { isIpAddress } from "./address.ts"
import { fields, has, items, textOr } from "./set.ts"

/**
 * The conditions that the definitions of the Gateway API state beyond types. An object of a file has no defaults yet; where a definition has one,
 * the condition takes it as set.
 */

/** A field named for each value of a discriminator, set exactly when that is chosen. */
function union(
  discriminator: string,
  members: Readonly<Record<string, string>>,
  fallback = "",
): Constraint<Fields> {
  const entries = Object.entries(members)
  return (value, fault) => {
    const chosen = textOr(value[discriminator], fallback)
    for (const [name, member] of entries)
      if (name === chosen && !has(value, member)) fault(`${discriminator} ${name} needs ${member}`)
      else if (name !== chosen && has(value, member))
        fault(`${member} goes with ${discriminator} ${name}, not with ${chosen || "none"}`, member)
  }
}

const grpcMembers = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  ExtensionRef: "extensionRef",
}

export const grpcFilter = union("type", grpcMembers)
export const httpFilter = union("type", {
  ...grpcMembers,
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  CORS: "cors",
  ExternalAuth: "externalAuth",
})
export const authProtocol = union("protocol", { GRPC: "grpc", HTTP: "http" })
export const pathModifier = union("type", {
  ReplaceFullPath: "replaceFullPath",
  ReplacePrefixMatch: "replacePrefixMatch",
})

const once = new Set([
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestRedirect",
  "URLRewrite",
  "CORS",
])

export const filters: Constraint<readonly unknown[]> = (value, fault) => {
  if (value.length < 2) return
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const type = textOr(fields(item)["type"], "")
    if (seen.has(type) && once.has(type)) fault(`a filter ${type} is there twice; it may be once`, index)
    seen.add(type)
  }
  if (seen.has("RequestRedirect") && seen.has("URLRewrite"))
    fault("RequestRedirect and URLRewrite stand together; a request is redirected or rewritten, not both")
}

export const fraction: Constraint<Fields> = (value, fault) => {
  const denominator = typeof value["denominator"] === "number" ? value["denominator"] : 100
  if (typeof value["numerator"] === "number" && value["numerator"] > denominator)
    fault(`numerator ${value["numerator"]} is greater than denominator ${denominator}`, "numerator")
}

export const servicePort: Constraint<Fields> = (value, fault) => {
  if (
    !has(value, "port") &&
    textOr(value["group"], "") === "" &&
    textOr(value["kind"], "Service") === "Service"
  )
    fault(`port is missing; a reference to a Service needs one (${textOr(value["name"], "")})`)
}

const service = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i
const method = /^[A-Za-z_][A-Za-z_0-9]*$/

export const grpcMethod: Constraint<Fields> = (value, fault) => {
  if (!has(value, "service") && !has(value, "method")) fault("neither service nor method is set; one must be")
  if (textOr(value["type"], "Exact") !== "Exact") return
  const { service: wantedService, method: wantedMethod } = value
  if (typeof wantedService === "string" && !service.test(wantedService))
    fault(`${JSON.stringify(wantedService)} is no name of a gRPC service, such as shop.v1.Cart`, "service")
  if (typeof wantedMethod === "string" && !method.test(wantedMethod))
    fault(`${JSON.stringify(wantedMethod)} is no name of a gRPC method, such as AddItem`, "method")
}

export const sessionPersistence: Constraint<Fields> = (value, fault) => {
  if (!has(value, "cookieConfig")) return
  if (textOr(value["type"], "Cookie") !== "Cookie")
    fault("cookieConfig goes with type Cookie only", "cookieConfig")
  if (fields(value["cookieConfig"])["lifetimeType"] === "Permanent" && !has(value, "absoluteTimeout"))
    fault("a Permanent cookie needs absoluteTimeout", "cookieConfig", "lifetimeType")
}

export const totalMatches: Constraint<readonly unknown[]> = (value, fault) => {
  let count = 0
  for (const item of value) count += items(fields(item)["matches"]).length
  if (count > 128) fault(`the rules have ${count} matches in all; at most 128 may be there`)
}

export const uniqueRuleNames: Constraint<readonly unknown[]> = (value, fault) => {
  if (value.length < 2) return
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const name = fields(item)["name"]
    if (typeof name !== "string") continue
    if (seen.has(name)) fault(`two rules are named ${name}`, index, "name")
    seen.add(name)
  }
}

const replacesPrefix = (filter: unknown, member: string): boolean => {
  const path = fields(fields(fields(filter)[member])["path"])
  return path["type"] === "ReplacePrefixMatch" && has(path, "replacePrefixMatch")
}

/** Whether a rule matches by exactly one path prefix; a rule without matches has the default one, `/`. */
const onePrefix = (matches: unknown): boolean => {
  const all = items(matches)
  if (!Array.isArray(matches)) return true
  return all.length === 1 && textOr(fields(fields(all[0])["path"])["type"], "PathPrefix") === "PathPrefix"
}

function prefixFilters(list: unknown, fault: Fault, ...steps: (string | number)[]): void {
  for (const [index, filter] of items(list).entries())
    for (const member of ["requestRedirect", "urlRewrite"])
      if (replacesPrefix(filter, member))
        fault(
          "replacePrefixMatch needs a rule with exactly one match, of a path of type PathPrefix",
          ...steps,
          "filters",
          index,
          member,
          "path",
        )
}

export const httpRule: Constraint<Fields> = (value, fault) => {
  const backends = items(value["backendRefs"])
  const own = items(value["filters"])
  if (backends.length > 0) {
    const redirect = own.findIndex((filter) => has(fields(filter), "requestRedirect"))
    if (redirect >= 0)
      fault("RequestRedirect stands beside backendRefs, which no request would reach", "filters", redirect)
  }
  if (own.length === 0 && !backends.some((backend) => has(fields(backend), "filters"))) return
  if (onePrefix(value["matches"])) return
  prefixFilters(own, fault)
  for (const [index, backend] of backends.entries())
    prefixFilters(fields(backend)["filters"], fault, "backendRefs", index)
}

export const starAlone: Constraint<readonly unknown[]> = (value, fault) => {
  if (value.length > 1 && value.includes("*"))
    fault("* stands beside others; it already means all", value.indexOf("*"))
}

const forbidden = ["//", "/./", "/../", "%2f", "%2F", "#"]

export const pathMatch: Constraint<Fields> = (value, fault) => {
  const type = textOr(value["type"], "PathPrefix")
  const path = textOr(value["value"], "/")
  if (type !== "Exact" && type !== "PathPrefix") return
  const part = forbidden.find((one) => path.includes(one))
  if (!path.startsWith("/")) fault(`${JSON.stringify(path)} must begin with /`, "value")
  else if (part !== undefined) fault(`${JSON.stringify(path)} must not hold ${part}`, "value")
  else if (path.endsWith("/..") || path.endsWith("/."))
    fault(`${JSON.stringify(path)} must not end in /.. or /.`, "value")
  else if (!pathCharacters.pattern.test(path))
    fault(`${JSON.stringify(path)} is not ${pathCharacters.says}`, "value")
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** A duration of the Gateway API in milliseconds; its form has been looked at. */
function durationMs(value: unknown): number {
  let total = 0
  for (const [, amount, unit] of textOr(value, "").matchAll(/(\d+)(ms|h|m|s)/g))
    total += Number(amount) * (unitMs[unit ?? ""] ?? 0)
  return total
}

export const timeouts: Constraint<Fields> = (value, fault) => {
  if (!has(value, "request") || !has(value, "backendRequest")) return
  const request = durationMs(value["request"])
  if (request !== 0 && durationMs(value["backendRequest"]) > request)
    fault(
      `backendRequest ${String(value["backendRequest"])} is longer than request ${String(value["request"])}, within which it falls`,
      "backendRequest",
    )
}

/** Names of hosts in SNI: no addresses, a wildcard as the whole first label only. */
export const sniHosts: Constraint<readonly unknown[]> = (value, fault) => {
  for (const [index, host] of value.entries()) {
    if (typeof host !== "string") continue
    if (isIpAddress(host)) fault(`${host} is an address; TLS names hosts only`, index)
    else if (!(host.includes("*") ? wildcardDnsName : dnsName).pattern.test(host))
      fault(`${JSON.stringify(host)} is not ${wildcardDnsName.says}`, index)
  }
}

export const qualifiedKeys: Constraint<Fields> = (value, fault) => {
  for (const key in value) {
    // A name of 63 after a prefix of 252 and a slash.
    if (key.length > 316 || !qualified.test(key))
      fault(
        `${JSON.stringify(key.slice(0, 80))} is no key: an optional DNS prefix with /, then at most 63 letters, digits, -, _ and .`,
        key,
      )
    else if (key.indexOf("/") >= 253) fault("the prefix of a key is at most 252 characters long", key)
  }
}

export const addressValue: Constraint<Fields> = (value, fault) => {
  const type = textOr(value["type"], "IPAddress")
  const address = value["value"]
  if (typeof address !== "string") return
  if (type === "IPAddress" && !isIpAddress(address))
    fault(`${JSON.stringify(address)} is no IP address; a name is of type Hostname`, "value")
  else if (type === "Hostname" && !wildcardDnsName.pattern.test(address))
    fault(`${JSON.stringify(address)} is not ${wildcardDnsName.says}`, "value")
}

export const uniqueAddresses: Constraint<readonly unknown[]> = (value, fault) => {
  if (value.length < 2) return
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const type = textOr(fields(item)["type"], "IPAddress")
    const address = fields(item)["value"]
    if (typeof address !== "string" || (type !== "IPAddress" && type !== "Hostname")) continue
    if (seen.has(`${type} ${address}`)) fault(`${address} is there twice`, index, "value")
    seen.add(`${type} ${address}`)
  }
}

export {
  alternativeName,
  certificateSource,
  listeners,
  terminatingTls,
  uniqueParents,
  uniqueTargets,
} from "./reference.ts"
