import { type KubeObject, refOf } from "../../../kube/object.ts"
import type { Report } from "../../check.ts"
import type { PatchOperation } from "../../../edit/edit.ts"
import { pointerOf } from "../../path.ts"
import type { Rule } from "../../rule.ts"
import type { Problem } from "../../semantic/problem.ts"

/** A certain remedy within the object itself. */
export type Remedy = { title: string; patch: readonly PatchOperation[] }

/** Reports that something is wrong at a path, when it is: an absent problem says nothing. */
export type Say = (rule: Rule, path: string, problem: Problem, remedy?: Remedy) => void

export const sayTo =
  (report: Report, object: KubeObject): Say =>
  (rule, path, problem, remedy) => {
    if (problem === undefined) return
    if (remedy === undefined) report(rule, { path, message: problem })
    else {
      const edits = [{ object: refOf(object), patch: remedy.patch }]
      report(rule, { path, message: problem, fix: { title: remedy.title, edits } })
    }
  }

/** The remedy of taking a field or an entry of a list out. */
export const removal = (title: string, path: string): Remedy => ({
  title,
  patch: [{ op: "remove", path: pointerOf(path) }],
})

export const replacement = (title: string, path: string, value: unknown): Remedy => ({
  title,
  patch: [{ op: "replace", path: pointerOf(path), value }],
})

/** What happens to an object that Istio's validation refuses. */
export const refused =
  "Istio's webhook refuses the object; where the webhook is not asked, what istiod makes of it is refused by Envoy or has no effect"

/** A text that is there and not empty. */
export const isSet = (value: unknown): value is string => typeof value === "string" && value !== ""

/** There at all; YAML's null is as good as absent. */
export const isThere = (value: unknown): boolean => value !== undefined && value !== null
