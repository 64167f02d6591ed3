import { record } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { urlInvalid } from "./rules.ts"
import { checkUrl } from "./wasm.ts"

/** Checksums, names, environment and ports are looked at by structure. Source: istio `ValidateWasmPlugin`. */
export const wasmPluginCheck = check({
  name: "wasmplugin/semantics",
  subject: "WasmPlugin.extensions.istio.io",
  reads: [],
  rules: [urlInvalid, ...targetRules],
  run: (object, _view, report) => {
    checkTargets(object, "selector", report)
    checkUrl(record(object["spec"]), "spec", report)
  },
})

/** That there is one of wasm and lua is for structure to say. Source: istio `ValidateTrafficExtension`. */
export const trafficExtensionCheck = check({
  name: "trafficextension/semantics",
  subject: "TrafficExtension.extensions.istio.io",
  reads: [],
  rules: [urlInvalid, ...targetRules],
  run: (object, _view, report) => {
    checkTargets(object, "selector", report)
    checkUrl(record(record(object["spec"])["wasm"]), "spec.wasm", report)
  },
})
