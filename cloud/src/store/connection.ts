import { limits } from "#shared/protocol/limits.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Connections from "./connection.ts"

/** The websocket of an agent. `session` is null until its hello was taken. */
export type AgentConnection = {
  type: "agent"
  connection: string
  organizationId: string
  clusterId: string
  keyId: string
  instance: string
  epoch: number
  session: number | null
}

/** The websocket of a console. `credential` is the hash of the cookie or token behind it; rights are asked again when `checkedAt` is old. */
export type ConsoleConnection = {
  type: "console"
  connection: string
  organizationId: string
  credential: string
  clusters: string[] | null
  sight: string[] | null
  checkedAt: number
  /** When what it watches was renewed last. */
  renewedAt: number
}

export type Connection = AgentConnection | ConsoleConnection

/** Beyond the longest life of a connection, for the case that nobody was there to see it end. */
const keptMs = limits.lifeMs + 10 * 60_000
/** A message whose other parts do not come. */
const partKeptMs = 5 * 60_000

const exists = { expression: "attribute_exists(pk)" }

export async function create(cloud: Cloud, connection: Connection): Promise<void> {
  await cloud.table.put({
    ...key.connection(connection.connection),
    ...connection,
    ttl: secondsOf(cloud.now() + keptMs),
  })
}

export async function read(cloud: Cloud, connection: string): Promise<Connection | undefined> {
  const { pk, sk } = key.connection(connection)
  const item = await cloud.table.get(pk, sk)
  if (!item) return undefined
  const { pk: _pk, sk: _sk, ttl: _ttl, ...rest } = item
  return rest as unknown as Connection
}

/** False when it has ended meanwhile. */
export const change = async (
  cloud: Cloud,
  connection: string,
  set: Partial<Omit<AgentConnection, "type">> | Partial<Omit<ConsoleConnection, "type">>,
): Promise<boolean> =>
  (await cloud.table.update(key.connection(connection), set, { condition: exists })) !== false

/** Forgets the connection and the parts it left. */
export async function remove(cloud: Cloud, connection: string): Promise<void> {
  const items = await cloud.table.all(partition.connection(connection), {})
  await cloud.table.batch(
    [],
    items.map(({ pk, sk }) => ({ pk, sk })),
  )
}

const textOf = (item: Item): string => String(item["d"])

/**
 * Keeps one of `n` parts. The caller whose part completes the group gets all of them in order, and nobody else does; the parts are
 * gone then. A part that comes twice counts once.
 */
export async function addPart(
  cloud: Cloud,
  connection: string,
  part: { group: string; index: number; n: number; text: string },
): Promise<string[] | undefined> {
  const ttl = secondsOf(cloud.now() + partKeptMs)
  const { before } = (await cloud.table.put({
    ...key.part(connection, part.group, part.index),
    d: part.text,
    ttl,
  })) || { before: undefined }
  if (before) return undefined
  // Counted in an item of its own, behind the last part: reading the whole group at each part would cost n times as much.
  const count = key.part(connection, part.group, 999)
  const item = await cloud.table.update(count, { ttl }, { add: { have: 1 } })
  if (!item || Number(item["have"]) < part.n) return undefined
  const own = partition.connection(connection)
  const items = await cloud.table.all(own, { from: key.part(connection, part.group, 0).sk, to: count.sk })
  await cloud.table.batch(
    [],
    items.map(({ pk, sk }) => ({ pk, sk })),
  )
  return items.filter(({ sk }) => sk !== count.sk).map(textOf)
}

/** Forgets parts of a group that is not going to be completed. */
export async function dropParts(cloud: Cloud, connection: string, group: string): Promise<void> {
  const from = key.part(connection, group, 0).sk
  const items = await cloud.table.all(partition.connection(connection), {
    from,
    to: key.part(connection, group, 999).sk,
  })
  await cloud.table.batch(
    [],
    items.map(({ pk, sk }) => ({ pk, sk })),
  )
}
