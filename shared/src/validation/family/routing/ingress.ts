import { configHost } from "../../../istio/host.ts"
import { destinationRuleFor } from "../../../istio/destination-rule.ts"
import { type VirtualService, isSubset, selectInstances } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { modelOf } from "./client.ts"
import { onMeshWith } from "./mesh-clash.ts"
import { destinationRuleKind, serviceEntryKind, virtualServiceKind } from "./kinds.ts"

const source =
  "https://istio.io/latest/docs/ops/common-problems/network-issues/#route-rules-have-no-effect-on-ingress-gateway-requests"

export const ingressBypass = rule({
  code: "virtualservice.ingress_bypass",
  aliases: ["IST0140"],
  level: "warning",
  title: "Requests through a gateway bypass the routes of their destination",
  effect:
    "A gateway sends them to the service itself: routes by subset that another VirtualService has for it count for callers in the mesh only",
  remedy: "Name the subset in this route as well, or bind the other VirtualService to the gateway",
  source,
})

/** The subsets to which it routes requests for one of its own hosts. */
function subsetsOf({ spec, namespace }: VirtualService, host: string, domain: string): Set<string> {
  const subsets = new Set<string>()
  for (const route of list(spec["http"]))
    for (const entry of list(record(route)["route"])) {
      const destination = record(record(entry)["destination"])
      const subset = text(destination["subset"])
      if (subset !== "" && configHost(text(destination["host"]), namespace, domain) === host)
        subsets.add(subset)
    }
  return subsets
}

/** Whether a subset is less than all of a service; where nothing is known of its pods, it may be. */
function divides(view: View, { namespace }: VirtualService, host: string, subset: string): boolean {
  const service = view.mesh.services.get(host)?.[0]
  const instances =
    service === undefined ? [] : selectInstances(view.mesh, service.namespace, service.selector)
  if (service === undefined || instances.length === 0) return true
  const { subsets } = destinationRuleFor(view.mesh, { kind: "sidecar", namespace, labels: {} }, service)
  const labels = subsets.find(({ name }) => name === subset)?.labels
  return labels === undefined || !instances.every((instance) => isSubset(labels, instance.labels))
}

function routesBySubset(view: View, config: VirtualService, host: string): boolean {
  for (const subset of subsetsOf(config, host, view.settings.domain))
    if (divides(view, config, host, subset)) return true
  return false
}

/** Others on the mesh that route a host by subset and are at none of these gateways. */
const bypassed = (view: View, config: VirtualService, host: string): VirtualService[] =>
  onMeshWith(view, host).filter(
    (other) =>
      other !== config &&
      routesBySubset(view, other, host) &&
      !config.gateways.some((gateway) => gateway !== "mesh" && other.gateways.includes(gateway)),
  )

export const ingress = check({
  name: "virtualservice/ingress",
  subject: virtualServiceKind,
  reads: [
    virtualServiceKind,
    destinationRuleKind,
    "Service",
    serviceEntryKind,
    "Pod",
    "WorkloadEntry.networking.istio.io",
  ],
  rules: [ingressBypass],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    if (list(spec["gateways"]).length === 0) return
    const config = modelOf(view, object)
    if (config === undefined || config.gateways.every((gateway) => gateway === "mesh")) return
    const said = new Set<VirtualService>()
    const routes = list(spec["http"])
    for (let i = 0; i < routes.length; i++) {
      const entries = list(record(routes[i])["route"])
      for (let j = 0; j < entries.length; j++) {
        const destination = record(record(entries[j])["destination"])
        const written = text(destination["host"])
        if (written === "" || text(destination["subset"]) !== "") continue
        const host = configHost(written, config.namespace, view.settings.domain)
        for (const other of bypassed(view, config, host)) {
          if (said.has(other)) continue
          said.add(other)
          report(ingressBypass, {
            path: `spec.http[${i}].route[${j}].destination`,
            message: `${named(other.object)} routes ${host} by subset, but only for callers in the mesh`,
            references: [{ object: other.object, path: "spec.http" }],
          })
        }
      }
    }
  },
})
