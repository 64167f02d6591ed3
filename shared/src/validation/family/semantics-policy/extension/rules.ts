import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/"

export const urlInvalid = rule({
  code: "wasm.url_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Address of a Wasm module cannot be",
  effect: refused,
  remedy: "Give an oci, http, https or file address; without a scheme it is taken for oci",
  source,
})

export const settingInvalid = rule({
  code: "wasm.setting_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Checksum or name of a Wasm module cannot be",
  effect: refused,
  remedy: "Give sha256 as 64 digits of 0-9 and a-f, and shorter names",
  source,
})

export const environmentInvalid = rule({
  code: "wasm.env_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Environment of a Wasm module contradicts itself",
  effect: refused,
  remedy: "Name each variable once; one from the HOST has no value",
  source: `${source}#EnvVar`,
})

export const matchInvalid = rule({
  code: "extension.match_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Match of an extension is on no port",
  effect: refused,
  remedy: "Use ports from 1 to 65535",
  source: `${source}#WasmPlugin-TrafficSelector`,
})

export const extensionInvalid = rule({
  code: "trafficextension.kind_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "TrafficExtension is not exactly one of wasm and lua",
  effect: refused,
  remedy: "Set wasm or lua, not both",
})

export const luaInvalid = rule({
  code: "trafficextension.lua_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Lua code is missing or too long",
  effect: refused,
  remedy: "Give inlineCode of at most 64 KiB",
})

export const wasmRules = [urlInvalid, settingInvalid, environmentInvalid]
