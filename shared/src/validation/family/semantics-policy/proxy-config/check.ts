import { check } from "../../../check.ts"
import { checkSelector, selectorRules } from "../selector.ts"

/** Its concurrency is looked at by structure. Source: istio `ValidateProxyConfig`. */
export const proxyConfigCheck = check({
  name: "proxyconfig/semantics",
  subject: "ProxyConfig.networking.istio.io",
  reads: [],
  rules: selectorRules,
  run: (object, _view, report) => {
    checkSelector(object, { field: "selector", labels: "matchLabels" }, report)
  },
})
