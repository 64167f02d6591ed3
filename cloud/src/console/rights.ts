import { AppError } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import { ulid } from "ulid"
import { type Actor, actorOf } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Connections } from "../store/connection.ts"
import { Watches } from "../store/watch.ts"

/** Rights are asked for again when they were last asked this long ago. */
export const recheckMs = 60_000

/** Ends a console's connection: what it watched goes first, so that nothing more reaches it. */
export async function endConsole(
  cloud: Cloud,
  own: Connections.ConsoleConnection,
  error: AppError,
): Promise<void> {
  for (const watch of await Watches.ofConnection(cloud, own.organizationId, own.connection))
    await Watches.remove(cloud, own.organizationId, own.connection, watch.id)
  const problem = problemOf(error, ulid())
  await cloud.sockets.send(own.connection, JSON.stringify({ type: "error", problem }))
  await Connections.remove(cloud, own.connection)
  await cloud.sockets.close(own.connection, 1008, error.code)
}

const same = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((one) => b.includes(one)))

const copied = (names: readonly string[] | null): string[] | null => (names === null ? null : [...names])

/** What a caller is limited to, as a connection and its subscriptions keep it. */
export const limitsOf = ({ clusters, sight }: Pick<Actor, "clusters" | "sight">) => ({
  clusters: copied(clusters),
  sight: copied(sight),
})

/** Keeps what the caller is limited to as it is now. What was drawn of it before is read again. */
async function keep(cloud: Cloud, own: Connections.ConsoleConnection, actor: Actor): Promise<void> {
  const limits = limitsOf(actor)
  await Connections.change(cloud, own.connection, { checkedAt: cloud.now(), ...limits })
  if (same(own.clusters, limits.clusters) && same(own.sight, limits.sight)) return
  for (const watch of await Watches.ofConnection(cloud, own.organizationId, own.connection))
    await Watches.create(cloud, own.organizationId, { ...watch, ...limits })
}

/** Whether the console behind a connection may still see its organization. When not, the connection is ended. */
export async function recheck(cloud: Cloud, connection: string): Promise<boolean> {
  const own = await Connections.read(cloud, connection)
  if (own?.type !== "console") return false
  if (cloud.now() - own.checkedAt < recheckMs) return true
  try {
    await keep(cloud, own, await actorOf(cloud, own.credential, own.organizationId))
    return true
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await endConsole(cloud, own, error)
    return false
  }
}
