import type { KubeObject } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"
import { group, referenceGrantKind } from "./kinds.ts"

/** A reference across namespaces: kinds with their groups. */
export type Crossing = {
  from: { kind: string; namespace: string }
  to: { group: string; kind: string; namespace: string; name: string }
}

function grants(grant: KubeObject, { from, to }: Crossing): boolean {
  const spec = record(grant["spec"])
  return (
    list(spec["from"])
      .map(record)
      .some(
        (one) => one["group"] === group && one["kind"] === from.kind && one["namespace"] === from.namespace,
      ) &&
    list(spec["to"])
      .map(record)
      .some(
        (one) =>
          text(one["group"]) === to.group &&
          one["kind"] === to.kind &&
          (text(one["name"]) === "" || one["name"] === to.name),
      )
  )
}

/** Whether a ReferenceGrant of the target's namespace lets the reference through. */
export const isGranted = (view: View, crossing: Crossing): boolean =>
  view.inNamespace(referenceGrantKind, crossing.to.namespace).some((grant) => grants(grant, crossing))
