import { configHost, serviceHost } from "../../../istio/host.ts"
import { type KubeObject, type ObjectRef, refOf } from "../../../kube/object.ts"
import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index } from "../../check.ts"
import type { Rule } from "../../rule.ts"
import { isAmbientNamespace, labelsOf } from "./dataplane.ts"
import { destinationRule, virtualService, waypointKinds } from "./kinds.ts"
import {
  destinationRuleElsewhere,
  destinationRuleNoWaypoint,
  virtualServiceElsewhere,
  virtualServiceNoWaypoint,
} from "./rules.ts"
import { serviceWaypoint } from "./waypoint.ts"

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

/** DestinationRules by the host they name. */
const rulesByHost = index({
  name: "ambient/rules-by-host",
  kind: destinationRule,
  keysOf: (object, { domain }) => [
    configHost(text(record(object["spec"])["host"]), object.metadata.namespace ?? "", domain),
  ],
})

type Route = { object: ObjectRef; path: string }

/** HTTP routes of clients in the mesh for a host. */
function routesTo(view: View, host: string): Route[] {
  const found: Route[] = []
  for (const { object, hosts, spec } of view.mesh.meshRoutes.byHost.get(host) ?? [])
    if (routesHttp(spec)) found.push({ object, path: `spec.hosts[${hosts.indexOf(host)}]` })
  return found
}

const policiesOf = (view: View, host: string): Route[] =>
  view
    .find(rulesByHost, host)
    .filter((object) => policiesHttp(record(object["spec"])))
    .map((object) => ({ object: refOf(object), path: "spec.host" }))

type Service = { service: KubeObject; hasWaypoint: boolean }

function reportRoutes(
  routes: readonly Route[],
  { service, hasWaypoint }: Service,
  { noWaypoint, elsewhere }: { noWaypoint: Rule; elsewhere: Rule },
  report: Report,
): void {
  const namespace = service.metadata.namespace ?? ""
  const name = `${namespace}/${service.metadata.name}`
  for (const { object, path } of routes) {
    const references = [{ object: refOf(service), path: "" }]
    if (!hasWaypoint)
      report(noWaypoint, {
        at: object,
        path,
        message: `service ${name} is ambient and has no waypoint`,
        references,
      })
    else if (object.namespace !== namespace)
      report(elsewhere, {
        at: object,
        path,
        message: `the waypoint of ${name} looks only at what is in ${namespace}`,
        references,
      })
  }
}

/** Asked by namespace, of its services: most meshes have few ambient ones, and many routes. */
export const ambientRoutes = check({
  name: "ambient/routes",
  subject: "Namespace",
  reads: [...waypointKinds, "Service", virtualService, destinationRule],
  needs: ["Service"],
  rules: [
    virtualServiceNoWaypoint,
    virtualServiceElsewhere,
    destinationRuleNoWaypoint,
    destinationRuleElsewhere,
  ],
  run: (namespace, view, report) => {
    if (!isAmbientNamespace(namespace)) return
    for (const service of view.inNamespace("Service", namespace.metadata.name)) {
      const host = serviceHost(service.metadata.name, namespace.metadata.name, view.settings.domain)
      const [routes, rules] = [routesTo(view, host), policiesOf(view, host)]
      if (routes.length + rules.length === 0) continue
      const hasWaypoint = serviceWaypoint(view, labelsOf(service), namespace.metadata.name) !== undefined
      const target = { service, hasWaypoint }
      reportRoutes(
        routes,
        target,
        { noWaypoint: virtualServiceNoWaypoint, elsewhere: virtualServiceElsewhere },
        report,
      )
      reportRoutes(
        rules,
        target,
        { noWaypoint: destinationRuleNoWaypoint, elsewhere: destinationRuleElsewhere },
        report,
      )
    }
  },
})
