import { writeOf } from "#shared/act/apply-config.ts"
import { withoutContested } from "#shared/act/drop.ts"
import { differenceOf, leavesOf, managedOf } from "#shared/act/field-set.ts"
import { isContested, ownersOf, ownersOfAll } from "#shared/act/owner.ts"
import { patched } from "#shared/edit/patch.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Conflicts, FieldOwner, WireStep } from "#shared/protocol/command.ts"
import { stringMap } from "#shared/topology/fact/read.ts"
import type { Failure } from "./command.ts"
import { words } from "./place.ts"

/** The one request of a step. */
export type Request =
  | { how: "none" }
  | { how: "create"; body: KubeObject }
  | { how: "apply"; body: KubeObject; force: boolean }
  | { how: "json-patch"; body: readonly unknown[] }
  | { how: "delete"; uid: string; resourceVersion: string }

export type PlannedWrite = { request: Request; owners: FieldOwner[]; after: KubeObject | null }
export type Unplanned = { failure: Failure; owners: FieldOwner[] }

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

/** As the cloud has it: without owners, status and what kubectl notes for itself. */
export function plain({ status: _status, ...object }: KubeObject): KubeObject {
  const { managedFields: _managed, selfLink: _link, annotations, ...metadata } = object.metadata
  const { [lastApplied]: _applied, ...kept } = stringMap(annotations)
  return {
    ...object,
    metadata: { ...metadata, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) },
  } as KubeObject
}

/** The state after a patch of what the cloud has seen, with what it has not. */
function afterOf(live: KubeObject, patch: NonNullable<WireStep["patch"]>): KubeObject | undefined {
  const after = patched(plain(live), patch)
  const note = live.metadata.annotations?.[lastApplied]
  if (!after || note === undefined) return after
  const annotations = { ...after.metadata.annotations, [lastApplied]: note }
  return { ...after, metadata: { ...after.metadata, annotations } }
}

function lastWrite(live: KubeObject): string {
  const entries = managedOf(live).sort((a, b) => ((a.at ?? "") < (b.at ?? "") ? 1 : -1))
  const [last] = entries
  return last ? `, last by ${last.manager}${last.at === null ? "" : ` at ${last.at}`}` : ""
}

/** Whether what is there is what was seen. `expected` null: the step stands on what an earlier one of the same command made. */
function seenFailure(
  step: WireStep,
  live: KubeObject | null,
  expected: { resourceVersion: string | null; uid: string | null },
): Failure | null {
  const what = words(step.object)
  if (step.verb === "create")
    return live === null ? null : { code: "exists", message: `${what} is there already${lastWrite(live)}` }
  if (live === null) return { code: "gone", message: `${what} is not there any more` }
  const { uid, resourceVersion } = live.metadata
  if (expected.uid !== null && uid !== expected.uid)
    return {
      code: "outdated",
      message: `${what} is another object than the one seen: it was made anew${lastWrite(live)}`,
    }
  if (expected.resourceVersion !== resourceVersion)
    return {
      code: "outdated",
      message: `${what} was changed since it was looked at (version ${resourceVersion}, not ${expected.resourceVersion ?? "none"}${lastWrite(live)}); look at it again`,
    }
  return null
}

const conflictOf = (owners: readonly FieldOwner[]): Failure => {
  const rivals = owners.filter(isContested).map(({ manager, path, object, claim }) => {
    const takes = claim === "reverts" ? "will revert this" : "writes it again at its next run"
    return `${manager} owns ${path} of ${words(object)} and ${takes}`
  })
  return {
    code: "conflict",
    message: `${rivals.join("; ")}. Take the fields over, or leave them out of the change`,
  }
}

/** What is sent to make an object: of its metadata only what is people's to say. */
export function creationOf({ status: _status, ...object }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = object.metadata
  return {
    ...object,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
  } as KubeObject
}

function planCreate({ create }: WireStep): PlannedWrite {
  if (create === null) throw new Error("a step that creates nothing was not refused")
  const body = creationOf(create)
  return { request: { how: "create", body }, owners: [], after: body }
}

function planDelete(live: KubeObject, conflicts: Conflicts): PlannedWrite | Unplanned {
  const owners = ownersOfAll(live)
  const rivals = owners.filter(isContested)
  if (rivals.length > 0 && conflicts === "ask") return { failure: conflictOf(owners), owners }
  if (rivals.length > 0 && conflicts === "drop") return { request: { how: "none" }, owners, after: live }
  const { uid = "", resourceVersion = "" } = live.metadata
  return { request: { how: "delete", uid, resourceVersion }, owners, after: null }
}

function planPatch(step: WireStep, live: KubeObject, conflicts: Conflicts): PlannedWrite | Unplanned {
  const wanted = afterOf(live, step.patch ?? [])
  if (!wanted)
    return {
      failure: {
        code: "outdated",
        message: `the change does not fit ${words(step.object)} as it is; look at it again`,
      },
      owners: [],
    }
  const after = conflicts === "drop" ? withoutContested(live, wanted) : wanted
  const owners = ownersOf(live, differenceOf(leavesOf(live), leavesOf(after, live)))
  if (conflicts === "ask" && owners.some(isContested)) return { failure: conflictOf(owners), owners }
  const write = writeOf(live, after)
  const force = owners.length > 0
  return { request: write.how === "apply" ? { ...write, force } : write, owners, after }
}

/** How to do a step to what is there, or why not. */
export function planStep(
  step: WireStep,
  live: KubeObject | null,
  conflicts: Conflicts,
  expected: { resourceVersion: string | null; uid: string | null } = step,
): PlannedWrite | Unplanned {
  const failure = seenFailure(step, live, expected)
  if (failure) return { failure, owners: [] }
  if (step.verb === "create" || live === null) return planCreate(step)
  return step.verb === "delete" ? planDelete(live, conflicts) : planPatch(step, live, conflicts)
}
