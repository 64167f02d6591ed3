import type { KubeObject } from "../../../kube/object.ts"
import { matchesLabels } from "../../../kube/selector.ts"
import { list, number, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type View, check, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { deploymentKind, namespaceKind, serviceKind } from "./kinds.ts"
import { injectionWish, namespaceOf, proxyOf } from "./pod.ts"

export const protocolsConflict = rule({
  code: "workload.protocols_conflict",
  aliases: ["IST0116"],
  level: "warning",
  title: "Services give one port of a workload different protocols",
  effect: "The sidecar has one listener for the port, and takes one of the protocols for it",
  remedy: "Give the services the same protocol for the port",
  source: "https://istio.io/latest/docs/ops/deployment/application-requirements/",
})
export const portsConflict = rule({
  code: "workload.ports_conflict",
  aliases: ["IST0137"],
  level: "warning",
  title: "Services lead different ports to one port of a workload",
  effect:
    "The sidecar's inbound listener is made for one of the services: settings by port of the others do not take effect",
  remedy: "Use one service, or the same port in all of them",
})

function isInMesh(deployment: KubeObject, view: View): boolean {
  const template = record(record(deployment["spec"])["template"])
  if (proxyOf(record(template["spec"])) !== undefined) return true
  const metadata = record(template["metadata"])
  const wish = injectionWish({
    labels: stringMap(metadata["labels"]),
    annotations: stringMap(metadata["annotations"]),
  })
  if (wish !== undefined) return wish
  const labels = namespaceOf(view, deployment.metadata.namespace)?.metadata.labels
  const injection = labels?.["istio-injection"]
  return injection === undefined ? labels?.["istio.io/rev"] !== undefined : injection === "enabled"
}

/** Services by the first label of their selector: what a pod must have in any case. */
const bySelector = index({
  name: "services by a label of their selector",
  kind: serviceKind,
  keysOf: (service) => {
    const selector = stringMap(record(service["spec"])["selector"])
    let first: string | undefined
    for (const label in selector) if (first === undefined || label < first) first = label
    return first === undefined
      ? []
      : [`${service.metadata.namespace ?? ""}/${first}=${selector[first] ?? ""}`]
  },
})

type Use = { service: KubeObject; index: number; port: number; protocol: string; target: string }

/** Those that may select pods of these labels, in the order of the labels. */
function servicesBy(
  view: View,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): readonly KubeObject[] {
  const found: { label: string; services: readonly KubeObject[] }[] = []
  for (const label in labels) {
    const services = view.find(bySelector, `${namespace}/${label}=${labels[label] ?? ""}`)
    if (services.length > 0) found.push({ label, services })
  }
  if (found.length < 2) return found[0]?.services ?? []
  return found.sort((a, b) => (a.label < b.label ? -1 : 1)).flatMap(({ services }) => services)
}

function usesOf(deployment: KubeObject, view: View): Use[] {
  const labels = stringMap(record(record(record(deployment["spec"])["template"])["metadata"])["labels"])
  const uses: Use[] = []
  const namespace = deployment.metadata.namespace ?? ""
  for (const service of servicesBy(view, namespace, labels)) {
    const spec = record(service["spec"])
    if (!matchesLabels(stringMap(spec["selector"]), labels)) continue
    const ports = list(spec["ports"])
    for (let index = 0; index < ports.length; index++) {
      const port = record(ports[index])
      const target = port["targetPort"]
      const at = number(port["port"])
      uses.push({
        service,
        index,
        port: at,
        protocol: text(port["protocol"]) || "TCP",
        target: typeof target === "string" && target !== "" ? target : String(number(target) || at),
      })
    }
  }
  return uses
}

const namesOf = (uses: readonly Use[]): string =>
  [...new Set(uses.map(({ service }) => service.metadata.name))].sort().join(", ")

const placesOf = (uses: readonly Use[]) =>
  uses.map(({ service, index }) => ({
    object: { kind: serviceKind, namespace: service.metadata.namespace ?? "", name: service.metadata.name },
    path: `spec.ports[${index}]`,
  }))

export const deploymentPorts = check({
  name: "deployment/ports",
  subject: deploymentKind,
  reads: [serviceKind, namespaceKind],
  rules: [protocolsConflict, portsConflict],
  run: (deployment, view, report) => {
    if (deployment.metadata.labels?.["gateway.istio.io/managed"] === "istio.io-mesh-controller") return
    const uses = usesOf(deployment, view)
    if (uses.length < 2 || !isInMesh(deployment, view)) return
    const path = "spec.template.metadata.labels"
    for (const [port, same] of Map.groupBy(uses, (use) => use.port)) {
      const protocols = [...new Set(same.map(({ protocol }) => protocol))].sort()
      if (protocols.length > 1)
        report(protocolsConflict, {
          path,
          message: `port ${port} is ${protocols.join(" and ")} by services ${namesOf(same)}`,
          references: placesOf(same),
        })
    }
    for (const [target, same] of Map.groupBy(uses, (use) => use.target)) {
      const ports = [...new Set(same.map(({ port }) => port))].sort((a, b) => a - b)
      if (ports.length > 1)
        report(portsConflict, {
          path,
          message: `ports ${ports.join(" and ")} of services ${namesOf(same)} both lead to port ${target}`,
          references: placesOf(same),
        })
    }
  },
})
