import { record } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isEmptyMap } from "../../../semantic/labels.ts"
import { isPort } from "../../../semantic/port.ts"
import { isSet, section } from "../read.ts"
import { checkSelector, selectorRules } from "../selector.ts"
import { portLevelInvalid, rootSelectorIgnored } from "./rules.ts"

/** Source: istio `ValidatePeerAuthentication`, and pilot/pkg/security/authn `ComposePeerAuthentication`. */
export const peerAuthenticationCheck = check({
  name: "peerauthentication/semantics",
  subject: "PeerAuthentication.security.istio.io",
  reads: [],
  rules: [portLevelInvalid, rootSelectorIgnored, ...selectorRules],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const selects = !isEmptyMap(section(spec["selector"])?.["matchLabels"])
    if (isSet(spec["selector"])) checkSelector(object, { field: "selector", labels: "matchLabels" }, report)
    const root = view.settings.rootNamespace
    if (selects && object.metadata.namespace === root)
      report(rootSelectorIgnored, {
        path: "spec.selector",
        message: `${root} is the root namespace, where a PeerAuthentication with a selector applies to nothing`,
      })
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
