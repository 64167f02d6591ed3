import { refOf, type KubeObject } from "../../../../kube/object.ts"
import { record, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { at, pointerOf } from "../../../path.ts"
import { isPort } from "../../../semantic/port.ts"
import { amount, isSet, items } from "../read.ts"
import { environmentInvalid, matchInvalid, settingInvalid, urlInvalid } from "./rules.ts"

const schemes = new Set(["file", "http", "https", "oci"])
const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/
const digest = /^[0-9a-f]{64}$/
const badEscape = /%(?![0-9a-fA-F]{2})/
const port = /^\d*$/

/** What Go's url.Parse refuses anywhere: control characters, and a % without two digits after it. */
function isUnclean(url: string): boolean {
  if (badEscape.test(url)) return true
  for (let i = 0; i < url.length; i++) {
    const code = url.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/** A port after the host, or none. */
function hasPort(rest: string): boolean {
  const authority = (/^\/\/([^/?#]*)/.exec(rest)?.[1] ?? "").replace(/^.*@/, "").replace(/^\[[^\]]*\]/, "")
  const colon = authority.indexOf(":")
  return colon === -1 || port.test(authority.slice(colon + 1))
}

/** A registry with a port before an image: a scheme to Istio. */
const registry = /^[\w.-]+:\d+\//

function urlProblem(url: string): string | undefined {
  if (url === "") return "there is no url"
  const named = scheme.exec(url)?.[1]
  if (named !== undefined && !schemes.has(named.toLowerCase()))
    return registry.test(url)
      ? `Istio takes ${named} of ${url} for a scheme; with a port, oci:// must come first`
      : `${url} has the scheme ${named}, which is not oci, http, https or file`
  const rest = named === undefined ? `//${url}` : url.slice(named.length + 1)
  const end = rest.indexOf("/", 2)
  const host = end === -1 ? rest : rest.slice(0, end)
  return isUnclean(url) || !hasPort(rest) || host.includes(" ") ? `${url} is no address` : undefined
}

function checkUrl(wasm: Json, path: string, { object, report }: Place): void {
  const url = text(wasm["url"])
  const problem = urlProblem(url)
  if (problem === undefined) return
  const field = `${path}.url`
  if (!registry.test(url)) return report(urlInvalid, { path: field, message: problem })
  const value = `oci://${url}`
  report(urlInvalid, {
    path: field,
    message: problem,
    fix: {
      title: `Write ${value}`,
      edits: [{ object: refOf(object), patch: [{ op: "replace", path: pointerOf(field), value }] }],
    },
  })
}

function settingProblem(wasm: Json): { path: string; message: string } | undefined {
  const sha = text(wasm["sha256"])
  if (sha !== "" && !digest.test(sha))
    return {
      path: "sha256",
      message:
        sha.length === 64
          ? `sha256 ${sha} has other digits than 0-9 and a-f`
          : `sha256 ${sha} has ${sha.length} digits, not 64`,
    }
  if (text(wasm["imagePullSecret"]).length > 253)
    return { path: "imagePullSecret", message: "imagePullSecret is longer than 253 characters" }
  return text(wasm["pluginName"]).length > 256
    ? { path: "pluginName", message: "pluginName is longer than 256 characters" }
    : undefined
}

function variableProblem(variable: Json, names: Set<string>): string | undefined {
  const name = text(variable["name"])
  if (name === "") return "a variable has no name"
  if (name.length > 256) return `the name ${name.slice(0, 40)}… is longer than 256 characters`
  if (names.has(name)) return `the variable ${name} is there twice`
  names.add(name)
  return variable["valueFrom"] === "HOST" && text(variable["value"]) !== ""
    ? `the variable ${name} is taken from the HOST, and has a value too`
    : undefined
}

export type Place = { object: KubeObject; report: Report }

/** A Wasm module, which a WasmPlugin is and a TrafficExtension has. */
export function checkWasm(wasm: Json, path: string, place: Place): void {
  const { report } = place
  checkUrl(wasm, path, place)
  const setting = settingProblem(wasm)
  if (setting !== undefined)
    report(settingInvalid, { path: `${path}.${setting.path}`, message: setting.message })
  const env = items(record(wasm["vmConfig"])["env"])
  if (env.length === 0) return
  const names = new Set<string>()
  for (let i = 0; i < env.length; i++) {
    const wrong = isSet(env[i]) ? variableProblem(record(env[i]), names) : undefined
    if (wrong !== undefined)
      report(environmentInvalid, { path: at(`${path}.vmConfig.env`, i), message: wrong })
  }
}

/** The traffic that an extension is for. */
export function checkMatch(match: readonly unknown[], report: Report): void {
  for (let i = 0; i < match.length; i++) {
    const path = at("spec.match", i)
    if (!isSet(match[i])) report(matchInvalid, { path, message: "the match is null" })
    const ports = items(record(match[i])["ports"])
    for (let j = 0; j < ports.length; j++) {
      const number = record(ports[j])["number"]
      if (!isPort(number))
        report(matchInvalid, { path: at(`${path}.ports`, j), message: `${amount(number)} is no port` })
    }
  }
}
