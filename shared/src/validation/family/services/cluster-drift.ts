import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, number, record, text } from "../../../topology/fact/read.ts"
import { check } from "../../check.ts"
import { rule } from "../../rule.ts"

export const clusterDrift = rule({
  code: "service.cluster_drift",
  aliases: ["IST0170"],
  level: "warning",
  title: "Service differs between clusters",
  effect:
    "The mesh takes the Services of one name in all clusters for one; which cluster's ports and kind count is up to the order in which istiod reads them",
  remedy: "Make the Services alike in all clusters",
  source: "https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-clusters",
})

/** Namespaces of each cluster's own machinery. */
const isOwn = (namespace: string): boolean =>
  namespace.startsWith("kube-") || namespace === "local-path-storage"

type Port = { name: string; number: number; protocol: string; application: string }

const portsOf = (object: KubeObject): Port[] =>
  list(record(object["spec"])["ports"])
    .map(record)
    .map((port) => ({
      name: text(port["name"]),
      number: number(port["port"]),
      protocol: text(port["protocol"]) || "TCP",
      application: text(port["appProtocol"]),
    }))
    .sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))

const portText = (port: Port | undefined): string =>
  port === undefined
    ? "no such port"
    : `${port.number} ${port.name === "" ? "without a name" : port.name} ${port.application === "" ? port.protocol : `${port.protocol}, ${port.application}`}`

const isSame = (a: Port | undefined, b: Port | undefined): boolean =>
  a?.name === b?.name &&
  a?.number === b?.number &&
  a?.protocol === b?.protocol &&
  a?.application === b?.application

function portDrift(own: readonly Port[], theirs: readonly Port[]): string | undefined {
  if (own.length !== theirs.length)
    return `it has ports ${own.map((port) => port.number).join(", ") || "none"} here and ${theirs.map((port) => port.number).join(", ") || "none"} there`
  const index = own.findIndex((port, position) => !isSame(port, theirs[position]))
  return index < 0
    ? undefined
    : `it has port ${portText(own[index])} here and ${portText(theirs[index])} there`
}

const typeOf = (object: KubeObject): string => text(record(object["spec"])["type"]) || "ClusterIP"
const isHeadless = (object: KubeObject): boolean => record(object["spec"])["clusterIP"] === "None"

type Drift = { field: "type" | "clusterIP" | "ports"; words: string }

/** What is not alike of two Services, the first one ours. Target ports may differ: they are between a Service and its pods. */
export function driftOf(own: KubeObject, other: KubeObject): Drift | undefined {
  if (typeOf(own) !== typeOf(other))
    return { field: "type", words: `it is of type ${typeOf(own)} here and ${typeOf(other)} there` }
  if (isHeadless(own) !== isHeadless(other))
    return {
      field: "clusterIP",
      words: isHeadless(own)
        ? "it is headless here and has a cluster IP there"
        : "it has a cluster IP here and is headless there",
    }
  const words = portDrift(portsOf(own), portsOf(other))
  return words === undefined ? undefined : { field: "ports", words }
}

export const serviceDrift = check({
  name: "service/drift",
  subject: "Service",
  reads: ["Service"],
  rules: [clusterDrift],
  run: (object, view, report) => {
    if (view.others.length === 0) return
    const namespace = object.metadata.namespace ?? ""
    if (isOwn(namespace)) return
    for (const other of view.others) {
      // Compared with the first cluster that has it, by name, and told by the others: of 24 clusters not each with each.
      if (other.cluster > view.cluster) return
      const same = other.get("Service", namespace, object.metadata.name)
      if (same === undefined) continue
      const drift = driftOf(object, same)
      if (drift)
        report(clusterDrift, {
          path: `spec.${drift.field}`,
          message: `${drift.words}, in cluster ${other.cluster}`,
          references: [{ object: refOf(object), path: "", cluster: other.cluster }],
        })
      return
    }
  },
})
