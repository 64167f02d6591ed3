import type { Change } from "#shared/api/change.ts"
import { commandLifeMs } from "#shared/protocol/command.ts"
import type { Cloud } from "../cloud.ts"
import { sendDown } from "../link/send.ts"
import { Changes } from "../store/change.ts"
import { Commands } from "../store/command.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { currentOf, viewOf } from "./view.ts"

/** What was sent and not answered is sent again when the agent says something, after so long. */
const againAfterMs = 10_000

/** Hands a command to the connection of its agent; away: there is none. An agent carries out what comes twice once. */
export async function send(cloud: Cloud, owner: Owner, stored: Commands.Stored): Promise<"sent" | "away"> {
  const link = await Links.read(cloud, owner)
  if (!link?.connection) return "away"
  return (await sendDown(cloud, link.connection, stored.command)) === "sent" ? "sent" : "away"
}

/** Which of the agents that were asked are to be asked again: the one that has just come back, or one that seems not to have heard. */
export type Again = { cluster: string; when: "always" | "late" }

function isDue(cloud: Cloud, entry: Changes.Entry, cluster: string, again: Again | undefined): boolean {
  const sent = entry.sent.get(cluster)
  if (!sent) return true
  if (again?.cluster !== cluster) return false
  return again.when === "always" || cloud.now() - sent.at >= againAfterMs
}

type Turn = { organizationId: string; entry: Changes.Entry; cluster: string; commandId: string }

/** Hands it over. Where nobody takes it, it waits if it may, and is refused for good if it may not: never silently late. */
async function handOver(cloud: Cloud, { organizationId, entry, cluster, commandId }: Turn): Promise<void> {
  const { changeId, queued } = entry.header
  const owner = { organizationId, clusterId: cluster }
  const place = { organizationId, changeId, cluster }
  const [stored, link] = await Promise.all([Commands.read(cloud, owner, commandId), Links.read(cloud, owner)])
  const connection = link?.connection ?? null
  if (!stored || connection === null) {
    if (!queued) await Changes.markRefused(cloud, place, null)
    return
  }
  // Noted before it is sent: what is not noted was certainly not carried out.
  const isSame = entry.sent.get(cluster)?.connection === connection
  if (!isSame && !(await Changes.markSent(cloud, place, connection))) return
  if ((await sendDown(cloud, connection, stored.command)) === "sent") return
  if (queued) await Changes.markUnsent(cloud, place, connection)
  else await Changes.markRefused(cloud, place, connection)
}

export type Now = { entry: Changes.Entry; change: Change }

async function readNow(cloud: Cloud, organizationId: string, changeId: string): Promise<Now | undefined> {
  const entry = await Changes.read(cloud, organizationId, changeId)
  return entry && { entry, change: viewOf(entry, cloud.now()) }
}

/** Nobody needs to look any longer after what was taken back. An agent that is away finds nothing left to undo. */
async function letGo(cloud: Cloud, organizationId: string, undone: Now, by: Changes.Header): Promise<void> {
  const { kind, id, name } = by.by
  if (undone.change.watch?.state !== "watching" || by.role === null || (kind !== "user" && kind !== "token"))
    return
  for (const { cluster, state } of undone.change.clusters) {
    if (state !== "done") continue
    const owner = { organizationId, clusterId: cluster }
    const stored = await Commands.create(cloud, owner, {
      caller: { kind, id, name, role: by.role },
      assertion: null,
      action: { type: "release", changeId: undone.change.changeId },
      expiresAt: cloud.now() + commandLifeMs,
    })
    await send(cloud, owner, stored)
  }
}

/** When a change that undoes another one is done, that one is undone. */
async function settle(cloud: Cloud, organizationId: string, { entry, change }: Now): Promise<void> {
  const { changeId, undoOf, ended } = entry.header
  if (undoOf === null || ended !== null || change.state !== "applied") return
  const before = await readNow(cloud, organizationId, undoOf)
  if (!before || before.entry.events.undone.has("")) return
  const at = { organizationId, changeId: undoOf, cluster: "" }
  if (await Changes.add(cloud, at, "undone", { at: cloud.now(), by: changeId }))
    await letGo(cloud, organizationId, before, entry.header)
}

/**
 * Brings a change on: asks the agent whose turn it is, unless it was asked. Level-triggered: it goes by what is stored, and may be called at any time by
 * anybody; nothing is lost when a caller dies between two lines.
 */
export async function advance(
  cloud: Cloud,
  organizationId: string,
  changeId: string,
  again?: Again,
): Promise<Now | undefined> {
  const now = await readNow(cloud, organizationId, changeId)
  if (!now) return undefined
  await settle(cloud, organizationId, now)
  const cluster = currentOf(now.change)
  const part = now.entry.header.clusters.find((one) => one.cluster === cluster)
  if (!part || part.commandId === null || !isDue(cloud, now.entry, part.cluster, again)) return now
  const { entry } = now
  await handOver(cloud, { organizationId, entry, cluster: part.cluster, commandId: part.commandId })
  return readNow(cloud, organizationId, changeId)
}

/** Sends an agent again what it has not answered. */
export async function redeliver(cloud: Cloud, owner: Owner, when: Again["when"]): Promise<void> {
  const link = await Links.read(cloud, owner)
  const open = await Commands.open(cloud, owner)
  for (const stored of open) {
    if (stored.type === "apply" && stored.changeId !== null)
      await advance(cloud, owner.organizationId, stored.changeId, { cluster: owner.clusterId, when })
    else if (when === "always") await send(cloud, owner, stored)
  }
  if (open.length === 0 && link && link.commandsUntil > 0)
    await Links.expectNothing(cloud, owner, link.commandsUntil)
}
