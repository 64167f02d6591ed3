import type { KubeObject } from "../../../kube/object.ts"
import { strings } from "../../../topology/fact/read.ts"
import type { Rule } from "../../rule.ts"
import { type Exported, exportToProblem, exportToRemedy } from "../../semantic/export-to.ts"
import { type Say, isThere, replacement } from "./say.ts"

/** What is wrong with the namespaces that an object is exported to. */
export function sayExportTo(
  object: KubeObject,
  value: unknown,
  exported: Exported,
  { say, rule }: { say: Say; rule: Rule },
): void {
  if (!isThere(value)) return
  const entries = strings(value)
  const namespace = object.metadata.namespace ?? ""
  const problem = exportToProblem(entries, namespace, exported)
  if (problem === undefined) return
  const list = exportToRemedy(entries, namespace, exported)
  say(
    rule,
    "spec.exportTo",
    problem,
    list === undefined ? undefined : replacement(`Export to ${list.join(", ")}`, "spec.exportTo", list),
  )
}
