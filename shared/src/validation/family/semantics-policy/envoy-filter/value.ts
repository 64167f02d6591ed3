import { text, type Json } from "../../../../topology/fact/read.ts"
import { at } from "../../../path.ts"
import { shown } from "../../../semantic/shown.ts"
import { isSet, section } from "../read.ts"
import type { Place } from "./match.ts"
import { valueIneffective, valueInvalid } from "./rules.ts"

const classes = new Set(
  "CLUSTER LISTENER ROUTE_CONFIGURATION FILTER_CHAIN HTTP_FILTER NETWORK_FILTER VIRTUAL_HOST HTTP_ROUTE EXTENSION_CONFIG BOOTSTRAP LISTENER_FILTER".split(
    " ",
  ),
)

/** Names of a field in Envoy's API, as it may be written. */
const typed = ["typed_config", "typedConfig"]
const sockets = ["transport_socket", "transportSocket"]

/** All fields of the messages that are little but a name and a typed_config. Source: Envoy's API v3. */
const holders: Readonly<Record<string, ReadonlySet<string>>> = {
  HTTP_FILTER: new Set([
    "name",
    ...typed,
    "config_discovery",
    "configDiscovery",
    "is_optional",
    "isOptional",
    "disabled",
  ]),
  NETWORK_FILTER: new Set(["name", ...typed, "config_discovery", "configDiscovery"]),
  LISTENER_FILTER: new Set([
    "name",
    ...typed,
    "config_discovery",
    "configDiscovery",
    "filter_disabled",
    "filterDisabled",
  ]),
  EXTENSION_CONFIG: new Set(["name", ...typed]),
}

const has = (value: Json, names: readonly string[]): boolean => names.some((name) => isSet(value[name]))

/** The first `@type` of API v2, which Envoy dropped with 1.18, and where. Values that Envoy reads as plain JSON are left out. */
function oldType(value: unknown, path: string, depth: number): { path: string; type: string } | undefined {
  if (value === null || typeof value !== "object" || depth > 40) return undefined
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = oldType(value[i], `${path}[${i}]`, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  const message = value as Json
  const type = text(message["@type"])
  if (/\.v2(?:alpha\d*)?\./.test(type)) return { path: at(path, "@type"), type }
  if (type.endsWith("TypedStruct") || type.endsWith("google.protobuf.Struct")) return undefined
  for (const key in message) {
    const item = message[key]
    if (item === null || typeof item !== "object") continue
    const found = oldType(item, at(path, key), depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function typedProblem(value: Json): string | undefined {
  for (const field of typed) {
    const config = value[field]
    if (!isSet(config)) continue
    const message = section(config) ?? {}
    if (typeof config !== "object" || Array.isArray(config)) return `${field} is no object`
    if (typeof message["@type"] !== "string") return `${field} has no @type`
  }
  return undefined
}

/** What Envoy has no word for, or cannot find without one. */
function ineffective(value: Json, applyTo: string): string | undefined {
  const fields = Object.hasOwn(holders, applyTo) ? holders[applyTo] : undefined
  if (fields === undefined) {
    const socket = sockets.map((name) => section(value[name])).find((found) => found !== undefined)
    return socket === undefined || has(socket, typed)
      ? undefined
      : `the transport socket ${text(socket["name"])} has no typed_config`
  }
  const name = text(value["name"])
  if (!has(value, typed) && !has(value, ["config_discovery", "configDiscovery"]))
    return isSet(value["config"])
      ? `${name} is configured by config, in whose place typed_config came`
      : `${name === "" ? "the filter" : name} has no typed_config, and Envoy looks filters up by its @type`
  const unknown = Object.keys(value).find((key) => !fields.has(key))
  return unknown === undefined ? undefined : `a ${applyTo} has no field ${unknown}`
}

/** What can be said of a value without Envoy's own definitions. */
export function checkValue(value: unknown, applyTo: string, { path, report }: Place): void {
  if (!classes.has(applyTo))
    return report(valueInvalid, {
      path: `${path}.applyTo`,
      message: `${applyTo} is nothing that a patch applies to`,
    })
  const message = section(value)
  if (message === undefined) return
  const field = `${path}.patch.value`
  if (typeof value !== "object" || Array.isArray(value))
    return report(valueInvalid, { path: field, message: "the value is no object" })
  if (isSet(message["name"]) && typeof message["name"] !== "string")
    return report(valueInvalid, {
      path: `${field}.name`,
      message: `name ${shown(message["name"])} is no text`,
    })
  const old = oldType(message, field, 0)
  if (old !== undefined)
    return report(valueInvalid, {
      path: old.path,
      message: `${old.type} is of Envoy's API v2, which proxies no longer have`,
    })
  const problem = typedProblem(message)
  if (problem !== undefined) return report(valueInvalid, { path: field, message: problem })
  const idle = ineffective(message, applyTo)
  if (idle !== undefined) report(valueIneffective, { path: field, message: idle })
}
