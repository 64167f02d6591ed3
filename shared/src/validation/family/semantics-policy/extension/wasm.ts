import { text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { urlInvalid } from "./rules.ts"

const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/
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

function isReadable(url: string): boolean {
  const found = scheme.exec(url)?.[0] ?? ""
  const rest = found === "" ? `//${url}` : url.slice(found.length)
  const end = rest.indexOf("/", 2)
  const host = end === -1 ? rest : rest.slice(0, end)
  return !isUnclean(url) && hasPort(rest) && !host.includes(" ")
}

/** The address of a module, which a WasmPlugin has and the wasm of a TrafficExtension. Its scheme is looked at by structure. */
export function checkUrl(wasm: Json, path: string, report: Report): void {
  const url = text(wasm["url"])
  if (url !== "" && !isReadable(url))
    report(urlInvalid, { path: `${path}.url`, message: `${url} is no address` })
}
