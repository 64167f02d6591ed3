import { AppError } from "#shared/error.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Up } from "#shared/protocol/up.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { Cloud } from "../cloud.ts"
import { redeliver } from "../change/deliver.ts"
import { onObserved } from "../change/observe.ts"
import { type Heard, type Received, followUp, onResult, onWatched } from "../change/receive.ts"
import { publish, publishCluster } from "../console/publish.ts"
import { Clusters } from "../store/cluster.ts"
import type { Connections } from "../store/connection.ts"
import type { Inventory } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { Watches } from "../store/watch.ts"
import { onHello } from "./hello.ts"
import { onStatus, onTick } from "./measure.ts"
import { noteSeldom } from "./note.ts"
import { setPace, wantedTickMs } from "./pace.ts"
import type { Unknown } from "./receive.ts"
import { sendDown } from "./send.ts"
import { type Session, ownerOf, reach, versionOf } from "./session.ts"
import { type Outcome, onBucket, onDelta, onHashes } from "./state.ts"

type Message = Exclude<Up, { type: "hello" }> | Unknown

/** What to do once a message is stored. */
type Effect = Outcome & {
  live?: PackedTick
  words?: string
  /** Something that the list of clusters shows has changed. */
  tell?: boolean
  needHashes?: boolean
  /** They are compared because it is time to, not because something seems to be missing. */
  routine?: boolean
  /** What became of changes. */
  received?: Received
}

const withReceived = (received: Received): Effect => ({
  set: {},
  received,
  ...(received.words === undefined ? {} : { words: received.words }),
  ...(received.inventory ? { changes: received.inventory } : {}),
})
const heardOf = ({ link, number }: Session, { seq }: Message): Heard => ({
  skewMs: link.skewMs,
  version: versionOf(number, seq),
})

/** How often consoles hear of a cluster in which nothing but time has changed; and how often of the progress of a join. */
const tellEveryMs = { live: 30_000, joining: 1_000 }

async function handle(cloud: Cloud, session: Session, message: Message): Promise<Effect> {
  switch (message.type) {
    case "delta":
      return onDelta(cloud, session, message)
    case "bucket":
      return onBucket(cloud, session, message)
    case "hashes":
      return onHashes(cloud, session, message)
    case "tick":
      return { ...(await onTick(cloud, session, message)), tell: !session.link.measured }
    case "status": {
      const { changed, ...told } = await onStatus(cloud, session, message)
      return { ...told, tell: changed }
    }
    case "result":
      return withReceived(await onResult(cloud, session.owner, message, heardOf(session, message)))
    case "watched":
      return withReceived(await onWatched(cloud, session.owner, message, heardOf(session, message)))
    case "observed":
      return withReceived(await onObserved(cloud, session.owner, message, heardOf(session, message)))
    case "unknown":
      return {
        set: {},
        words: `Messages of type ${message.name} are not known to this server; they are left out`,
      }
    default:
      return { set: {} }
  }
}

/** A message that came before: acknowledged again and left at that. A tick may have been overtaken; storing it twice changes nothing. */
async function replayed(cloud: Cloud, session: Session, message: Message): Promise<void> {
  if (message.type === "tick") await onTick(cloud, session, message)
  await sendDown(cloud, session.connection, { type: "ack", seq: session.link.seq })
}

/** When everything asked for is here, and nothing is still being listed, the inventory stands. */
async function noteInventory(cloud: Cloud, { owner, number }: Session, link: Links.Link): Promise<boolean> {
  if (link.pending > 0 || link.inventoryDone) return false
  const status = await Clusters.readStatus(cloud, owner.organizationId, owner.clusterId)
  if (!status || status.kinds.length === 0 || status.kinds.some(({ state }) => state === "syncing"))
    return false
  await reach(cloud, owner, "inventoryDoneAt")
  return Links.change(cloud, owner, number, { inventoryDone: true })
}

/** What is asked for goes before the acknowledgement: whoever has that knows that nothing more is wanted of this message. */
async function ask(cloud: Cloud, connection: string, effect: Effect, all: boolean): Promise<void> {
  if (effect.need) await sendDown(cloud, connection, { type: "need", ...effect.need })
  if (all) await sendDown(cloud, connection, { type: "need", buckets: [], hashes: true })
}

async function record(cloud: Cloud, { owner }: Session, effect: Effect, gap: boolean): Promise<void> {
  if (gap) await noteSeldom(cloud, owner, "resync", "A message is missing; comparing everything")
  else if (effect.needHashes && effect.routine !== true)
    await noteSeldom(cloud, owner, "resync", "Sums differ; comparing everything")
  if (effect.words !== undefined) await noteSeldom(cloud, owner, "refused", effect.words)
  if (effect.refused && effect.refused.length > 0)
    cloud.log.warn({ clusterId: owner.clusterId, kinds: effect.refused.slice(0, 20) }, "kinds were not taken")
}

const isNews = ({ put, remove, facts }: Inventory.Changes): boolean =>
  put.length + remove.length + facts.put.length + facts.remove.length > 0

/** Tells the consoles, and the agent how often to measure. A cluster at its own pace is one whose graph nobody watches. */
async function spread(cloud: Cloud, { owner }: Session, effect: Effect, link: Links.Link): Promise<void> {
  const tell = effect.tell === true || link.toldAt === cloud.now()
  const changes = effect.changes && isNews(effect.changes) ? effect.changes : undefined
  const live = link.tickMs < limits.tickDefaultMs ? effect.live : undefined
  if (!changes && !live && !tell) return
  const watches = await Watches.list(cloud, owner.organizationId)
  if (changes) await publish(cloud, owner, { type: "changes", changes }, watches)
  if (live) await publish(cloud, owner, { type: "tick", tick: live, late: false }, watches)
  if (tell) await publishCluster(cloud, owner, watches)
  await setPace(cloud, owner, link, await wantedTickMs(cloud, owner, watches))
}

/** What the link remembers of this message, whatever it was. */
function remembered(cloud: Cloud, { link }: Session, effect: Effect, gap: boolean): Partial<Links.Link> {
  const now = cloud.now()
  const every = link.inventoryDone ? tellEveryMs.live : tellEveryMs.joining
  return {
    ...effect.set,
    ...(gap || effect.needHashes ? { askedAt: now } : {}),
    ...(effect.tell || now - link.toldAt >= every ? { toldAt: now } : {}),
  }
}

/** Writes what a message says, then acknowledges it, then tells whoever wants to know. */
async function takeNext(cloud: Cloud, session: Session, message: Message): Promise<void> {
  if (message.seq <= session.link.seq) return replayed(cloud, session, message)
  const gap = message.seq > session.link.seq + 1
  const effect = await handle(cloud, session, message)
  const at = { session: session.number, seq: message.seq }
  const link = await Links.advance(cloud, session.owner, at, remembered(cloud, session, effect, gap))
  if (!link) return overtaken(cloud, session, message)
  await ask(cloud, session.connection, effect, gap || effect.needHashes === true)
  await sendDown(cloud, session.connection, { type: "ack", seq: message.seq })
  try {
    if (effect.received) await followUp(cloud, session.owner, effect.received)
    if (link.commandsUntil > cloud.now()) await redeliver(cloud, session.owner, "late")
    await record(cloud, session, effect, gap)
    const synced = message.type === "bucket" || message.type === "hashes"
    const done = synced && (await noteInventory(cloud, session, link))
    await spread(cloud, session, done ? { ...effect, tell: true } : effect, link)
  } catch (error) {
    // It is stored and acknowledged; the agent can do nothing about consoles that were not reached.
    cloud.log.error({ err: error, clusterId: session.owner.clusterId }, "news of a cluster were not spread")
  }
}

/** While this message was written another one went ahead: of this session (two at once), or of a newer one. */
async function overtaken(cloud: Cloud, session: Session, { seq }: Message): Promise<void> {
  const link = await Links.read(cloud, session.owner)
  if (link?.session !== session.number) {
    // What was just written may have gone over what the newer session wrote: its next status compares, whatever it found before.
    if (link) await Links.change(cloud, session.owner, link.session, { root: "" })
    throw await dismissal(cloud, session.owner)
  }
  await ask(cloud, session.connection, { set: {} }, true)
  await sendDown(cloud, session.connection, { type: "ack", seq: Math.max(seq, link.seq) })
}

/** Why a connection does not hold the link any more. */
async function dismissal(cloud: Cloud, { organizationId, clusterId }: Session["owner"]): Promise<AppError> {
  const cluster = await Clusters.find(cloud, organizationId, clusterId)
  if (!cluster) return new AppError("link.revoked", "this cluster was removed; add it again to connect it")
  return cluster.revokedAt === null
    ? new AppError("link.fenced", "a newer connection speaks for this cluster; this one is over")
    : new AppError(
        "link.revoked",
        `the keys of "${cluster.name}" were revoked; install the agent again with a new join token`,
      )
}

export type Patience = (ms: number) => Promise<void>

/** Two messages of one connection may be handled at once where each has a process of its own: the later one waits for the earlier a little. */
async function linkBefore(
  cloud: Cloud,
  own: Connections.AgentConnection,
  seq: number,
  patience: Patience | undefined,
): Promise<Links.Link | undefined> {
  for (let attempt = 0; ; attempt++) {
    const link = await Links.read(cloud, ownerOf(own))
    if (!patience || attempt === 5 || !link || seq <= link.seq + 1) return link
    await patience(50 * 2 ** attempt)
  }
}

/** @throws AppError when the connection has to end */
export async function take(
  cloud: Cloud,
  own: Connections.AgentConnection,
  message: Up | Unknown,
  patience?: Patience,
): Promise<void> {
  const owner = ownerOf(own)
  if (message.type === "hello") {
    if (own.session !== null) throw new AppError("link.protocol", "hello comes once in a connection")
    const cluster = await Clusters.find(cloud, owner.organizationId, owner.clusterId)
    if (!cluster || cluster.revokedAt !== null) throw await dismissal(cloud, owner)
    return onHello(cloud, own, cluster, message)
  }
  if (own.session === null) throw new AppError("link.protocol", `hello comes first, not ${message.type}`)
  const link = await linkBefore(cloud, own, message.seq, patience)
  if (link?.session !== own.session) throw await dismissal(cloud, owner)
  return takeNext(cloud, { owner, connection: own.connection, number: own.session, link }, message)
}
