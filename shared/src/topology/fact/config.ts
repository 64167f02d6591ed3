import { type KubeObject, kindKeyOf } from "../../kube/object.ts"
import type { TopologyFact } from "../fact.ts"
import { type Json, list, record, stringMap, strings, text } from "./read.ts"

type Config = Extract<TopologyFact, { type: "config" }>
type Badge = Config["badges"][number]
type Shape = { hosts: string[]; selector: Record<string, string> | null; badges: Badge[] }

/** `reviews` -> `reviews.<namespace>.svc.cluster.local`, `reviews.shop` -> `reviews.shop.svc.cluster.local`; names with more dots and wildcards stay. */
export function completeHost(host: string, namespace: string): string {
  if (host.includes("*")) return host
  const dots = host.split(".").length - 1
  if (dots === 0) return `${host}.${namespace}.svc.cluster.local`
  if (dots === 1 && !/\.(com|org|net|io|dev|local|internal)$/.test(host)) return `${host}.svc.cluster.local`
  return host.endsWith(".svc") ? `${host}.cluster.local` : host
}

const when = (condition: boolean, badge: Badge): Badge[] => (condition ? [badge] : [])

const filled = (value: unknown): boolean => Object.keys(record(value)).length > 0

/** A VirtualService shapes what it sends traffic to, as much as the hosts it is asked for. */
function virtualService(spec: Json, namespace: string): Shape {
  const http = list(spec["http"]).map(record)
  const routes = [...http, ...list(spec["tcp"]).map(record), ...list(spec["tls"]).map(record)]
  const destinations = routes.flatMap((route) =>
    list(route["route"]).map((target) => text(record(record(target)["destination"])["host"])),
  )
  const hosts = [...strings(spec["hosts"]), ...destinations].filter((host) => host !== "" && host !== "*")
  return {
    hosts: [...new Set(hosts.map((host) => completeHost(host, namespace)))],
    selector: null,
    badges: [
      "route",
      ...when(
        http.some((route) => filled(route["fault"])),
        "fault",
      ),
      ...when(
        http.some((route) => filled(route["mirror"]) || list(route["mirrors"]).length > 0),
        "mirror",
      ),
    ],
  }
}

function destinationRule(spec: Json, namespace: string): Shape {
  const policies = [
    record(spec["trafficPolicy"]),
    ...list(spec["subsets"]).map((subset) => record(record(subset)["trafficPolicy"])),
  ]
  return {
    hosts: [completeHost(text(spec["host"]), namespace)],
    selector: null,
    badges: [
      ...when(
        policies.some((policy) => filled(policy["outlierDetection"]) || filled(policy["connectionPool"])),
        "circuit-breaker",
      ),
      ...when(
        policies.some((policy) => filled(record(policy["loadBalancer"])["localityLbSetting"])),
        "locality",
      ),
    ],
  }
}

function policy(spec: Json, badges: Badge[]): Shape {
  return { hosts: [], selector: stringMap(record(spec["selector"])["matchLabels"]), badges }
}

const isService = (ref: Json): boolean => ref["kind"] === undefined || ref["kind"] === "Service"

function gatewayRoute(spec: Json, namespace: string): Shape {
  const rules = list(spec["rules"]).map(record)
  const parents = list(spec["parentRefs"])
    .map(record)
    .filter((ref) => ref["kind"] === "Service")
  const backends = rules.flatMap((rule) => list(rule["backendRefs"]).map(record)).filter(isService)
  const mirrored = rules.some((rule) =>
    list(rule["filters"]).some((filter) => record(filter)["type"] === "RequestMirror"),
  )
  const hosts = [...parents, ...backends].map(
    (ref) => `${text(ref["name"])}.${text(ref["namespace"]) || namespace}.svc.cluster.local`,
  )
  return { hosts: [...new Set(hosts)], selector: null, badges: ["route", ...when(mirrored, "mirror")] }
}

const shapes: Record<string, (spec: Json, namespace: string) => Shape> = {
  "VirtualService.networking.istio.io": virtualService,
  "DestinationRule.networking.istio.io": destinationRule,
  "AuthorizationPolicy.security.istio.io": (spec) => policy(spec, ["policy"]),
  "RequestAuthentication.security.istio.io": (spec) => policy(spec, ["policy"]),
  "PeerAuthentication.security.istio.io": (spec) => policy(spec, []),
  "HTTPRoute.gateway.networking.k8s.io": gatewayRoute,
  "GRPCRoute.gateway.networking.k8s.io": gatewayRoute,
}

export function configFact(object: KubeObject, id: string): TopologyFact | undefined {
  const namespace = object.metadata.namespace ?? ""
  const shape = shapes[kindKeyOf(object)]?.(record(object["spec"]), namespace)
  return shape && { type: "config", id, namespace, name: object.metadata.name, ...shape }
}
