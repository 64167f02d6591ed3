import type { KubeObject } from "../../kube/object.ts"
import { record } from "../../topology/fact/read.ts"
import type { Report } from "../check.ts"
import { refOf } from "../../kube/object.ts"
import { at, pointerOf } from "../path.ts"
import { rule } from "../rule.ts"
import { dryRun, reserved } from "./annotation.ts"

export const annotationReserved = rule({
  code: "annotation.reserved",
  aliases: ["IST0106"],
  level: "error",
  title: "Annotation that only istiod may set",
  effect: "Istio's webhook refuses the object, as the annotation would give it rights in other namespaces",
  remedy: "Remove the annotation",
})

export const dryRunUnsupported = rule({
  code: "annotation.dry_run_unsupported",
  aliases: ["IST0106"],
  level: "error",
  title: "Dry run on a kind that has none",
  effect: "Istio's webhook refuses the object; where it is off, the object applies for real",
  remedy: "Remove the annotation; only AuthorizationPolicies can be run dry",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/",
})

export const annotationRules = [annotationReserved, dryRunUnsupported]

/** What no object of Istio's kinds but an AuthorizationPolicy may say of itself. Source: istio pkg/config/validation `validateMetadata`. */
export function checkAnnotations(object: KubeObject, report: Report): void {
  if (object.metadata.annotations === undefined) return
  const annotations = record(object.metadata.annotations)
  for (const name of reserved)
    if (annotations[name] !== undefined)
      reportOne(object, name, `${name} is for objects that istiod makes`, report)
  if (annotations[dryRun] !== undefined && object.kind !== "AuthorizationPolicy")
    reportOne(object, dryRun, `a ${object.kind} cannot be run dry`, report)
}

function reportOne(object: KubeObject, name: string, message: string, report: Report): void {
  const path = at("metadata.annotations", name)
  report(name === dryRun ? dryRunUnsupported : annotationReserved, {
    path,
    message,
    fix: {
      title: `Remove ${name}`,
      edits: [{ object: refOf(object), patch: [{ op: "remove", path: pointerOf(path) }] }],
    },
  })
}
