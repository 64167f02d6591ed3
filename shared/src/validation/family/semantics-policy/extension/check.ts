import { record, text } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { extensionInvalid, luaInvalid, matchInvalid, wasmRules } from "./rules.ts"
import { checkMatch, checkWasm } from "./wasm.ts"

/** Source: istio `ValidateWasmPlugin`. */
export const wasmPluginCheck = check({
  name: "wasmplugin/semantics",
  subject: "WasmPlugin.extensions.istio.io",
  reads: [],
  rules: [...wasmRules, matchInvalid, ...targetRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    checkTargets(object, "selector", report)
    checkWasm(spec, "spec", { object, report })
    checkMatch(items(spec["match"]), report)
  },
})

const longestCode = 65_536

function luaProblem(code: string): string | undefined {
  if (code === "") return "lua has no inlineCode"
  if (code.length * 3 <= longestCode) return undefined
  const bytes = new TextEncoder().encode(code).length
  return bytes > longestCode ? `inlineCode has ${bytes} bytes, more than ${longestCode}` : undefined
}

/** Source: istio `ValidateTrafficExtension`. */
export const trafficExtensionCheck = check({
  name: "trafficextension/semantics",
  subject: "TrafficExtension.extensions.istio.io",
  reads: [],
  rules: [...wasmRules, extensionInvalid, luaInvalid, matchInvalid, ...targetRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const wasm = section(spec["wasm"])
    const lua = section(spec["lua"])
    if ((wasm === undefined) === (lua === undefined))
      report(extensionInvalid, {
        path: "spec",
        message: wasm === undefined ? "there is neither wasm nor lua" : "wasm and lua cannot be set together",
      })
    checkTargets(object, "selector", report)
    const problem = lua === undefined ? undefined : luaProblem(text(lua["inlineCode"]))
    if (problem !== undefined) report(luaInvalid, { path: "spec.lua", message: problem })
    if (wasm !== undefined) checkWasm(wasm, "spec.wasm", { object, report })
    checkMatch(items(spec["match"]), report)
  },
})
