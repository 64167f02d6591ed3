import { named } from "../../istio/reason.ts"
import { type ObjectRef, refOf } from "../../kube/object.ts"
import { servicesOf } from "../about.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { Intent } from "../intent.ts"
import { type Issue, refuse } from "../invalid.ts"
import { effectOf } from "../patch.ts"
import type { Plan } from "../plan.ts"
import type { World } from "../world.ts"
import { placeIssues } from "./objects.ts"

type Wish = Omit<Extract<Intent, { control: "fix" }>, "control">

const again = "it has changed since the finding was made; read the findings again"

function issueOf(world: World, edit: Edit, path: string): Issue[] {
  if ("create" in edit) {
    const ref = refOf(edit.create)
    const there = world.object(ref) === undefined
    return [
      ...placeIssues(world, ref, `${path}.create`),
      ...(there
        ? []
        : [{ path: `${path}.create`, message: `${named(ref)} is there by now; read the findings again` }]),
    ]
  }
  const ref: ObjectRef = "remove" in edit ? edit.remove : edit.object
  if (world.object(ref) === undefined) return [{ path, message: `${named(ref)} is not there; ${again}` }]
  return effectOf([edit], (of) => world.object(of)) === undefined
    ? [{ path, message: `the fix does not fit ${named(ref)}; ${again}` }]
    : []
}

/** The fix of a finding, on what is there now. @throws AppError input.invalid */
export function plan(world: World, { code, edits }: Wish): Plan {
  refuse(edits.flatMap((edit, at) => issueOf(world, edit, `edits[${at}]`)))
  const effect = effectOf(edits, (ref) => world.object(ref))
  if (effect === undefined) refuse([{ path: "edits", message: `the fixes do not fit each other; ${again}` }])
  const { put, remove } = effect ?? { put: [], remove: [] }
  const made = put.flatMap((object): Edit[] => {
    const known = world.object(refOf(object))
    if (known === undefined) return [{ create: object }]
    const patch = patchBetween(known, object)
    return patch.length === 0 ? [] : [{ object: refOf(object), patch }]
  })
  const gone = remove.flatMap((ref) => world.object(ref) ?? [])
  return {
    edits: [...made, ...remove.map((ref) => ({ remove: ref }))],
    title: `Fix ${code}`,
    services: servicesOf(world, [...put, ...gone]),
    warnings: [],
  }
}
