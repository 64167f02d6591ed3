import * as Shared from "#shared/edit/controls.ts"
import { patchBetween } from "#shared/edit/diff.ts"
import type { Edit } from "#shared/edit/edit.ts"
import type { Intent } from "#shared/edit/intent.ts"
import type { Plan } from "#shared/edit/plan.ts"
import type { World } from "#shared/edit/world.ts"
import { refOf } from "#shared/kube/object.ts"

export function planOf(intent: Exclude<Intent, { control: "undo" }>, world: World): Plan {
  if (intent.control !== "objects" && intent.control !== "fix") return Shared.planOf(intent, world)
  if (intent.control === "fix")
    return { edits: intent.edits as Edit[], title: "Fix", services: [], warnings: [] }
  const edits: Edit[] = [
    ...intent.put.flatMap((object): Edit[] => {
      const ref = refOf(object)
      const now = world.object(ref)
      if (!now) return [{ create: object }]
      const patch = patchBetween(now, { ...object, metadata: { ...now.metadata, ...object.metadata } })
      return patch.length === 0 ? [] : [{ object: ref, patch }]
    }),
    ...intent.remove.flatMap((ref): Edit[] => (world.object(ref) ? [{ remove: ref }] : [])),
  ]
  return { edits, title: `Change ${edits.length} objects`, services: [], warnings: [] }
}

export const readControl = Shared.readControl
