import { record } from "../../../topology/fact/read.ts"
import { check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { injectorFor, valuesOf } from "./injector.ts"
import { configMapKind, namespaceKind, systemNamespaces } from "./kinds.ts"

const source = "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"

export const labelsConflict = rule({
  code: "namespace.injection_labels_conflict",
  aliases: ["IST0123"],
  level: "warning",
  title: "Namespace with several labels that put it into the mesh",
  effect: "Which of them counts depends on the webhooks: istio-injection wins over a revision",
  remedy: "Keep one of istio-injection, istio.io/rev and istio.io/dataplane-mode",
  source,
})
export const notInjected = rule({
  code: "namespace.not_injected",
  aliases: ["IST0102"],
  level: "info",
  title: "Namespace outside of the mesh",
  effect: "Its new pods get no sidecar and no ztunnel takes their traffic",
  remedy:
    "Label it istio-injection=enabled, istio.io/rev=REVISION or istio.io/dataplane-mode=ambient; or istio-injection=disabled to say that this is meant",
  source,
})
export const injectedByDefault = rule({
  code: "namespace.injected_by_default",
  aliases: ["IST0148"],
  level: "info",
  title: "Namespace in the mesh only because all are by default",
  effect: "Its pods get sidecars as long as the injector's enableNamespacesByDefault stays on",
  remedy: "Label it to say what is meant",
  source,
})

/** A revision counts beside `istio-injection` only when that says enabled. */
export const injectionLabels = check({
  name: "namespace/injection-labels",
  subject: namespaceKind,
  reads: [],
  rules: [labelsConflict],
  run: (object, { istioNamespace }, report) => {
    const labels = object.metadata.labels
    if (labels === undefined || object.metadata.name === istioNamespace) return
    const injection = labels["istio-injection"]
    if (injection !== undefined && injection !== "enabled") return
    const found = ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"].filter(
      (label) => labels[label] !== undefined,
    )
    if (found.length < 2) return
    report(labelsConflict, {
      path: at("metadata", "labels", found[1] ?? ""),
      message: `${found.map((label) => `${label}=${labels[label] ?? ""}`).join(", ")}: one of them is enough`,
    })
  },
})

export const injection = check({
  name: "namespace/injection",
  subject: namespaceKind,
  reads: [configMapKind],
  rules: [notInjected, injectedByDefault],
  run: (object, view, report) => {
    const { name, labels = {} } = object.metadata
    if (name === view.istioNamespace || systemNamespaces.has(name)) return
    if (labels["istio.io/dataplane-mode"] === "ambient" || labels["istio.io/rev"] !== undefined) return
    if ((labels["istio-injection"] ?? "") !== "") return
    const injector = injectorFor(view, "default")
    const byDefault =
      injector !== undefined &&
      record(valuesOf(injector)["sidecarInjectorWebhook"])["enableNamespacesByDefault"] === true
    if (byDefault)
      report(injectedByDefault, { path: "metadata.labels", message: `${name} has no label of its own` })
    else
      report(notInjected, {
        path: "metadata.name",
        message: `${name} has no label that puts it into the mesh, and none that keeps it out`,
      })
  },
})
