import { type KubeObject, refOf } from "../../kube/object.ts"
import { type Json, list } from "../../topology/fact/read.ts"
import type { TrafficPolicy } from "../../istio/destination-rule.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { FormControl } from "../intent.ts"
import { type Issue, refuse } from "../invalid.ts"
import { worldAfter } from "../overlay.ts"
import { effectOf } from "../patch.ts"
import type { Plan, Reading, Warning } from "../plan.ts"
import { versionsOf } from "../route/versions.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { type Field, formPathOf, readFields, unshownFields, writeFields } from "./fields.ts"
import {
  type Place,
  type PolicyTarget,
  destinationRule,
  isOurs,
  placeOf,
  policyAt,
  refOfPlace,
  serviceOf,
  specOf,
  withPolicyAt,
  wordsOf,
} from "./place.ts"
import { newDestinationRuleProblems } from "../problems.ts"
import { effectiveAt, elsewhere, lost, overridden } from "./warnings.ts"

/** What a control says of a plan beyond what holds for all of them. */
export type Told = { place: Place; before: TrafficPolicy; after: TrafficPolicy; world: World; next: World }

/** A control that sets some fields of a traffic policy. */
export type PolicyControl<Form> = {
  control: FormControl
  /** `the circuit breaker`. */
  words: string
  fields: readonly Field[]
  /** Parts of the traffic policy that it is about. */
  sections: readonly string[]
  /** What of a form contradicts itself, where the fields alone do not show it. */
  issues: (form: Form) => Issue[]
  /** The policy without what cannot stand beside what the form sets, though the form cannot show it. */
  without: (policy: Json, form: Form) => Json
  warnings: (told: Told) => Warning[]
}

/** Where in the form a place of the object is. */
function inForm(issues: readonly Issue[], fields: readonly Field[], path: string): Issue[] {
  return issues.map((issue) => ({
    ...issue,
    path: issue.path.startsWith(`${path}.`)
      ? formPathOf(fields, issue.path.slice(path.length + 1))
      : issue.path,
  }))
}

const rest = ["host", "exportTo", "workloadSelector"]

/** What we made goes when it says nothing any more. */
const isEmptied = (object: KubeObject, spec: Json): boolean =>
  isOurs(object) &&
  Object.entries(spec).every(
    ([field, value]) => rest.includes(field) || (Array.isArray(value) && list(value).length === 0),
  )

function editsOf({ object, isNew }: Place, spec: Json): Edit[] {
  if (isSame(spec, specOf(object))) return []
  const after = { ...object, spec }
  if (isNew) return [{ create: after }]
  return isEmptied(object, spec)
    ? [{ remove: refOf(object) }]
    : [{ object: refOf(object), patch: patchBetween(object, after) }]
}

function demandKind(world: World): void {
  if (world.serves(destinationRule)) return
  refuse([
    {
      path: "control",
      message: "this cluster does not serve DestinationRule; install Istio's CustomResourceDefinitions first",
    },
  ])
}

/** Reads and plans for a control of the traffic policy; `read` and `plan` throw AppError input.invalid with the form's own paths. */
export function policyControl<Form extends object>(
  own: PolicyControl<Form>,
): {
  read: (world: World, target: PolicyTarget) => Reading<Form>
  plan: (world: World, target: PolicyTarget, set: Form | null) => Plan
} {
  const { fields, sections } = own
  const read = (world: World, target: PolicyTarget): Reading<Form> => {
    const place = placeOf(world, target)
    const { policy, path } = policyAt(place.base, place)
    // What a new object would say is written in the wider one, at the same path.
    const [first] = place.rule.objects
    const object = place.isNew ? first : refOfPlace(place)
    const unshown = object === undefined ? [] : unshownFields(fields, policy, { sections, path })
    return {
      control: own.control,
      form: readFields(fields, policy) as Form | null,
      api: "istio",
      objects: place.rule.objects,
      unshown: unshown.map((hidden) => ({ object: object ?? refOfPlace(place), path: hidden })),
      versions: versionsOf(world, place.target.service),
      shadowed: [],
      warnings: [...overridden(place, place.base, sections), ...elsewhere(world, place)],
    }
  }
  const plan = (world: World, target: PolicyTarget, set: Form | null): Plan => {
    demandKind(world)
    const place = placeOf(world, target)
    const { policy, path } = policyAt(place.base, place)
    const title = `${set === null ? "Take away" : "Set"} ${own.words} of ${wordsOf(place)}`
    const form = set ?? ({} as Form)
    const empty = { edits: [], title, services: [serviceOf(place)], warnings: [] }
    if (isSame(readFields(fields, policy) ?? {}, form)) return empty
    refuse(own.issues(form))
    const written = writeFields(fields, own.without(policy, form), form as Json)
    const spec = withPolicyAt(place.base, place, written)
    const edits = editsOf(place, spec)
    const before = place.isNew ? undefined : place.object
    refuse(inForm(newDestinationRuleProblems(before, { ...place.object, spec }), fields, path))
    return { ...empty, edits, warnings: warningsOf(world, place, { policy, spec, edits }) }
  }
  function warningsOf(
    world: World,
    place: Place,
    { policy, spec, edits }: { policy: Json; spec: Json; edits: Edit[] },
  ): Warning[] {
    const next = worldAfter(world, effectOf(edits, (ref) => world.object(ref)) ?? { put: [], remove: [] })
    const [before, after] = [effectiveAt(world, place), effectiveAt(next, place)]
    return [
      ...lost(place, policy, { before, after }),
      ...overridden(place, spec, sections),
      ...elsewhere(world, place),
      ...own.warnings({ place, before, after, world, next }),
    ]
  }
  return { read, plan }
}
