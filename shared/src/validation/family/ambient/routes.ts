import { configHost } from "../../../istio/host.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { type Check, type View, check } from "../../check.ts"
import type { Rule } from "../../rule.ts"
import { isAmbientNamespace, labelsOf } from "./dataplane.ts"
import { destinationRule, virtualService, waypointKinds } from "./kinds.ts"
import {
  destinationRuleElsewhere,
  destinationRuleNoWaypoint,
  virtualServiceElsewhere,
  virtualServiceNoWaypoint,
} from "./rules.ts"
import { hasAmbient, serviceWaypoint } from "./waypoint.ts"

const isForMesh = (spec: Json): boolean => {
  const gateways = strings(spec["gateways"])
  return gateways.length === 0 || gateways.includes("mesh")
}

/** HTTP and TLS routes need a proxy that reads them; TCP routes ztunnels do not follow either, but clients rarely mean them. */
const routesHttp = (spec: Json): boolean =>
  (list(spec["http"]).length > 0 || list(spec["tls"]).length > 0) && isForMesh(spec)

function isHttpPolicy(policy: Json): boolean {
  const hash = record(record(policy["loadBalancer"])["consistentHash"])
  return (
    text(hash["httpHeaderName"]) !== "" ||
    hash["httpCookie"] !== undefined ||
    record(policy["connectionPool"])["http"] !== undefined ||
    policy["outlierDetection"] !== undefined
  )
}

const policiesHttp = (spec: Json): boolean =>
  isHttpPolicy(record(spec["trafficPolicy"])) ||
  list(spec["subsets"]).some((subset) => isHttpPolicy(record(record(subset)["trafficPolicy"])))

/** The service behind a host in an ambient namespace. */
function ambientService(view: View, host: string, from: string): KubeObject | undefined {
  const end = `.svc.${view.settings.domain}`
  const full = configHost(host, from, view.settings.domain)
  if (!full.endsWith(end)) return undefined
  const [name = "", namespace = "", rest] = full.slice(0, -end.length).split(".")
  if (rest !== undefined || !isAmbientNamespace(view.get("Namespace", "", namespace))) return undefined
  return view.get("Service", namespace, name)
}

type Kind = {
  kind: string
  hosts: (spec: Json) => readonly { host: string; path: string }[]
  isHttp: (spec: Json) => boolean
  noWaypoint: Rule
  elsewhere: Rule
}

const routed = ({ kind, hosts, isHttp, noWaypoint, elsewhere }: Kind): Check =>
  check({
    name: `ambient/${kind}`,
    subject: kind,
    reads: [...waypointKinds, "Service"],
    needs: ["Namespace", "Service"],
    rules: [noWaypoint, elsewhere],
    run: (object, view, report) => {
      if (!hasAmbient(view)) return
      const spec = record(object["spec"])
      if (!isHttp(spec)) return
      const own = object.metadata.namespace ?? ""
      for (const { host, path } of hosts(spec)) {
        const service = ambientService(view, host, own)
        if (service === undefined) continue
        const namespace = service.metadata.namespace ?? ""
        const references = [{ object: { kind: "Service", namespace, name: service.metadata.name }, path: "" }]
        if (serviceWaypoint(view, labelsOf(service), namespace) === undefined)
          report(noWaypoint, {
            path,
            message: `service ${namespace}/${service.metadata.name} is ambient and has no waypoint`,
            references,
          })
        else if (namespace !== own)
          report(elsewhere, {
            path,
            message: `the waypoint of ${namespace}/${service.metadata.name} looks only at what is in ${namespace}`,
            references,
          })
      }
    },
  })

export const routeChecks: readonly Check[] = [
  routed({
    kind: virtualService,
    hosts: (spec) => strings(spec["hosts"]).map((host, at) => ({ host, path: `spec.hosts[${at}]` })),
    isHttp: routesHttp,
    noWaypoint: virtualServiceNoWaypoint,
    elsewhere: virtualServiceElsewhere,
  }),
  routed({
    kind: destinationRule,
    hosts: (spec) => [{ host: text(spec["host"]), path: "spec.host" }],
    isHttp: policiesHttp,
    noWaypoint: destinationRuleNoWaypoint,
    elsewhere: destinationRuleElsewhere,
  }),
]
