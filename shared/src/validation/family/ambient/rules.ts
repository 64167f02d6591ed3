import { type Rule, rule } from "../../rule.ts"

const use = "https://istio.io/latest/docs/ambient/usage/waypoint/"
const l7 = "https://istio.io/latest/docs/ambient/usage/l7-features/"
const l4 = "https://istio.io/latest/docs/ambient/usage/l4-policy/"
const add = "https://istio.io/latest/docs/ambient/usage/add-workloads/"

export const waypointNotFound = rule({
  code: "waypoint.not_found",
  aliases: ["KIA1313"],
  level: "error",
  title: "Waypoint does not exist",
  effect: "Traffic goes past it: no HTTP route and no HTTP policy applies",
  remedy: "Make the waypoint, or correct the name in istio.io/use-waypoint",
  source: use,
})

export const waypointNotAllowed = rule({
  code: "waypoint.not_allowed",
  aliases: [],
  level: "error",
  title: "Waypoint does not take what is in this namespace",
  effect: "Traffic goes past it: no HTTP route and no HTTP policy applies",
  remedy:
    "Open allowedRoutes of the waypoint's listener to the namespace, or use a waypoint of the namespace",
  source: `${use}#using-cross-namespace-waypoints`,
})

export const waypointTraffic = rule({
  code: "waypoint.other_traffic",
  aliases: [],
  level: "warning",
  title: "Waypoint is for another kind of traffic",
  effect: "Traffic goes past it: a waypoint takes what is sent to services, or to workloads, or both",
  remedy: "Set istio.io/waypoint-for of the waypoint to all, or name another waypoint",
  source: `${use}#waypoint-traffic-types`,
})

export const waypointUnused = rule({
  code: "workload.waypoint_without_ambient",
  aliases: ["KIA1312"],
  level: "warning",
  title: "Workload names a waypoint and is not captured",
  effect: "No ztunnel sends its traffic through the waypoint",
  remedy: "Label it or its namespace istio.io/dataplane-mode: ambient, or take the waypoint away",
  source: add,
})

export const namespaceBoth = rule({
  code: "namespace.sidecar_and_ambient",
  aliases: ["KIA1311"],
  level: "warning",
  title: "Namespace asks for sidecars and for ambient",
  effect: "New pods get a sidecar, and the ztunnel leaves them alone",
  remedy: "Keep one of the labels",
  source: add,
})

export const workloadBoth = rule({
  code: "workload.sidecar_and_ambient",
  aliases: ["KIA1311", "KIA1315"],
  level: "error",
  title: "Workload is labelled for ambient and gets a sidecar",
  effect: "The sidecar wins, and the ztunnel leaves the pods alone",
  remedy: 'Label it sidecar.istio.io/inject: "false", or take the label istio.io/dataplane-mode away',
  source: add,
})

export const sidecarInAmbient = rule({
  code: "workload.sidecar_in_ambient_namespace",
  aliases: ["KIA1316"],
  level: "warning",
  title: "Workload asks for a sidecar in an ambient namespace",
  effect: "Its pods are not captured, and waypoints do not serve as their clients' do",
  remedy: "Take the injection label away, or say istio.io/dataplane-mode: none to show that it is meant",
  source: add,
})

export const podBoth = rule({
  code: "pod.captured_with_sidecar",
  aliases: ["KIA1314"],
  level: "error",
  title: "Pod has a sidecar and is captured by a ztunnel",
  effect: "Its traffic is redirected twice",
  remedy: "Restart the pod, with one of the two turned off",
  source: add,
})

export const namespaceMixed = rule({
  code: "namespace.mixed_dataplanes",
  aliases: [],
  level: "info",
  title: "Namespace has pods with a sidecar beside captured ones",
  effect:
    "HTTP policies with a selector hold only at the sidecars, those with targetRefs only at the waypoint",
  remedy: "Move the rest of the workloads over, or write policies for both",
  source: add,
})

const withoutWaypoint = (domain: string, aliases: readonly string[], effect: string): Rule =>
  rule({
    code: `${domain}.no_waypoint`,
    aliases,
    level: "warning",
    title: "HTTP configuration for ambient workloads that have no waypoint",
    effect,
    remedy: "Make a waypoint and label the namespace or the service istio.io/use-waypoint",
    source: l7,
  })

const withoutTarget = (domain: string, aliases: readonly string[], effect: string): Rule =>
  rule({
    code: `${domain}.no_target`,
    aliases,
    level: "warning",
    title: "HTTP policy for ambient workloads has no targetRefs",
    effect,
    remedy: "Name the service, or the waypoint, in spec.targetRefs",
    source: l7,
  })

const ztunnel =
  "A ztunnel knows no HTTP: it leaves ALLOW rules with HTTP fields out, reads DENY rules without them, and both refuse more than they say"

export const policyNoWaypoint = rule({
  ...withoutWaypoint("authorizationpolicy", ["KIA0109", "KIA1317"], ztunnel),
  source: l4,
})
export const policyNoTarget = withoutTarget(
  "authorizationpolicy",
  ["KIA0110"],
  `Waypoints pass over policies without targetRefs. ${ztunnel}`,
)
export const requestNoWaypoint = withoutWaypoint("requestauthentication", ["KIA1110"], "No token is checked")
export const requestNoTarget = withoutTarget(
  "requestauthentication",
  ["KIA1115"],
  "Waypoints pass over policies without targetRefs, so no token is checked",
)
export const wasmNoWaypoint = withoutWaypoint("wasmplugin", ["KIA1111"], "The plugin runs nowhere")
export const wasmNoTarget = withoutTarget(
  "wasmplugin",
  ["KIA1116"],
  "Waypoints pass over plugins without targetRefs, so it runs nowhere",
)
export const telemetryNoWaypoint = withoutWaypoint(
  "telemetry",
  ["KIA1112"],
  "Ztunnels report connections only: no traces, no HTTP access logs and metrics",
)
export const telemetryNoTarget = withoutTarget(
  "telemetry",
  ["KIA1117"],
  "Waypoints pass over telemetry without targetRefs, so it changes nothing",
)

export const targetNoWaypoint = rule({
  code: "policy.target_without_waypoint",
  aliases: ["KIA0109", "KIA1317"],
  level: "warning",
  title: "Policy names a service that has no waypoint",
  effect: "Only waypoints look at policies for services, so it is enforced nowhere",
  remedy: "Label the service or its namespace istio.io/use-waypoint",
  source: l7,
})

const routes = (domain: string, aliases: readonly string[]) => ({
  noWaypoint: rule({
    code: `${domain}.no_waypoint`,
    aliases,
    level: "warning",
    title: "HTTP configuration for an ambient service that has no waypoint",
    effect: "Ztunnels know no HTTP: only clients with a sidecar, and gateways, follow it",
    remedy: "Make a waypoint and label the service or its namespace istio.io/use-waypoint",
    source: l7,
  }),
})

export const virtualServiceNoWaypoint = routes("virtualservice", ["KIA1109", "KIA1113"]).noWaypoint
export const destinationRuleNoWaypoint = routes("destinationrule", ["KIA0210", "KIA0211"]).noWaypoint

const elsewhere = (domain: string, aliases: readonly string[]): Rule =>
  rule({
    code: `${domain}.outside_service_namespace`,
    aliases,
    level: "warning",
    title: "HTTP configuration for an ambient service is in another namespace",
    effect: "The service's waypoint follows only what is in the service's namespace",
    remedy: "Move it to the namespace of the service",
    source: l7,
  })
export const virtualServiceElsewhere = elsewhere("virtualservice", ["KIA1114"])
export const destinationRuleElsewhere = elsewhere("destinationrule", ["KIA0212"])

export const proxyBehind = rule({
  code: "namespace.proxies_behind",
  aliases: [],
  level: "info",
  title: "Proxies are of another version than their control plane",
  effect:
    "Proxies more than one minor version behind, or ahead of the control plane, are not supported and may misread what they are sent",
  remedy: "Restart the workloads, so that they get the proxy of their control plane",
  source: "https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew",
})

export const ambientRules: readonly Rule[] = [
  waypointNotFound,
  waypointNotAllowed,
  waypointTraffic,
  waypointUnused,
  namespaceBoth,
  workloadBoth,
  sidecarInAmbient,
  podBoth,
  namespaceMixed,
  policyNoWaypoint,
  policyNoTarget,
  requestNoWaypoint,
  requestNoTarget,
  wasmNoWaypoint,
  wasmNoTarget,
  telemetryNoWaypoint,
  telemetryNoTarget,
  targetNoWaypoint,
  virtualServiceNoWaypoint,
  virtualServiceElsewhere,
  destinationRuleNoWaypoint,
  destinationRuleElsewhere,
  proxyBehind,
]
