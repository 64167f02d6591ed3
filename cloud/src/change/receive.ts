import type { Change } from "#shared/api/change.ts"
import type { CommandOutcome } from "#shared/protocol/command.ts"
import type { Result, Watched } from "#shared/protocol/message/act.ts"
import type { Cloud } from "../cloud.ts"
import { Changes } from "../store/change.ts"
import { Commands } from "../store/command.ts"
import type { Inventory, Owner } from "../store/inventory.ts"
import { advance } from "./deliver.ts"
import { publishChange } from "./publish.ts"
import { reflect } from "./reflect.ts"
import { keepSlim, slim } from "./slim.ts"
import { takenBack } from "./taken-back.ts"

/** What is left to do once what an agent said is stored and acknowledged; or the words for what was not taken. */
export type Received = { changes: readonly string[]; words?: string; inventory?: Inventory.Changes }

/** What is known of the connection over which an agent says something. */
export type Heard = {
  skewMs: number
  /** The order among writers (link/session.ts). */
  version: number
}

const nothing: Received = { changes: [] }

/** When it happened by our clock: not before it was asked for, and not later than now. */
const timeOf = (cloud: Cloud, at: number, skewMs: number): number =>
  Math.max(0, Math.min(at - skewMs, cloud.now()))

const fits = (stored: Commands.Stored, outcome: CommandOutcome): boolean =>
  outcome.type === "refused" || outcome.type === stored.type

async function onApplied(
  cloud: Cloud,
  owner: Owner,
  changeId: string,
  { version, ...result }: { at: number; outcome: Changes.ApplyOutcome; version: number },
): Promise<Received> {
  const { organizationId, clusterId } = owner
  const place = { organizationId, changeId, cluster: clusterId }
  const entry = await Changes.read(cloud, organizationId, changeId)
  if (!entry) return { changes: [], words: `A result was left out: there is no change ${changeId}` }
  // Before the result: whoever reads that it is done plans the next change on what it made.
  const inventory = await reflect(cloud, owner, { entry, outcome: result.outcome, version })
  await keepSlim(result.outcome, (outcome) => Changes.add(cloud, place, "result", { ...result, outcome }))
  const { undoOf } = entry.header
  return { changes: undoOf === null ? [changeId] : [changeId, undoOf], inventory }
}

/**
 * Stores what became of a command. What comes twice changes nothing: an agent repeats it in every connection until it is acknowledged. A command of another
 * cluster is not found here.
 */
export async function onResult(
  cloud: Cloud,
  owner: Owner,
  { commandId, at, outcome }: Result,
  { skewMs, version }: Heard,
): Promise<Received> {
  const stored = await Commands.read(cloud, owner, commandId)
  if (!stored)
    return { changes: [], words: `A result was refused: this cluster was not asked for ${commandId}` }
  if (!fits(stored, outcome))
    return {
      changes: [],
      words: `A result was refused: ${commandId} asked for ${stored.type}, the answer is of ${outcome.type}`,
    }
  const time = timeOf(cloud, at, skewMs)
  const { changeId } = stored
  let received = nothing
  if (stored.type === "apply" && changeId !== null)
    received = await onApplied(cloud, owner, changeId, {
      at: time,
      outcome: outcome as Changes.ApplyOutcome,
      version,
    })
  if (stored.type === "release" && changeId !== null && outcome.type === "release" && !outcome.failure) {
    const place = { organizationId: owner.organizationId, changeId, cluster: owner.clusterId }
    await Changes.add(cloud, place, "released", { at: time })
    received = { changes: [changeId] }
  }
  await Commands.answer(cloud, owner, commandId, stored.type === "apply" ? null : slim(outcome))
  return received
}

/** Stores how a guard or an expiry ended; what the agent did by itself is an entry of the history of its own. */
export async function onWatched(
  cloud: Cloud,
  owner: Owner,
  message: Watched,
  { skewMs }: Heard,
): Promise<Received> {
  const { organizationId, clusterId } = owner
  const { changeId, end, why, reason } = message
  const before = await Changes.read(cloud, organizationId, changeId)
  if (!before?.header.clusters.some(({ cluster }) => cluster === clusterId))
    return { changes: [], words: `The end of a guard was refused: this cluster has no change ${changeId}` }
  const told = Math.max(before.header.at, timeOf(cloud, message.at, skewMs))
  const place = { organizationId, changeId, cluster: clusterId }
  await Changes.add(cloud, place, "watched", { at: told, end, why, reason })
  if (end === "passed") return { changes: [changeId] }
  const entry = (await Changes.read(cloud, organizationId, changeId)) ?? before
  // As it was stored the first time, so that telling it twice makes one entry.
  const at = entry.events.watched.get(clusterId)?.at ?? told
  const header = takenBack(entry, { clusterId, at, message })
  await Changes.create(cloud, organizationId, header)
  if (end === "undone") await Changes.add(cloud, place, "undone", { at, by: header.changeId })
  return { changes: [changeId, header.changeId] }
}

/** Brings on what came on, and tells the consoles. */
export async function followUp(
  cloud: Cloud,
  { organizationId }: Owner,
  { changes }: Received,
): Promise<void> {
  for (const changeId of changes) {
    const now: { change: Change } | undefined = await advance(cloud, organizationId, changeId)
    if (now) await publishChange(cloud, organizationId, now.change)
  }
}
