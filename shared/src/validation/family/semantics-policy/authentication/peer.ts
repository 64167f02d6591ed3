import { check } from "../../../check.ts"
import { checkSelector, selectorRules } from "../selector.ts"

/** Ports, and the selector that they need, are looked at by structure. Source: istio `ValidatePeerAuthentication`. */
export const peerAuthenticationCheck = check({
  name: "peerauthentication/semantics",
  subject: "PeerAuthentication.security.istio.io",
  reads: [],
  rules: selectorRules,
  run: (object, _view, report) => {
    checkSelector(object, { field: "selector", labels: "matchLabels" }, report)
  },
})
