import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

export const urlInvalid = rule({
  code: "wasm.url_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Address of a Wasm module cannot be read",
  effect: refused,
  remedy: "Give a host with a numeric port or none, without blanks",
  source: "https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/",
})
