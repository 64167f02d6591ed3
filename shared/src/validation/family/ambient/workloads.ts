import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Check, type Report, type View, check } from "../../check.ts"
import { at } from "../../path.ts"
import { isOwned, labelPath, templateAnnotations, templateLabels, templatePath } from "./bindings.ts"
import {
  annotationsOf,
  hasProxy,
  injectsSidecars,
  isAmbientNamespace,
  isCaptured,
  isInjected,
  labelsOf,
} from "./dataplane.ts"
import { templateKinds } from "./kinds.ts"
import {
  namespaceBoth,
  namespaceMixed,
  podBoth,
  sidecarInAmbient,
  waypointUnused,
  workloadBoth,
} from "./rules.ts"
import { namedWaypoint, useWaypoint } from "./waypoint.ts"

const mode = "istio.io/dataplane-mode"
const inject = "sidecar.istio.io/inject"

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ""

export const bothLabels = check({
  name: "ambient/namespace_labels",
  subject: "Namespace",
  reads: [],
  rules: [namespaceBoth],
  run: (namespace, _view, report) => {
    if (!isAmbientNamespace(namespace) || !injectsSidecars(namespace)) return
    const labels = labelsOf(namespace)
    const other = labels["istio-injection"] === undefined ? "istio.io/rev" : "istio-injection"
    report(namespaceBoth, {
      path: at("metadata.labels", mode),
      message: `${mode}: ambient stands beside ${other}: ${labels[other] ?? ""}`,
    })
  },
})

type Workload = {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** Of the labels. */
  path: string
  /** A proxy runs in it already. */
  isProxied: boolean
}

const workloadOf = (object: KubeObject, isPod: boolean): Workload =>
  isPod
    ? {
        labels: labelsOf(object),
        annotations: annotationsOf(object),
        path: "metadata.labels",
        isProxied: hasProxy(object),
      }
    : {
        labels: templateLabels(object),
        annotations: templateAnnotations(object),
        path: "spec.template.metadata.labels",
        isProxied: false,
      }

/** Whether it asks for a sidecar itself, whatever its namespace says. */
const asksSidecar = ({ labels, annotations }: Workload): boolean =>
  (labels[inject] ?? annotations[inject]) === "true" || (labels["istio.io/rev"] ?? "") !== ""

const gets = ({ labels, annotations, isProxied }: Workload, namespace: KubeObject | undefined): boolean =>
  isProxied || isInjected(labels, annotations, namespace)

function why(workload: Workload, namespace: string): string {
  if (asksSidecar(workload)) return "asks for a sidecar"
  return workload.isProxied ? "has a sidecar" : `namespace ${namespace} gives it a sidecar`
}

/** An ambient namespace, as its labels have it; a gateway is a proxy and nothing else, and belongs outside of both. */
const isMeantAmbient = ({ labels }: Workload, namespace: KubeObject | undefined): boolean =>
  labels[mode] === undefined &&
  isAmbientNamespace(namespace) &&
  !injectsSidecars(namespace) &&
  labels["gateway.networking.k8s.io/gateway-name"] === undefined

/** A label on the workload itself asks for a waypoint for workloads, which only a captured one gets. */
function checkWaypoint(object: KubeObject, workload: Workload, view: View, report: Report): void {
  if (workload.labels[useWaypoint] === undefined) return
  const own = namespaceOf(object)
  const waypoint = namedWaypoint(workload.labels, own)
  if (waypoint === undefined || waypoint === "none") return
  const namespace = view.get("Namespace", "", own)
  const hasSidecar = gets(workload, namespace)
  if (isCaptured(workload.labels, namespace) && !hasSidecar) return
  report(waypointUnused, {
    path: workload.path === "metadata.labels" ? labelPath : templatePath,
    message: `it names waypoint ${waypoint.name} and ${hasSidecar ? "has a sidecar" : "is not labelled for ambient"}`,
    references: [{ object: waypoint, path: "" }],
  })
}

function checkLabels(object: KubeObject, workload: Workload, view: View, report: Report): void {
  const isLabelled = workload.labels[mode] === "ambient"
  if (!isLabelled && !workload.isProxied && !asksSidecar(workload)) return
  const own = namespaceOf(object)
  const namespace = view.get("Namespace", "", own)
  if (!gets(workload, namespace)) return
  if (isLabelled)
    report(workloadBoth, {
      path: at(workload.path, mode),
      message: `it is labelled ${mode}: ambient, and ${why(workload, own)}`,
    })
  else if (isMeantAmbient(workload, namespace))
    report(sidecarInAmbient, {
      path: workload.labels[inject] === undefined ? "metadata" : at(workload.path, inject),
      message: `namespace ${own} is ambient, and this ${object.kind.toLowerCase()} ${why(workload, own)}`,
    })
}

/** The CNI plugin notes at each pod what it did. */
function checkCaptured(pod: KubeObject, report: Report): void {
  if (annotationsOf(pod)["ambient.istio.io/redirection"] !== "enabled" || !hasProxy(pod)) return
  report(podBoth, {
    path: at("metadata.annotations", "ambient.istio.io/redirection"),
    message: "it runs istio-proxy, and its traffic is redirected to the ztunnel too",
  })
}

/** What a workload's own labels, with its namespace's, make of its pods. Said of the workload; of a pod only when nothing makes it. */
const labelled = (kind: string): Check =>
  check({
    name: `ambient/workload_labels/${kind}`,
    subject: kind,
    reads: ["Namespace"],
    rules: [workloadBoth, sidecarInAmbient, waypointUnused, ...(kind === "Pod" ? [podBoth] : [])],
    run: (object, view, report) => {
      const isPod = kind === "Pod"
      if (isPod) checkCaptured(object, report)
      if (isPod && isOwned(object)) return
      const workload = workloadOf(object, isPod)
      checkLabels(object, workload, view, report)
      checkWaypoint(object, workload, view, report)
    },
  })

export const mixed = check({
  name: "ambient/mixed_namespace",
  subject: "Namespace",
  reads: ["Pod"],
  needs: ["Pod"],
  rules: [namespaceMixed],
  run: (namespace, view, report) => {
    // Said already, of the labels.
    if (!isAmbientNamespace(namespace) || injectsSidecars(namespace)) return
    const sidecars: KubeObject[] = []
    let others = 0
    for (const pod of view.inNamespace("Pod", namespace.metadata.name)) {
      const labels = labelsOf(pod)
      if (labels["gateway.networking.k8s.io/gateway-name"] !== undefined || labels[mode] === "none") continue
      if (hasProxy(pod)) sidecars.push(pod)
      else others++
    }
    if (sidecars.length === 0 || others === 0) return
    const some = sidecars.slice(0, 3).map(({ metadata }) => metadata.name)
    report(namespaceMixed, {
      path: at("metadata.labels", mode),
      message: `${sidecars.length} of ${sidecars.length + others} pods have a sidecar: ${some.join(", ")}${sidecars.length > some.length ? " and more" : ""}`,
      references: sidecars.slice(0, 5).map((pod) => ({ object: refOf(pod), path: "" })),
    })
  },
})

export const workloadChecks: readonly Check[] = [
  bothLabels,
  labelled("Pod"),
  ...templateKinds.map(labelled),
  mixed,
]
