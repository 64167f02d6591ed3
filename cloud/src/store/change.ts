import { encodeTime } from "ulid"
import type { Change, ChangeStep } from "#shared/api/change.ts"
import type { Role } from "#shared/api/session.ts"
import type { CommandOutcome } from "#shared/protocol/command.ts"
import type { Watched } from "#shared/protocol/message/act.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import { packed, unpacked } from "./packed.ts"
import type { Item } from "./table.ts"

export * as Changes from "./change.ts"

/**
 * The history of an organization. A change is an item that is never written again; what becomes of it are more items behind it, each written once. What a
 * change is now follows from these and the time (cloud/src/change/view.ts).
 */
export type Header = Pick<
  Change,
  | "changeId"
  | "at"
  | "by"
  | "via"
  | "title"
  | "services"
  | "intent"
  | "findings"
  | "guard"
  | "revertAt"
  | "undoOf"
> & {
  /** In the order in which it goes through them. */
  clusters: { cluster: string; clusterName: string; commandId: string | null; expiresAt: number }[]
  steps: ChangeStep[]
  /** Of the caller, when it was made; null: nobody of ours asked for it. */
  role: Role | null
  /** It may wait for agents that are away. */
  queued: boolean
  /** Of what was over when it was told to us: outside, agents. */
  ended: "applied" | "failed" | null
}

export type ApplyOutcome = Extract<CommandOutcome, { type: "apply" | "refused" }>

/** Which connection of the agent it was handed to; or that there was none, and it never will be. */
export type Sent = { at: number; connection: string; refused: boolean }

/** What may come behind a change, by cluster (`""`: of the whole). */
export type Events = {
  result: { at: number; outcome: ApplyOutcome }
  watched: { at: number } & Pick<Watched, "end" | "why" | "reason">
  released: { at: number }
  /** Taken back, by that change. */
  undone: { at: number; by: string }
}
export type EventKind = keyof Events
export type Entry = {
  header: Header
  sent: ReadonlyMap<string, Sent>
  events: { [K in EventKind]: ReadonlyMap<string, Events[K]> }
  /** The change that undoes it, or tried to; it is not there itself when its maker died at once. */
  undo: { by: string; at: number } | null
}

/** History is kept for thirteen months. */
const keptMs = 400 * 24 * 60 * 60_000
const absent = { expression: "attribute_not_exists(pk)" }
const ttlOf = (cloud: Cloud): number => secondsOf(cloud.now() + keptMs)

/** False when it is there already. @throws AppError input.too_large */
export async function create(cloud: Cloud, organizationId: string, header: Header): Promise<boolean> {
  const item = {
    ...key.change(organizationId, header.changeId),
    ...packed(header, "a change of so many and large objects"),
    ttl: ttlOf(cloud),
  }
  return (await cloud.table.put(item, absent)) !== false
}

/** Writes what happened, the first time; false when it was written before. */
export async function add<K extends EventKind>(
  cloud: Cloud,
  { organizationId, changeId, cluster }: Place,
  kind: K,
  event: Events[K],
): Promise<boolean> {
  const item = {
    ...key.changeEvent(organizationId, changeId, kind, cluster),
    ...packed(event, `what became of ${changeId}`),
    ttl: ttlOf(cloud),
  }
  return (await cloud.table.put(item, absent)) !== false
}

/** Makes `by` the one change that undoes this one. False when another one does: only in place of `before`, which came to nothing, it is taken. */
export async function takeUndo(
  cloud: Cloud,
  { organizationId, changeId }: { organizationId: string; changeId: string },
  by: string,
  before: string | null,
): Promise<boolean> {
  const item = {
    ...key.changeEvent(organizationId, changeId, "undo", ""),
    undoId: by,
    at: cloud.now(),
    ttl: ttlOf(cloud),
  }
  const condition = before === null ? absent : { expression: "undoId = :before", values: { before } }
  return (await cloud.table.put(item, condition)) !== false
}

type Place = { organizationId: string; changeId: string; cluster: string }

const sentKey = ({ organizationId, changeId, cluster }: Place) =>
  key.changeEvent(organizationId, changeId, "sent", cluster)

const toSent = (item: Item): Sent => ({
  at: Number(item["at"]),
  connection: String(item["connection"]),
  refused: item["refused"] === true,
})

/**
 * Notes the connection that is about to get it. False when it was refused: then it must not be sent. One item decides, so that what is refused is never
 * carried out, however many try at once.
 */
export async function markSent(cloud: Cloud, place: Place, connection: string): Promise<boolean> {
  const item = { ...sentKey(place), at: cloud.now(), connection, ttl: ttlOf(cloud) }
  return (await cloud.table.put(item, { expression: "attribute_not_exists(refused)" })) !== false
}

/** The connection did not take it, and nobody else has tried since: as if it had not been sent. */
export async function markUnsent(cloud: Cloud, place: Place, connection: string): Promise<void> {
  const { pk, sk } = sentKey(place)
  await cloud.table.remove(pk, sk, isOf(connection))
}

/** Nobody was there to take it, nobody else has tried since, and it does not wait: it will never be sent. `connection`: what did not take it, if there was one. */
export async function markRefused(cloud: Cloud, place: Place, connection: string | null): Promise<boolean> {
  const item = { ...sentKey(place), at: cloud.now(), connection: "", refused: true, ttl: ttlOf(cloud) }
  const condition = connection === null ? absent : isOf(connection)
  return (await cloud.table.put(item, condition)) !== false
}

const isOf = (connection: string) => ({
  expression: "#connection = :connection",
  values: { connection },
  names: { "#connection": "connection" },
})

const headerLength = "change#chg_".length + 26

const emptyEvents = (): { [K in EventKind]: Map<string, Events[K]> } => ({
  result: new Map(),
  watched: new Map(),
  released: new Map(),
  undone: new Map(),
})

/** Undefined when the change itself is not among its items. */
function entryOf(items: readonly Item[]): Entry | undefined {
  const events = emptyEvents()
  const sent = new Map<string, Sent>()
  let header: Header | undefined
  let undo: Entry["undo"] = null
  for (const item of items) {
    const [kind, cluster = ""] = item.sk.slice(headerLength + 1).split("#")
    if (item.sk.length === headerLength) header = unpacked<Header>(item)
    else if (kind === "undo") undo = { by: String(item["undoId"]), at: Number(item["at"]) }
    else if (kind === "sent") sent.set(cluster, toSent(item))
    else if (kind !== undefined && Object.hasOwn(events, kind))
      (events[kind as EventKind] as Map<string, unknown>).set(cluster, unpacked(item))
  }
  return header && { header, sent, events, undo }
}

export async function read(
  cloud: Cloud,
  organizationId: string,
  changeId: string,
): Promise<Entry | undefined> {
  const { pk, sk } = key.change(organizationId, changeId)
  return entryOf(await cloud.table.all(pk, { prefix: sk }))
}

/** Read at once; most changes have two to four items. */
const readAtOnce = 200

/** Newest first, from `to` back to `from` (both inclusive), behind the change `after`. */
export async function* newestFirst(
  cloud: Cloud,
  organizationId: string,
  { from, to, after }: { from: number; to: number; after: string | undefined },
): AsyncGenerator<Entry> {
  const bounds = {
    from: key.change(organizationId, `chg_${encodeTime(Math.max(0, from), 10)}`).sk,
    to: `${key.change(organizationId, `chg_${encodeTime(Math.max(0, to), 10)}`).sk}~`,
  }
  let start = after === undefined ? undefined : key.change(organizationId, after).sk
  let group: Item[] = []
  do {
    const page = await cloud.table.page(partition.change(organizationId), {
      ...bounds,
      reverse: true,
      limit: readAtOnce,
      ...(start === undefined ? {} : { after: start }),
    })
    for (const item of page.items) {
      // Backwards, what became of a change comes before the change.
      if (group[0] && !item.sk.startsWith(group[0].sk.slice(0, headerLength))) group = []
      group.push(item)
      if (item.sk.length > headerLength) continue
      const entry = entryOf(group)
      group = []
      if (entry) yield entry
    }
    start = page.last
  } while (start !== undefined)
}

/** The id under which something seen by an agent is kept: `made` the first time, the same one ever after. */
export async function observedAs(
  cloud: Cloud,
  { organizationId, clusterId }: { organizationId: string; clusterId: string },
  id: string,
  made: string,
): Promise<string> {
  const at = key.observed(organizationId, clusterId, id)
  const done = await cloud.table.put({ ...at, changeId: made, ttl: ttlOf(cloud) }, absent)
  if (done !== false) return made
  const item = await cloud.table.get(at.pk, at.sk)
  return item === undefined ? made : String(item["changeId"])
}
