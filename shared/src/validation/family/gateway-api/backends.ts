import { type KubeObject, kindKeyOf, refOf } from "../../../kube/object.ts"
import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Check, type Report, type View, check } from "../../check.ts"
import { pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { isKnown } from "../services/host.ts"
import { listed, similar } from "../services/words.ts"
import { isGranted } from "./grant.ts"
import {
  gatewayKind,
  httpRouteKind,
  grpcRouteKind,
  referenceGrantKind,
  routeKinds,
  serviceEntryKind,
  shortKind,
} from "./kinds.ts"
import { parentsOf, rulesOf } from "./parent.ts"

const source = "https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference"

export const backendUnknown = rule({
  code: "route.backend_unknown",
  aliases: ["KIA1402"],
  level: "error",
  title: "Route sends to a service that is not there",
  effect: "Requests for this backend are answered with 500",
  remedy: "Correct the name or namespace of the backend, or create the Service",
  source,
})
export const backendPort = rule({
  code: "route.backend_port_unknown",
  aliases: [],
  level: "error",
  title: "Route sends to a port that the service does not have",
  effect: "The proxy knows no such destination and answers with 503",
  remedy: "Use a port of the Service, not of its pods",
  source,
})
export const backendNotGranted = rule({
  code: "route.backend_not_granted",
  aliases: [],
  level: "error",
  title: "Route sends to another namespace without a ReferenceGrant",
  effect: "Requests for this backend are answered with 500",
  remedy: "Create a ReferenceGrant in the backend's namespace",
  source: "https://gateway-api.sigs.k8s.io/api-types/referencegrant/",
})
export const backendKind = rule({
  code: "route.backend_kind_unknown",
  aliases: [],
  level: "error",
  title: "Route sends to a kind that Istio does not know as a backend",
  effect: "Requests for this backend are answered with 500",
  remedy: "Use a Service",
  source: "https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/",
})
export const noBackend = rule({
  code: "route.no_backend",
  aliases: [],
  level: "warning",
  title: "Rule of a route has nowhere to send to",
  effect: "Requests that match it are answered with 500, and connections are closed",
  remedy: "Give the rule a backend with a weight above 0, or a redirect",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule",
})

type Subject = { route: KubeObject; ref: Json; path: string; isBound: boolean }

function checkPort({ route, ref, path }: Subject, service: KubeObject, report: Report): void {
  const port = number(ref["port"])
  const ports = list(record(service["spec"])["ports"]).map(record)
  const numbers = ports.map((one) => number(one["port"]))
  // A port that is missing is an error of structure.
  if (port === 0 || numbers.includes(port)) return
  const meant = ports.filter((one) => one["targetPort"] === port).map((one) => number(one["port"]))
  const [value] = meant
  const { name, namespace = "" } = service.metadata
  report(backendPort, {
    path: `${path}.port`,
    message: `Service ${namespace}/${name} has no port ${port}${value === undefined ? "" : `, which is its pods' of port ${value}`}; there ${numbers.length === 1 ? "is" : "are"} ${listed(numbers.map(String))}`,
    references: [{ object: { kind: "Service", namespace, name }, path: "spec.ports" }],
    ...(value === undefined || meant.length > 1
      ? {}
      : {
          fix: {
            title: `Send to port ${value}`,
            edits: [
              { object: refOf(route), patch: [{ op: "replace", path: pointerOf(`${path}.port`), value }] },
            ],
          },
        }),
  })
}

function checkService(subject: Subject, namespace: string, view: View, report: Report): void {
  const { ref, path } = subject
  const name = text(ref["name"])
  const service = view.get("Service", namespace, name)
  if (service) {
    if (record(service["spec"])["type"] !== "ExternalName") checkPort(subject, service, report)
    return
  }
  if (view.others.some((other) => other.get("Service", namespace, name) !== undefined)) return
  const names = similar(
    name,
    view.inNamespace("Service", namespace).map(({ metadata }) => metadata.name),
  )
  report(backendUnknown, {
    path: `${path}.name`,
    message: `there is no Service ${namespace}/${name}${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
  })
}

function checkRef(subject: Subject, view: View, report: Report): void {
  const { route, ref, path, isBound } = subject
  const group = text(ref["group"])
  const kind = text(ref["kind"]) || "Service"
  const own = route.metadata.namespace ?? ""
  const namespace = text(ref["namespace"]) || own
  const to = { group, kind, namespace, name: text(ref["name"]) }
  if (
    isBound &&
    namespace !== own &&
    !isGranted(view, { from: { kind: shortKind(kindKeyOf(route)), namespace: own }, to })
  ) {
    report(backendNotGranted, {
      path: `${path}.namespace`,
      message: `no ReferenceGrant of namespace ${namespace} lets ${shortKind(kindKeyOf(route))}s of ${own} send to ${kind} ${to.name}`,
    })
    return
  }
  if (group === "" && kind === "Service") checkService(subject, namespace, view, report)
  else if (group === "networking.istio.io" && kind === "Hostname") {
    if (!isKnown(view, to.name))
      report(backendUnknown, {
        path: `${path}.name`,
        message: `no service or service entry has the host ${to.name}`,
      })
  } else if (!known.has(`${kind}.${group}`))
    report(backendKind, {
      path: `${path}.kind`,
      message: `${kind}${group === "" ? "" : `.${group}`} is no kind of backend`,
    })
}

/** Backends of which we do not know the objects. */
const known: ReadonlySet<string> = new Set([
  "ServiceImport.multicluster.x-k8s.io",
  "InferencePool.inference.networking.k8s.io",
  "InferencePool.inference.networking.x-k8s.io",
])

function checkFilters(filters: unknown, path: string, visit: (ref: Json, path: string) => void): void {
  const all = list(filters)
  for (let index = 0; index < all.length; index++) {
    const filter = record(all[index])
    if (filter["type"] === "RequestMirror")
      visit(
        record(record(filter["requestMirror"])["backendRef"]),
        `${path}.filters[${index}].requestMirror.backendRef`,
      )
  }
}

const isAnswered = (one: Json): boolean =>
  list(one["filters"]).some((filter) => record(filter)["type"] === "RequestRedirect")

function checkRules(route: KubeObject, view: View, report: Report): void {
  const kind = kindKeyOf(route)
  const hasFilters = kind === httpRouteKind || kind === grpcRouteKind
  // A route of a Service is the mesh's own, for which Istio asks for no grant.
  const isBound = parentsOf(route).some((parent) => parent.kind === gatewayKind)
  const visit = (ref: Json, path: string): void => {
    checkRef({ route, ref, path, isBound }, view, report)
  }
  for (const [index, one] of rulesOf(route).entries()) {
    const path = `spec.rules[${index}]`
    const refs = list(one["backendRefs"])
    let weight = 0
    for (let at = 0; at < refs.length; at++) {
      const ref = record(refs[at])
      const own = typeof ref["weight"] === "number" ? ref["weight"] : 1
      weight += own
      if (own > 0) visit(ref, `${path}.backendRefs[${at}]`)
    }
    if (hasFilters) checkFilters(one["filters"], path, visit)
    if (weight <= 0 && !isAnswered(one))
      report(noBackend, {
        path,
        message: refs.length === 0 ? "rule has no backends" : "all backends of the rule have weight 0",
      })
  }
}

const of = (kind: string): Check =>
  check({
    name: `${shortKind(kind).toLowerCase()}/backends`,
    subject: kind,
    reads: ["Service", serviceEntryKind, referenceGrantKind],
    needs: ["Service"],
    rules: [backendUnknown, backendPort, backendNotGranted, backendKind, noBackend],
    run: checkRules,
  })

export const backendChecks: readonly Check[] = routeKinds.map(of)
