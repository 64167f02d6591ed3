import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { type Check, check } from "../../../check.ts"
import { probeHeaderProblem } from "../../../semantic/header.ts"
import { labelsProblem } from "../../../semantic/labels.ts"
import { portProblem } from "../../../semantic/port.ts"
import { type Say, isSet, isThere, sayTo } from "../say.ts"
import { addressProblem, portsProblem } from "./endpoint.ts"
import * as Rules from "./rules.ts"

/** Istio's own validation of one WorkloadEntry. Source: istio pkg/config/validation `ValidateWorkloadEntry`. */
export const workloadEntryCheck: Check = check({
  name: "workloadentry/semantics",
  subject: "WorkloadEntry.networking.istio.io",
  reads: [],
  rules: Rules.entryRules,
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const say = sayTo(report, object)
    const { address, network } = spec
    if (!isSet(address)) {
      if (!isSet(network)) {
        say(Rules.address, "spec", "there is neither an address nor a network")
        return
      }
      say(Rules.doubtful, "spec", `there is no address in network ${network}`)
    }
    say(Rules.address, "spec.address", addressProblem(spec, true))
    if (spec["ports"] !== undefined) say(Rules.ports, "spec.ports", portsProblem(spec["ports"]))
    if (spec["labels"] !== undefined) say(Rules.labels, "spec.labels", labelsProblem(spec["labels"]))
  },
})

const times = [
  "periodSeconds",
  "initialDelaySeconds",
  "timeoutSeconds",
  "successThreshold",
  "failureThreshold",
] as const

function sayHttpGet(probe: Json, say: Say): void {
  const { port, scheme, httpHeaders } = probe
  const path = "spec.probe.httpGet"
  sayPort(port, path, say)
  if (isSet(scheme) && scheme !== "HTTP" && scheme !== "HTTPS")
    say(Rules.probe, `${path}.scheme`, `scheme ${scheme} is neither HTTP nor HTTPS`)
  for (const [i, header] of list(httpHeaders).entries()) {
    const { name } = record(header)
    say(
      Rules.probe,
      `${path}.httpHeaders[${i}]`,
      isThere(header) ? probeHeaderProblem(isSet(name) ? name : "") : "the header is null",
    )
  }
}

function sayPort(port: unknown, path: string, say: Say): void {
  say(Rules.probe, path, portProblem(port))
}

function sayProbe(probe: Json, say: Say): void {
  for (const field of times) {
    const value = probe[field]
    if (typeof value === "number" && value < 0)
      say(Rules.probe, `spec.probe.${field}`, `${field} ${value} is less than 0`)
  }
  const { httpGet, tcpSocket, exec, grpc } = probe
  if (isThere(httpGet)) sayHttpGet(record(httpGet), say)
  else if (isThere(tcpSocket)) sayPort(record(tcpSocket)["port"], "spec.probe.tcpSocket", say)
  else if (isThere(exec)) {
    if (list(record(exec)["command"]).length === 0) say(Rules.probe, "spec.probe.exec", "exec has no command")
  } else
    say(
      Rules.probe,
      "spec.probe",
      isThere(grpc)
        ? "the validation of Istio refuses probes by grpc, although the kind has them"
        : "the probe has neither httpGet nor tcpSocket nor exec",
    )
}

/** Istio's own validation of one WorkloadGroup. Source: istio pkg/config/validation `ValidateWorkloadGroup`. */
export const workloadGroupCheck: Check = check({
  name: "workloadgroup/semantics",
  subject: "WorkloadGroup.networking.istio.io",
  reads: [],
  rules: Rules.groupRules,
  run: (object, _view, report) => {
    const { template, metadata, probe } = record(object["spec"])
    const say = sayTo(report, object)
    if (!isThere(template)) {
      say(Rules.template, "spec", "there is no template")
      return
    }
    say(Rules.groupLabels, "spec.metadata.labels", labelsProblem(record(metadata)["labels"]))
    if (isThere(probe)) sayProbe(record(probe), say)
  },
})
