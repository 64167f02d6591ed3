import type { Change } from "#shared/api/change.ts"
import { AppError } from "#shared/error.ts"
import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Changes } from "../store/change.ts"
import { seenBy, viewOf } from "./view.ts"

type Done = { object: ObjectRef; before: KubeObject | null; after: KubeObject | null }

/** A change that is to be taken back: what it did, by cluster. */
export type Undoing = {
  changeId: string
  title: string
  services: string[]
  done: ReadonlyMap<string, readonly Done[]>
  /** The change that tried before, and came to nothing. */
  before: string | null
}

const refuse = (message: string): AppError => new AppError("change.not_undoable", message)

export const notFound = (changeId: string): AppError =>
  new AppError("change.not_found", `no change ${changeId} in this organization`)

/** A change as the caller sees it. @throws AppError change.not_found */
export async function changeFor(
  cloud: Cloud,
  actor: Actor,
  changeId: string,
): Promise<{ entry: Changes.Entry; change: Change }> {
  const entry = await Changes.read(cloud, actor.organizationId, changeId)
  const change = entry && seenBy(actor, viewOf(entry, cloud.now()))
  if (!change) throw notFound(changeId)
  return { entry, change }
}

const inWords: Partial<Record<Change["state"], string>> = {
  queued: "still waits for its agent",
  running: "is still under way",
  failed: "changed nothing: it failed",
  expired: "was never carried out",
}

function demandUndoable(change: Change): void {
  const { changeId, state, by, undoneBy } = change
  if (by.kind === "outside")
    throw refuse(`${changeId} came from outside (${by.name}): take it back where it came from`)
  if (state === "undone") throw refuse(`${changeId} was undone already, by ${undoneBy ?? "its agent"}`)
  const words = inWords[state]
  if (words !== undefined) throw refuse(`${changeId} ${words}; there is nothing to undo`)
}

/** From taking it up to keeping the change that undoes it; whoever needs longer has died. */
const makingMs = 60_000

/** The change that has taken it up to undo this one; null when none has, or it came to nothing. @throws AppError change.not_undoable */
async function triedBefore(
  cloud: Cloud,
  organizationId: string,
  entry: Changes.Entry,
): Promise<string | null> {
  if (entry.undo === null) return null
  const { by, at } = entry.undo
  const other = await Changes.read(cloud, organizationId, by)
  const state = other && viewOf(other, cloud.now()).state
  const isBeingMade = state === undefined && cloud.now() - at < makingMs
  if (isBeingMade || state === "queued" || state === "running" || state === "applied")
    throw refuse(`${entry.header.changeId} is being undone already, by ${by}`)
  return by
}

/** What is to be undone. @throws AppError change.not_found, change.not_undoable */
export async function undoingOf(cloud: Cloud, actor: Actor, changeId: string): Promise<Undoing> {
  const { entry, change: seen } = await changeFor(cloud, actor, changeId)
  const change = viewOf(entry, cloud.now())
  if (seen.steps.length !== change.steps.length)
    throw refuse(
      `${changeId} also went to clusters or namespaces that you do not see; who sees all of it can undo it`,
    )
  demandUndoable(change)
  const before = await triedBefore(cloud, actor.organizationId, entry)
  const done = new Map<string, Done[]>()
  for (const { cluster, object, before: was, after, outcome } of change.steps) {
    const isDone = entry.header.ended === "applied" || outcome?.state === "applied"
    if (!isDone) continue
    const became = outcome?.after ?? after
    done.set(cluster, [...(done.get(cluster) ?? []), { object, before: was, after: became }])
  }
  return { changeId, title: change.title, services: change.services, done, before }
}
