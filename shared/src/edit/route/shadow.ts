import { reportReachability } from "../../validation/family/semantics-traffic/virtual-service/reachability.ts"
import { unreachable } from "../../validation/family/semantics-traffic/virtual-service/rules.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { Reading } from "../plan.ts"

export type Shadowed = Reading["shadowed"][number]

export const placeIn = (path: string, section: string): number | null => {
  const found = new RegExp(`^spec\\.${section}\\[(\\d+)\\]`).exec(path)
  return found === null ? null : Number(found[1])
}

/** Http routes of a VirtualService that no request reaches, as validation sees it. */
export function shadowedOf(object: KubeObject): Shadowed[] {
  const found: Shadowed[] = []
  reportReachability(object, (rule, { path, message, references = [] }) => {
    const at = placeIn(path, "http")
    if (rule !== unreachable || at === null) return
    found.push({ rule: at, by: placeIn(references[0]?.path ?? "", "http"), message })
  })
  return found
}
