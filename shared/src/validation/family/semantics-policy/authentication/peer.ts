import { record } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isEmptyMap } from "../../../semantic/labels.ts"
import { isPort } from "../../../semantic/port.ts"
import { isSet, section } from "../read.ts"
import { checkSelector, selectorRules } from "../selector.ts"
import { portLevelInvalid } from "./rules.ts"

/** Source: istio `ValidatePeerAuthentication`. */
export const peerAuthenticationCheck = check({
  name: "peerauthentication/semantics",
  subject: "PeerAuthentication.security.istio.io",
  reads: [],
  rules: [portLevelInvalid, ...selectorRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const selects = !isEmptyMap(section(spec["selector"])?.["matchLabels"])
    if (isSet(spec["selector"])) checkSelector(object, { field: "selector", labels: "matchLabels" }, report)
    const ports = section(spec["portLevelMtls"])
    if (ports === undefined) return
    const path = "spec.portLevelMtls"
    if (isEmptyMap(ports)) return report(portLevelInvalid, { path, message: "portLevelMtls names no port" })
    if (!selects)
      report(portLevelInvalid, {
        path,
        message: "portLevelMtls needs a selector; a policy for all workloads has no ports",
      })
    for (const port in ports)
      if (!isPort(Number(port)))
        report(portLevelInvalid, { path: at(path, port), message: `${port} is no port` })
  },
})
