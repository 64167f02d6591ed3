import type { Cloud } from "../cloud.ts"
import { key } from "./key.ts"
import type { Owner } from "./owner.ts"

export * as Links from "./link.ts"

/**
 * Where the link of a cluster stands, and what its handlers remember between two messages. `session` grows with each hello: whoever holds an
 * older one is fenced.
 */
export type Link = {
  session: number
  epoch: number
  instance: string
  connection: string | null
  keyId: string
  connectedAt: number | null
  disconnectedAt: number | null
  lastSeenAt: number | null
  lastTickAt: number | null
  /** Last message of this session that was taken. */
  seq: number
  tickMs: number
  /** When the agent was told to measure at this pace: a slower one's silence is counted from here. */
  pacedAt?: number
  /** Buckets asked for and not yet here. */
  pending: number
  /** When the sums were asked for last: at most once in a while. */
  askedAt: number
  /** Root (hash and count) that was found to be equal to what is stored. */
  root: string
  /** What was stored last of the status, without what always moves; and when. */
  statusHash: number
  statusAt: number
  /** How far the agent's clock is ahead, ms; 0 when it is near enough. */
  skewMs: number
  /** When consoles were told of this cluster last. */
  toldAt: number
  /** Until when something that the agent was asked for may be unanswered: as long, each message of it is a chance to send it again. */
  commandsUntil: number
  /** When something wrong with it was noted last. */
  notedAt: number
  /** Moments of the join that are behind us, so that no message has to look. */
  inventoryDone: boolean
  measured: boolean
}

const fresh: Omit<Link, "session" | "keyId"> = {
  epoch: 0,
  instance: "",
  connection: null,
  connectedAt: null,
  disconnectedAt: null,
  lastSeenAt: null,
  lastTickAt: null,
  seq: 0,
  tickMs: 60_000,
  pending: 0,
  askedAt: 0,
  root: "",
  statusHash: 0,
  statusAt: 0,
  skewMs: 0,
  toldAt: 0,
  commandsUntil: 0,
  notedAt: 0,
  inventoryDone: false,
  measured: false,
}

const toLink = (item: Record<string, unknown>): Link => {
  const { pk: _pk, sk: _sk, ttl: _ttl, ...rest } = item
  return { ...fresh, ...rest } as Link
}

const at = ({ organizationId, clusterId }: Owner) => key.link(organizationId, clusterId)

export async function read(cloud: Cloud, owner: Owner): Promise<Link | undefined> {
  const { pk, sk } = at(owner)
  const item = await cloud.table.get(pk, sk)
  return item && toLink(item)
}

/** A cluster that (again) begins with a new identity. Sessions go on counting, so that older connections stay fenced. */
export async function reset(cloud: Cloud, owner: Owner, keyId: string): Promise<void> {
  await cloud.table.update(at(owner), { ...fresh, keyId }, { add: { session: 1 } })
}

/** An agent that speaks is heard once a minute. Whoever was silent for so long does not hold the link, whatever its epoch. */
const heldMs = 5 * 60_000

/**
 * Whether an epoch is behind the one that holds the link. A Lease that was deleted, or came back from a backup, counts from below: its agent
 * is taken when the one before has fallen silent.
 */
export const isFenced = (cloud: Cloud, { epoch: held, lastSeenAt }: Link, epoch: number): boolean =>
  epoch < held && (lastSeenAt === null || lastSeenAt > cloud.now() - heldMs)

/** Begins the next session for a connection; undefined when a higher epoch holds the link. */
export async function begin(
  cloud: Cloud,
  owner: Owner,
  holder: Pick<Link, "connection" | "instance" | "epoch" | "keyId" | "tickMs">,
): Promise<Link | undefined> {
  const now = cloud.now()
  const item = await cloud.table.update(
    at(owner),
    {
      ...holder,
      connectedAt: now,
      disconnectedAt: null,
      lastSeenAt: now,
      seq: 1,
      pending: 0,
      askedAt: 0,
      root: "",
    },
    {
      add: { session: 1 },
      condition: {
        expression: "attribute_exists(pk) AND (epoch <= :epoch OR lastSeenAt <= :silent)",
        values: { epoch: holder.epoch, silent: now - heldMs },
      },
    },
  )
  return item ? toLink(item) : undefined
}

/** Notes that everything up to `seq` of a session is stored. Undefined when another session holds the link, or it is noted already. */
export async function advance(
  cloud: Cloud,
  owner: Owner,
  { session, seq }: { session: number; seq: number },
  set: Partial<Link>,
): Promise<Link | undefined> {
  const item = await cloud.table.update(
    at(owner),
    { ...set, seq, lastSeenAt: cloud.now() },
    {
      condition: {
        expression: "#session = :session AND seq < :seq",
        values: { session, seq },
        names: { "#session": "session" },
      },
    },
  )
  return item ? toLink(item) : undefined
}

/** Changes what is remembered, while this session holds the link. */
export const change = async (
  cloud: Cloud,
  owner: Owner,
  session: number,
  set: Partial<Link>,
): Promise<boolean> =>
  (await cloud.table.update(at(owner), set, {
    condition: { expression: "#session = :session", values: { session }, names: { "#session": "session" } },
  })) !== false

/** Takes the link from whoever holds it: messages of older sessions are refused from here on. Answers the connection that held it. */
export async function takeAway(cloud: Cloud, owner: Owner): Promise<string | undefined> {
  const link = await read(cloud, owner)
  if (!link) return undefined
  await cloud.table.update(
    at(owner),
    { connection: null, disconnectedAt: cloud.now() },
    { add: { session: 1 }, condition: { expression: "attribute_exists(pk)" } },
  )
  return link.connection ?? undefined
}

/** True at most once in `everyMs`: an agent that keeps doing wrong does not fill the list of events. */
export const mayNote = async (cloud: Cloud, owner: Owner, everyMs: number): Promise<boolean> =>
  (await cloud.table.update(
    at(owner),
    { notedAt: cloud.now() },
    {
      condition: {
        expression: "attribute_exists(pk) AND (attribute_not_exists(notedAt) OR notedAt <= :before)",
        values: { before: cloud.now() - everyMs },
      },
    },
  )) !== false

/** Marks the link as down if this connection still holds it. */
export const end = async (
  cloud: Cloud,
  owner: Owner,
  connection: string,
  disconnectedAt: number,
): Promise<boolean> =>
  (await cloud.table.update(
    at(owner),
    { connection: null, disconnectedAt },
    {
      condition: {
        expression: "#connection = :connection",
        values: { connection },
        names: { "#connection": "connection" },
      },
    },
  )) !== false

/** Notes that something was asked of the agent which is good until then. */
export async function expectAnswer(cloud: Cloud, owner: Owner, until: number): Promise<void> {
  await cloud.table.update(
    at(owner),
    { commandsUntil: until },
    {
      condition: {
        expression:
          "attribute_exists(pk) AND (attribute_not_exists(commandsUntil) OR commandsUntil < :until)",
        values: { until },
      },
    },
  )
}

/** Everything that was asked until then is answered, unless something was asked meanwhile. */
export async function expectNothing(cloud: Cloud, owner: Owner, until: number): Promise<void> {
  await cloud.table.update(
    at(owner),
    { commandsUntil: 0 },
    { condition: { expression: "commandsUntil = :until", values: { until } } },
  )
}
