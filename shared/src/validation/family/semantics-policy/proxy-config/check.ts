import { record } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"
import { amount } from "../read.ts"
import { checkSelector, selectorRules } from "../selector.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/proxy-config/"

const concurrencyInvalid = rule({
  code: "proxyconfig.concurrency_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Proxy with less than no threads",
  effect: refused,
  remedy: "Give 0 (one thread a CPU) or more",
  source,
})

/** Source: istio `ValidateProxyConfig`. */
export const proxyConfigCheck = check({
  name: "proxyconfig/semantics",
  subject: "ProxyConfig.networking.istio.io",
  reads: [],
  rules: [concurrencyInvalid, ...selectorRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    checkSelector(object, { field: "selector", labels: "matchLabels" }, report)
    const threads = amount(spec["concurrency"])
    if (threads < 0)
      report(concurrencyInvalid, {
        path: "spec.concurrency",
        message: `concurrency ${threads} is less than 0`,
      })
  },
})
