import type { Constraint, Fields } from "../schema.ts"
import { fields, has, items, textOr } from "./set.ts"
import { urlScheme } from "./url.ts"

/** The conditions that the definitions of Istio's kinds state beyond types, as their x-kubernetes-validations do. */

export const noWildcard: Constraint<string> = (value, fault) => {
  if (value.includes("*"))
    fault(`${JSON.stringify(value)} holds a *; labels of a selector are compared as they stand`)
}

export const labelKeys: Constraint<Fields> = (value, fault) => {
  for (const key in value)
    if (key === "") fault("a label of the selector has an empty key")
    else if (key.includes("*"))
      fault(`${JSON.stringify(key)} holds a *; labels of a selector are compared as they stand`, key)
}

export const ownNamespace: Constraint<string> = (value, fault) => {
  if (value !== "")
    fault(`namespace ${value} may not be set: a policy targets only objects of its own namespace`)
}

const moduleSchemes = ["", "http", "https", "file", "oci"]

export const wasmUrl: Constraint<string> = (value, fault) => {
  const scheme = urlScheme(value) ?? urlScheme(`http://${value}`)
  if (scheme === null) fault(`${JSON.stringify(value)} is no URL`)
  else if (!moduleSchemes.includes(scheme))
    fault(`${JSON.stringify(value)} has the scheme ${scheme}; http, https, file and oci are loaded`)
}

export const inlineValue: Constraint<Fields> = (value, fault) => {
  if (value["valueFrom"] === "HOST" && has(value, "value"))
    fault("value may not stand beside valueFrom HOST, which takes it from the proxy's environment", "value")
}

export const wasmOrLua: Constraint<Fields> = (value, fault) => {
  if (!has(value, "wasm") && !has(value, "lua")) fault("neither wasm nor lua is set; exactly one must be")
}

export const waypointMatch: Constraint<Fields> = (value, fault) => {
  const context = textOr(value["context"], "")
  if (has(value, "waypoint") && context !== "WAYPOINT")
    fault(`waypoint matches only in context WAYPOINT, not in ${context === "" ? "ANY" : context}`, "waypoint")
  else if (!has(value, "waypoint") && context === "WAYPOINT")
    fault("context WAYPOINT needs a waypoint match", "context")
}

export const endpointsByResolution: Constraint<Fields> = (value, fault) => {
  const resolution = textOr(value["resolution"], "NONE")
  const endpoints = items(value["endpoints"])
  if (resolution === "NONE" && has(value, "endpoints"))
    fault(
      "endpoints are not used with resolution NONE, which sends to the address that was asked for",
      "endpoints",
    )
  else if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1)
    fault(`resolution DNS_ROUND_ROBIN takes one endpoint, not ${endpoints.length}`, "endpoints")
  if (resolution === "NONE" || resolution === "STATIC") return
  for (const [index, address] of items(value["addresses"]).entries())
    if (typeof address === "string" && address.includes("/"))
      fault(`the range ${address} needs resolution NONE or STATIC, not ${resolution}`, "addresses", index)
}

export const addressOrNetwork: Constraint<Fields> = (value, fault) => {
  if (!has(value, "address") && !has(value, "network")) fault("neither address nor network is set")
}

export const unixWithoutPorts: Constraint<Fields> = (value, fault) => {
  if (has(value, "ports") && textOr(value["address"], "").startsWith("unix://"))
    fault("ports may not stand beside the address of a unix socket", "ports")
}

export const unixPath: Constraint<string> = (value, fault) => {
  if (!value.startsWith("unix://")) return
  if (value[7] !== "/" && value[7] !== "@")
    fault(`${value} is neither an absolute path (unix:///run/app.sock) nor an abstract socket (unix://@app)`)
  else if (value.endsWith("/")) fault(`${value} is a directory, not a socket`)
}

const portName = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/

export const portNames: Constraint<Fields> = (value, fault) => {
  for (const key in value)
    if (key.length >= 63 || !portName.test(key))
      fault(`${JSON.stringify(key)} is no name of a port: letters, digits and inner hyphens, at most 62`, key)
}

export const notEveryHost: Constraint<string> = (value, fault) => {
  if (value === "*")
    fault("the host * stands for every host; a ServiceEntry names some, such as *.example.com")
}

export const uniquePortNumbers: Constraint<readonly unknown[]> = (value, fault) => {
  const seen = new Map<unknown, unknown>()
  for (const [index, item] of value.entries()) {
    const { number, name } = fields(item)
    if (seen.has(number))
      fault(
        `port ${String(number)} is there twice, as ${String(seen.get(number))} and ${String(name)}`,
        index,
        "number",
      )
    else seen.set(number, name)
  }
}

const besideServiceAccounts = ["principals", "notPrincipals", "namespaces", "notNamespaces"]

export const serviceAccountsAlone: Constraint<Fields> = (value, fault) => {
  const own = has(value, "serviceAccounts")
    ? "serviceAccounts"
    : has(value, "notServiceAccounts")
      ? "notServiceAccounts"
      : null
  if (own === null) return
  const other = besideServiceAccounts.find((key) => has(value, key))
  if (other !== undefined)
    fault(`${own} and ${other} stand together; a service account already says namespace and principal`, own)
}

export const portsNeedSelector: Constraint<Fields> = (value, fault) => {
  if (!has(value, "portLevelMtls")) return
  for (const _ in fields(fields(value["selector"])["matchLabels"])) return
  fault("portLevelMtls needs a selector with labels: ports are those of a workload", "portLevelMtls")
}

export const portKeys: Constraint<Fields> = (value, fault) => {
  for (const key in value) {
    const port = /^[+-]?\d+$/.test(key) ? Number(key) : NaN
    if (!(port >= 1 && port <= 65_535)) fault(`${JSON.stringify(key)} is no port; 1 to 65535 is allowed`, key)
  }
}

export const httpUrl: Constraint<string> = (value, fault) => {
  const scheme = urlScheme(value)
  if (scheme === null) fault(`${JSON.stringify(value)} is no URL`)
  else if (scheme !== "http" && scheme !== "https")
    fault(`${JSON.stringify(value)} must begin with https:// or http://`)
}

export const tagValue: Constraint<Fields> = (value, fault) => {
  const operation = textOr(value["operation"], "")
  if (operation === "UPSERT" && textOr(value["value"], "") === "")
    fault("operation UPSERT needs a value", "operation")
  else if (operation === "REMOVE" && has(value, "value")) fault("operation REMOVE takes no value", "value")
}
