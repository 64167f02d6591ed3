import { refOf, type KubeObject } from "../../../kube/object.ts"
import { record, text, type Json } from "../../../topology/fact/read.ts"
import type { Report } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { isEmptyMap, selectorProblem } from "../../semantic/labels.ts"
import { refused } from "./effect.ts"
import { isSet, items, section } from "./read.ts"

export const selectorInvalid = rule({
  code: "selector.invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Selector cannot select",
  effect: refused,
  remedy: "Select by whole labels: a key and a value without wildcards",
  source: "https://istio.io/latest/docs/reference/config/type/workload-selector/",
})

export const selectorEmpty = rule({
  code: "selector.empty",
  aliases: ["IST0133"],
  level: "warning",
  title: "Selector has no labels",
  effect:
    "Every workload of the namespace is selected (by a ProxyConfig, none), which is seldom what a selector is written for",
  remedy: "Name the labels of the workloads, or leave the selector out",
  source: "https://istio.io/latest/docs/reference/config/type/workload-selector/",
})

export const targetInvalid = rule({
  code: "targetref.invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Target reference cannot be followed",
  effect: refused,
  remedy: "Refer by name to a Gateway, GatewayClass, Service or ServiceEntry of the same namespace",
  source: "https://istio.io/latest/docs/reference/config/type/workload-selector/",
})

export const targetRules = [selectorInvalid, selectorEmpty, targetInvalid]
export const selectorRules = [selectorInvalid, selectorEmpty]

/** A selector of the security and telemetry kinds (`matchLabels`), or of the networking kinds (`labels`). */
export function checkSelector(
  object: KubeObject,
  place: { field: "selector" | "workloadSelector"; labels: "matchLabels" | "labels" },
  report: Report,
): void {
  const selector = section(record(object["spec"])[place.field])
  if (selector === undefined) return
  const labels = selector[place.labels]
  if (isEmptyMap(labels)) return reportEmpty(object, place.field, report)
  const problem = selectorProblem(labels)
  if (problem !== undefined)
    report(selectorInvalid, {
      path: wrongLabel(`spec.${place.field}.${place.labels}`, record(labels)),
      message: problem,
    })
}

/** Where the label is that a selector cannot have. */
const wrongLabel = (path: string, labels: Json): string => {
  const key = Object.keys(labels).find((name) => selectorProblem({ [name]: labels[name] }) !== undefined)
  return key === undefined ? path : at(path, key)
}

/** Kinds where no selector and an empty one are the same to Istio, so that leaving it out is safe. */
const equalToNone = new Set([
  "AuthorizationPolicy.security.istio.io",
  "RequestAuthentication.security.istio.io",
  "PeerAuthentication.security.istio.io",
  "WasmPlugin.extensions.istio.io",
  "TrafficExtension.extensions.istio.io",
])

function reportEmpty(object: KubeObject, field: string, report: Report): void {
  const ref = refOf(object)
  const path = `spec.${field}`
  const everybody = ref.namespace === "" ? "" : ` of ${ref.namespace}`
  // Source: istio pilot/pkg/model/proxy_config.go, where such a one is neither the namespace's nor a workload's.
  const message = ref.kind.startsWith("ProxyConfig.")
    ? "the selector has no labels, so istiod applies the ProxyConfig to nothing; without a selector it is for the namespace"
    : `the ${field} has no labels, so it selects every workload${everybody}`
  report(
    selectorEmpty,
    equalToNone.has(ref.kind)
      ? {
          path,
          message,
          fix: {
            title: "Leave the empty selector out",
            edits: [{ object: ref, patch: [{ op: "remove", path: `/spec/${field}` }] }],
          },
        }
      : { path, message },
  )
}

/** Groups of the kinds that a policy may attach to; the version does not count. */
const targets: Readonly<Record<string, string>> = {
  Service: "",
  ServiceEntry: "networking.istio.io",
  Gateway: "gateway.networking.k8s.io",
  GatewayClass: "gateway.networking.k8s.io",
}
const allowed = Object.entries(targets)
  .map(([kind, group]) => (group === "" ? kind : `${kind} of ${group}`))
  .join(", ")

function targetProblem(target: Json): string | undefined {
  const kind = text(target["kind"])
  const group = text(target["group"])
  const wanted = Object.hasOwn(targets, kind) ? targets[kind] : undefined
  return wanted === undefined || (group !== wanted && !(group === "core" && wanted === ""))
    ? `${kind === "" ? "no kind" : kind}${group === "" ? "" : ` of ${group}`} is not one of ${allowed}`
    : undefined
}

function checkTarget(target: unknown, path: string, report: Report): void {
  if (!isSet(target)) return
  const problem = targetProblem(record(target))
  if (problem !== undefined) report(targetInvalid, { path, message: problem })
}

/** Where a policy applies. That only one of selector, targetRef and targetRefs may be set is for the structure rules to say. */
export function checkTargets(
  object: KubeObject,
  field: "selector" | "workloadSelector",
  report: Report,
): void {
  const spec = record(object["spec"])
  const selector = spec[field]
  const refs = items(spec["targetRefs"])
  if (selector === undefined && spec["targetRef"] === undefined && refs.length === 0) return
  if (isSet(selector))
    checkSelector(object, { field, labels: field === "selector" ? "matchLabels" : "labels" }, report)
  checkTarget(spec["targetRef"], "spec.targetRef", report)
  for (let i = 0; i < refs.length; i++) checkTarget(refs[i], at("spec.targetRefs", i), report)
}
