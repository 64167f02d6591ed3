import { selectInstances } from "../../../istio/mesh.ts"
import { type Json, list, number, record, stringMap } from "../../../topology/fact/read.ts"
import { check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { podKind, serviceKind } from "./kinds.ts"

export const targetPortMissing = rule({
  code: "service.target_port_missing",
  aliases: ["KIA0701"],
  level: "warning",
  title: "Service leads to a port that its pods do not have",
  effect:
    "A name that no container has gives no endpoint; a number that none declares is tried all the same, and may be refused",
  remedy: "Correct targetPort, or declare the port in the container",
})

/** Whether a container of the pod declares the port; undefined when it declares none at all. */
function declares(pod: Json, target: string | number): boolean | undefined {
  const spec = record(pod["spec"])
  let any = false
  for (const container of [...list(spec["containers"]), ...list(spec["initContainers"])].map(record)) {
    if (container["name"] === "istio-proxy") continue
    for (const port of list(container["ports"]).map(record)) {
      any = true
      if (port["containerPort"] === target || port["name"] === target) return true
    }
  }
  return any ? false : undefined
}

export const targetPorts = check({
  name: "service/target-ports",
  subject: serviceKind,
  reads: [podKind, "WorkloadEntry.networking.istio.io"],
  rules: [targetPortMissing],
  run: (service, view, report) => {
    const spec = record(service["spec"])
    const ports = list(spec["ports"])
    const selector = stringMap(spec["selector"])
    const namespace = service.metadata.namespace ?? ""
    const found = selectInstances(view.mesh, namespace, selector).find(
      ({ object }) => object.kind === podKind,
    )
    const pod = found && view.get(podKind, namespace, found.name)
    if (pod === undefined) return
    for (let i = 0; i < ports.length; i++) {
      const port = record(ports[i])
      const written = port["targetPort"]
      const target = typeof written === "string" ? written : number(written) || number(port["port"])
      if (declares(pod, target) !== false) continue
      report(targetPortMissing, {
        path: written === undefined ? `spec.ports[${i}].port` : `spec.ports[${i}].targetPort`,
        level: typeof target === "string" ? "warning" : "info",
        message: `no container of ${found?.name ?? ""} has port ${target}`,
        references: [
          { object: { kind: podKind, namespace, name: found?.name ?? "" }, path: "spec.containers" },
        ],
      })
    }
  },
})
