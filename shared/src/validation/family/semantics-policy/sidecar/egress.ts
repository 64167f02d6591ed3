import { text, type Json } from "../../../../topology/fact/read.ts"
import { at } from "../../../path.ts"
import { isIpAddress, unixPathProblem } from "../../../semantic/address.ts"
import { amount, section } from "../read.ts"
import { checkHosts } from "./egress-hosts.ts"
import {
  numberProblem,
  portProblem,
  targetPortMessage,
  unix,
  withoutTargetPort,
  type Listeners,
} from "./ingress.ts"
import { egressInvalid } from "./rules.ts"

function socketProblem(listener: Json): string | undefined {
  const bind = text(listener["bind"])
  if (!bind.startsWith(unix)) return "port 0 needs a bind of the form unix://path"
  const problem = unixPathProblem(bind.slice(unix.length))
  if (problem !== undefined) return problem
  const mode = text(listener["captureMode"])
  return mode === "" || mode === "DEFAULT" || mode === "NONE"
    ? undefined
    : `captureMode ${mode} is not for Unix sockets; DEFAULT and NONE are`
}

function addressProblem(listener: Json, port: Json): string | undefined {
  const bind = text(listener["bind"])
  return (
    numberProblem(port) ?? (bind === "" || isIpAddress(bind) ? undefined : `bind ${bind} is no IP address`)
  )
}

/** Reports what is wrong with the place a listener is at; returns that place, to tell twins. */
function checkPlace(listener: Json, port: Json, path: string, { object, report }: Listeners): string {
  const isSocket = amount(port["number"]) === 0
  const problem = portProblem(port) ?? (isSocket ? socketProblem(listener) : addressProblem(listener, port))
  if (problem !== undefined) report(egressInvalid, { path, message: problem })
  if (amount(port["targetPort"]) > 0)
    report(egressInvalid, {
      path: `${path}.port.targetPort`,
      message: targetPortMessage,
      fix: withoutTargetPort(object, path),
    })
  return isSocket ? `socket ${text(listener["bind"])}` : `port ${amount(port["number"])}`
}

export function checkEgress(egress: readonly unknown[], listeners: Listeners): void {
  const seen = new Set<string>()
  for (let i = 0; i < egress.length; i++) {
    const path = at("spec.egress", i)
    const listener = section(egress[i])
    if (listener === undefined) {
      listeners.report(egressInvalid, { path, message: "the listener is null" })
      continue
    }
    const port = section(listener["port"])
    if (port === undefined && i !== egress.length - 1)
      listeners.report(egressInvalid, {
        path,
        message:
          "the listener without a port takes all other traffic, so it must be the last, and the only one",
      })
    if (port !== undefined) {
      const place = checkPlace(listener, port, path, listeners)
      if (seen.has(place))
        listeners.report(egressInvalid, {
          path: `${path}.port`,
          message: `there is more than one egress listener on ${place}`,
        })
      seen.add(place)
    }
    checkHosts(listener["hosts"], path, listeners)
  }
}
