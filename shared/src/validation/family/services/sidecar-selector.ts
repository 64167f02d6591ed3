import type { KubeObject } from "../../../kube/object.ts"
import { type Report, type View, check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { instanceKinds, sidecarKind, templateKinds } from "./kinds.ts"
import { selected } from "./selection.ts"
import {
  type Selecting,
  labelsOf,
  reportDefaults,
  reportOverlaps,
  reportUnmatched,
  selectionsOf,
  selectorUnmatched,
} from "./selector.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/sidecar/"

export const sidecarWorkloadConflict = rule({
  code: "sidecar.workload_conflict",
  aliases: ["IST0110", "KIA0003"],
  level: "error",
  title: "Several Sidecars select one workload",
  effect: "The proxy takes the oldest of them and passes the others over",
  remedy: "Let one Sidecar select each workload",
  source,
})
export const sidecarDefaultConflict = rule({
  code: "sidecar.default_conflict",
  aliases: ["IST0111", "KIA0002"],
  level: "error",
  title: "Several Sidecars without a selector in one namespace",
  effect: "Proxies of the namespace take the oldest of them and pass the others over",
  remedy: "Keep one Sidecar without a workloadSelector, and give the others one",
  source,
})
export const sidecarAmbient = rule({
  code: "sidecar.ambient",
  aliases: ["IST0167"],
  level: "warning",
  title: "Sidecar for workloads without a sidecar",
  effect: "Workloads of the ambient mesh have no sidecar, so that the object does nothing",
  remedy: "Remove the Sidecar, or take the workloads out of ambient mode",
  source,
})
export const sidecarRootSelector = rule({
  code: "sidecar.root_selector",
  aliases: ["KIA1006"],
  level: "warning",
  title: "Sidecar with a selector in the root namespace",
  effect:
    "Only a Sidecar without a selector is the default of the mesh; this one is for workloads of the root namespace alone",
  remedy: "Remove workloadSelector to make it the mesh's default, or move it to the namespace it is for",
  source,
})

const selecting: Selecting = {
  kind: sidecarKind,
  path: ["workloadSelector", "labels"],
  rootIsEverywhere: false,
}
const selections = selectionsOf(selecting)

const isAmbientPod = (object: KubeObject | undefined): boolean =>
  object?.metadata.annotations?.["ambient.istio.io/redirection"] === "enabled"

function isAmbientNamespace(view: View, namespace: string): boolean {
  const labels = view.get("Namespace", "", namespace)?.metadata.labels ?? {}
  return (
    labels["istio.io/dataplane-mode"] === "ambient" &&
    labels["istio-injection"] !== "enabled" &&
    (labels["istio.io/rev"] ?? "") === ""
  )
}

function run(object: KubeObject, view: View, report: Report): void {
  const namespace = object.metadata.namespace ?? ""
  const labels = labelsOf(selecting, object) ?? {}
  if (Object.keys(labels).length === 0) {
    if (isAmbientNamespace(view, namespace))
      report(sidecarAmbient, { path: "", message: `namespace ${namespace} is in ambient mode` })
    else reportDefaults({ selections, conflict: sidecarDefaultConflict }, object, view, report)
    return
  }
  if (namespace === view.settings.rootNamespace)
    report(sidecarRootSelector, {
      path: "spec.workloadSelector",
      message: `${namespace} is the mesh's root namespace; with a selector the Sidecar is no default for other namespaces`,
    })
  const ambient = selected(view, namespace, labels).find(
    (instance) => instance.object.kind === "Pod" && isAmbientPod(view.get("Pod", namespace, instance.name)),
  )
  if (ambient) {
    report(sidecarAmbient, {
      path: at("spec", ...selecting.path),
      message: `pod ${ambient.name} is in ambient mode`,
      references: [{ object: ambient.object, path: "" }],
    })
    return
  }
  reportOverlaps({ selections, conflict: sidecarWorkloadConflict, selecting }, object, view, report)
}

export const sidecarSelection = check({
  name: "sidecar/selection",
  subject: sidecarKind,
  reads: [sidecarKind, "Namespace", ...instanceKinds],
  rules: [sidecarWorkloadConflict, sidecarDefaultConflict, sidecarAmbient, sidecarRootSelector],
  run,
})

export const sidecarUnmatched = check({
  name: "sidecar/selector",
  subject: sidecarKind,
  reads: [...instanceKinds, ...templateKinds],
  needs: ["Pod"],
  rules: [selectorUnmatched],
  run: (object, view, report) => {
    reportUnmatched(selecting, object, view, report)
  },
})
