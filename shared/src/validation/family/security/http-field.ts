import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { fromsOf, operationOf, sourceOf, tosOf, whensOf } from "./policy.ts"

const httpOperation = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"]
const httpSource = ["requestPrincipals", "notRequestPrincipals"]
const remoteSource = ["remoteIpBlocks", "notRemoteIpBlocks"]

const l4Keys = new Set([
  "",
  "source.ip",
  "source.namespace",
  "source.principal",
  "destination.ip",
  "destination.port",
])

const asks = (entry: Json, fields: readonly string[]): string | undefined => {
  for (const field of fields) if (entry[field] !== undefined && list(entry[field]).length > 0) return field
  return undefined
}

/** The first field of an AuthorizationPolicy's rule that only HTTP can answer. */
export function httpField(rule: Json): string | undefined {
  for (const to of tosOf(rule)) {
    const field = asks(operationOf(to), httpOperation)
    if (field !== undefined) return field
  }
  for (const from of fromsOf(rule)) {
    const field = asks(sourceOf(from), httpSource)
    if (field !== undefined) return field
  }
  for (const when of whensOf(rule)) {
    const key = text(record(when)["key"])
    if (key.startsWith("request.")) return key
  }
  return undefined
}

/** The first field that a ztunnel does not know. Source: pilot `httpOperations`, `httpSources`, `l4WhenAttributes`. */
export function waypointField(rule: Json): string | undefined {
  const http = httpField(rule)
  if (http !== undefined) return http
  for (const from of fromsOf(rule)) {
    const field = asks(sourceOf(from), remoteSource)
    if (field !== undefined) return field
  }
  for (const when of whensOf(rule)) {
    const key = text(record(when)["key"])
    if (!l4Keys.has(key)) return key
  }
  return undefined
}
