import type { KubeObject } from "../../kube/object.ts"
import type { TopologyFact } from "../fact.ts"
import { list, number, record, stringMap, strings, text } from "./read.ts"

export function serviceFact(object: KubeObject, id: string): TopologyFact {
  const spec = record(object["spec"])
  return {
    type: "service",
    id,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    selector: stringMap(spec["selector"]),
    ports: list(spec["ports"]).map((item) => {
      const port = record(item)
      return {
        name: text(port["name"]),
        port: Math.trunc(number(port["port"])),
        protocol: text(port["appProtocol"]) || text(port["protocol"]) || "TCP",
      }
    }),
    headless: spec["clusterIP"] === "None",
  }
}

export function externalFact(object: KubeObject, id: string): TopologyFact {
  return {
    type: "external",
    id,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    hosts: strings(record(object["spec"])["hosts"]),
  }
}

/** How a namespace takes part in the mesh. Source: istio.io, "Controlling the injection policy" and "Add workloads to ambient". */
function injectionOf(
  labels: Readonly<Record<string, string>>,
): "enabled" | "disabled" | "revision" | "ambient" | "none" {
  const label = labels["istio-injection"]
  if (label === "enabled" || label === "disabled") return label
  if (labels["istio.io/dataplane-mode"] === "ambient") return "ambient"
  return labels["istio.io/rev"] === undefined ? "none" : "revision"
}

export function namespaceFact(object: KubeObject, id: string): TopologyFact {
  return {
    type: "namespace",
    id,
    name: object.metadata.name,
    injection: injectionOf(object.metadata.labels ?? {}),
  }
}
