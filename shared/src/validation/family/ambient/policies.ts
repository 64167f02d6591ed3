import type { KubeObject, ObjectRef } from "../../../kube/object.ts"
import type { Instance } from "../../../istio/instance.ts"
import { selectInstances } from "../../../istio/mesh.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Check, type View, check, derived } from "../../check.ts"
import type { Rule } from "../../rule.ts"
import { isTargeted, namespaceOf, selectorLabels, specOf } from "../security/policy.ts"
import { waypointField } from "../security/http-field.ts"
import { dataplaneOf, isAmbientNamespace, labelsOf } from "./dataplane.ts"
import {
  authorizationPolicy,
  requestAuthentication,
  serviceEntry,
  telemetry,
  waypointKinds,
  wasmPlugin,
  workloadEntry,
} from "./kinds.ts"
import {
  policyNoTarget,
  policyNoWaypoint,
  requestNoTarget,
  requestNoWaypoint,
  targetNoWaypoint,
  telemetryNoTarget,
  telemetryNoWaypoint,
  wasmNoTarget,
  wasmNoWaypoint,
} from "./rules.ts"
import { hasAmbient, serviceWaypoint } from "./waypoint.ts"

/** Whether a policy asks for what only a waypoint can do, and in which words. */
type Asks = (spec: Json) => string | undefined

function policyAsks(spec: Json): string | undefined {
  const action = text(spec["action"])
  if (action === "CUSTOM" || action === "AUDIT") return `action ${action}`
  for (const rule of list(spec["rules"])) {
    const field = waypointField(record(rule))
    if (field !== undefined) return field
  }
  return undefined
}

function telemetryAsks(spec: Json): string | undefined {
  if (list(spec["tracing"]).length > 0) return "tracing"
  if (list(spec["accessLogging"]).length > 0) return "accessLogging"
  return list(spec["metrics"]).some((metric) => list(record(metric)["overrides"]).length > 0)
    ? "metrics"
    : undefined
}

/** Pods a ztunnel captures that a policy with a selector is for. */
function isForCaptured(
  view: View,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const isCaptured = (instance: Instance): boolean => {
    const pod = view.get("Pod", instance.namespace, instance.name)
    if (pod === undefined || labelsOf(pod)["gateway.networking.k8s.io/gateway-name"] !== undefined)
      return false
    return dataplaneOf(view, pod) === "ambient"
  }
  const instances =
    labels === undefined
      ? (view.mesh.instances.get(namespace) ?? [])
      : selectInstances(view.mesh, namespace, labels)
  return instances.length > 0
    ? instances.some(isCaptured)
    : isAmbientNamespace(view.get("Namespace", "", namespace))
}

/** Whether any service of a namespace has its traffic go through a waypoint. */
const hasWaypoint = derived<boolean>({
  name: "ambient/has-waypoint",
  compute: (view, namespace) => {
    if (serviceWaypoint(view, {}, namespace) !== undefined) return true
    for (const service of view.inNamespace("Service", namespace))
      if (serviceWaypoint(view, labelsOf(service), namespace) !== undefined) return true
    return false
  },
})

const untargeted = (
  kind: string,
  asks: Asks,
  { noWaypoint, noTarget }: { noWaypoint: Rule; noTarget: Rule },
): Check =>
  check({
    name: `ambient/${kind}`,
    subject: kind,
    reads: [...waypointKinds, "Pod", workloadEntry, "Service"],
    needs: ["Namespace"],
    rules: [noWaypoint, noTarget],
    run: (policy, view, report) => {
      const spec = specOf(policy)
      if (isTargeted(spec)) return
      const namespace = namespaceOf(policy)
      // A policy of the root namespace is for sidecars as well: that waypoints pass it over may be meant.
      if (namespace === view.settings.rootNamespace || !hasAmbient(view)) return
      const what = asks(spec)
      if (what === undefined || !isForCaptured(view, namespace, selectorLabels(spec))) return
      const isBound = view.derive(hasWaypoint, namespace)
      report(isBound ? noTarget : noWaypoint, {
        path: isBound && spec["selector"] !== undefined ? "spec.selector" : "spec",
        message: isBound
          ? `${what} is for a waypoint, which looks only at policies with targetRefs`
          : `${what} is for a waypoint, and ${namespace} has none`,
      })
    },
  })

const targetsOf = (spec: Json): readonly unknown[] =>
  list(spec["targetRefs"]).length > 0 ? list(spec["targetRefs"]) : [spec["targetRef"]]

const kindOf = (reference: Json): string | undefined => {
  const group = text(reference["group"])
  if (reference["kind"] === "Service" && (group === "" || group === "core")) return "Service"
  return reference["kind"] === "ServiceEntry" ? serviceEntry : undefined
}

/** Whether the target is there is for the rules of references; whether its traffic passes a waypoint, here. */
const targeted = (kind: string): Check =>
  check({
    name: `ambient/targets/${kind}`,
    subject: kind,
    reads: [...waypointKinds, "Service", serviceEntry],
    needs: ["Namespace"],
    rules: [targetNoWaypoint],
    run: (policy, view, report) => {
      const spec = specOf(policy)
      if (!isTargeted(spec)) return
      const namespace = namespaceOf(policy)
      const isList = list(spec["targetRefs"]).length > 0
      targetsOf(spec).forEach((item, place) => {
        const reference = record(item)
        const target = kindOf(reference)
        if (target === undefined) return
        const object: KubeObject | undefined = view.get(target, namespace, text(reference["name"]))
        if (object === undefined || serviceWaypoint(view, labelsOf(object), namespace) !== undefined) return
        const ref: ObjectRef = { kind: target, namespace, name: object.metadata.name }
        report(targetNoWaypoint, {
          path: isList ? `spec.targetRefs[${place}]` : "spec.targetRef",
          message: `no waypoint takes what is sent to ${target.split(".")[0] ?? target} ${object.metadata.name}`,
          references: [{ object: ref, path: "metadata.labels" }],
        })
      })
    },
  })

const always =
  (what: string): Asks =>
  () =>
    what

export const policyChecks: readonly Check[] = [
  untargeted(authorizationPolicy, policyAsks, { noWaypoint: policyNoWaypoint, noTarget: policyNoTarget }),
  untargeted(requestAuthentication, always("checking tokens"), {
    noWaypoint: requestNoWaypoint,
    noTarget: requestNoTarget,
  }),
  untargeted(wasmPlugin, always("running a plugin"), { noWaypoint: wasmNoWaypoint, noTarget: wasmNoTarget }),
  untargeted(telemetry, telemetryAsks, { noWaypoint: telemetryNoWaypoint, noTarget: telemetryNoTarget }),
  targeted(authorizationPolicy),
  targeted(requestAuthentication),
  targeted(wasmPlugin),
  targeted(telemetry),
]
