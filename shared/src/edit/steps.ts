import { AppError } from "../error.ts"
import { kindOf } from "../kube/kinds.ts"
import { type KubeObject, type ObjectRef, idOf, refOf } from "../kube/object.ts"
import type { Verb } from "../act/policy.ts"
import { byCodeUnit } from "../order.ts"
import { patchBetween } from "./diff.ts"
import type { Edit, PatchOperation } from "./edit.ts"
import { patched } from "./patch.ts"
import { type Move, type Turn, movesOf, phases, placeOf, stages } from "./phase.ts"

/** Time for all proxies to get a write: istiod gathers changes for 100 ms and more, and a large mesh takes its time. Source: istio.io, "Avoid 503 errors while reconfiguring service routes". */
export const settleMs = 2_000

/**
 * One write of one object. `resourceVersion` and `uid` are of what was seen when it was planned, where that said them; an object that is written twice (around the
 * routes) has the same in both, and the second is held against what the first one made.
 */
export type PlannedStep = {
  verb: Verb
  object: ObjectRef
  apiVersion: string
  resourceVersion: string | null
  uid: string | null
  before: KubeObject | null
  after: KubeObject | null
  /** Of a patch, else null. */
  patch: readonly PatchOperation[] | null
  /** Of a creation, else null. */
  create: KubeObject | null
  /** How long proxies are given to get what was written before this is; 0: it follows at once. */
  settleMs: number
  why: string
}

/** `DestinationRule bookinfo/reviews`. */
export const wordsOf = ({ kind, namespace, name }: ObjectRef): string =>
  `${kindOf(kind)?.kind ?? kind} ${namespace === "" ? "" : `${namespace}/`}${name}`

function afterEdit(edit: Edit, ref: ObjectRef, now: KubeObject | null): KubeObject | null {
  if ("remove" in edit) return null
  if ("create" in edit) {
    if (now === null) return edit.create
    throw new AppError(
      "change.outdated",
      `${wordsOf(ref)} is there already and cannot be created; look again, then change it`,
    )
  }
  const after = now === null ? undefined : patched(now, edit.patch)
  if (after !== undefined) return after
  const what = now === null ? "is not there any more" : "is not as it was planned on"
  throw new AppError(
    "change.outdated",
    `${wordsOf(ref)} ${what}: the edit does not fit; look again, then change it`,
  )
}

/** Several edits of one object are one turn. */
function turnsOf(edits: readonly Edit[], objectOf: (ref: ObjectRef) => KubeObject | undefined): Turn[] {
  const turns = new Map<string, Turn>()
  for (const edit of edits) {
    const object = "create" in edit ? refOf(edit.create) : "remove" in edit ? edit.remove : edit.object
    const known = turns.get(idOf(object))
    const before = known === undefined ? (objectOf(object) ?? null) : known.before
    const now = known === undefined ? before : known.after
    turns.set(idOf(object), { object, before, after: afterEdit(edit, object, now) })
  }
  return [...turns.values()]
}

type Planned = { move: Move; seen: KubeObject | null }

function stepOf({ move: { object, before, after, why }, seen }: Planned, settle: number): PlannedStep {
  const verb: Verb = before === null ? "create" : after === null ? "delete" : "patch"
  return {
    verb,
    object,
    apiVersion: (before ?? after)?.apiVersion ?? "",
    resourceVersion: seen?.metadata.resourceVersion ?? null,
    uid: seen?.metadata.uid ?? null,
    before,
    after,
    patch: before !== null && after !== null ? patchBetween(before, after) : null,
    create: before === null ? after : null,
    settleMs: settle,
    why,
  }
}

const isStep = ({ before, after }: Move): boolean =>
  before === null || after === null ? before !== after : patchBetween(before, after).length > 0

/** Removals go from the routes outwards, everything else towards them. */
function compare(a: Move, b: Move): number {
  const [first, second] = [phases.indexOf(a.phase), phases.indexOf(b.phase)]
  if (first !== second) return first - second
  const outwards = a.phase === "remove" ? -1 : 1
  const place = (placeOf(a.object.kind) - placeOf(b.object.kind)) * outwards
  return place !== 0
    ? place
    : Number(a.before !== null) - Number(b.before !== null) || byCodeUnit(idOf(a.object), idOf(b.object))
}

/**
 * The writes that edits take, in an order in which nothing in between is worse than before and after: no route names a subset or host that is not
 * there yet or not any more, and no server refuses a client that it takes before and after. A DestinationRule, Gateway or ServiceEntry that both gains and
 * loses what routes name is written twice, around them. Proxies are given time where one write counts on another. What is so already, or gone already, takes no write.
 * @throws AppError change.outdated when an edit does not fit what is there.
 */
export function stepsOf(
  edits: readonly Edit[],
  objectOf: (ref: ObjectRef) => KubeObject | undefined,
): PlannedStep[] {
  const turns = turnsOf(edits, objectOf)
  const clientsChange = turns.some(({ object }) => object.kind.startsWith("DestinationRule."))
  const moves = turns
    .flatMap((turn) => movesOf(turn, clientsChange).map((move): Planned => ({ move, seen: turn.before })))
    .filter(({ move }) => isStep(move))
  if (moves.length === 1)
    return moves.map(({ move, seen }) => stepOf({ move: { ...move, why: "The only write" }, seen }, 0))
  const inOrder = moves.toSorted((a, b) => compare(a.move, b.move))
  return inOrder.map((planned, at) => {
    const before = inOrder[at - 1]?.move.phase ?? planned.move.phase
    return stepOf(planned, stages[before] === stages[planned.move.phase] ? 0 : settleMs)
  })
}
