import { AppError } from "#shared/error.ts"
import type { Up } from "#shared/protocol/up.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { Cloud } from "../cloud.ts"
import { publish, publishCluster } from "../console/publish.ts"
import { Clusters } from "../store/cluster.ts"
import type { Connections } from "../store/connection.ts"
import { Links } from "../store/link.ts"
import { Watches } from "../store/watch.ts"
import { onHello } from "./hello.ts"
import { onStatus, onTick } from "./measure.ts"
import { setPace, wantedTickMs } from "./pace.ts"
import type { Unknown } from "./receive.ts"
import { sendDown } from "./send.ts"
import { type Session, ownerOf } from "./session.ts"
import { type Outcome, onBucket, onDelta, onHashes } from "./state.ts"

type Message = Exclude<Up, { type: "hello" }> | Unknown

/** What to do once a message is stored and acknowledged. */
type Effect = Outcome & {
  live?: PackedTick
  words?: string
  /** Something that the list of clusters shows has changed. */
  tell?: boolean
  needHashes?: boolean
}

/** Consoles hear of a cluster's progress at most this often, unless its state changes. */
const tellEveryMs = 1_000

async function handle(cloud: Cloud, session: Session, message: Message): Promise<Effect> {
  switch (message.type) {
    case "delta":
      return onDelta(cloud, session, message)
    case "bucket":
      return onBucket(cloud, session, message)
    case "hashes":
      return { ...(await onHashes(cloud, session, message)), tell: true }
    case "tick":
      return { ...(await onTick(cloud, session, message)), tell: true }
    case "status": {
      const { set, changed, needHashes } = await onStatus(cloud, session, message)
      return { set, tell: changed, needHashes }
    }
    case "unknown":
      return {
        set: {},
        words: `Messages of type ${message.name} are not known to this server; they are left out`,
      }
    default:
      return { set: {} }
  }
}

/** A message that came before: acknowledged again and left at that. A tick may have overtaken; storing it twice changes nothing. */
async function replayed(cloud: Cloud, session: Session, message: Message): Promise<void> {
  if (message.type === "tick") await onTick(cloud, session, message)
  await sendDown(cloud, session.connection, { type: "ack", seq: session.link.seq })
}

/** When everything asked for is here, and nothing is still being listed, the inventory stands. */
async function noteInventory(cloud: Cloud, { owner, cluster }: Session, link: Links.Link): Promise<void> {
  if (link.pending > 0 || cluster.inventoryDoneAt !== null) return
  const status = await Clusters.readStatus(cloud, owner.organizationId, owner.clusterId)
  if (!status || status.kinds.length === 0 || status.kinds.some(({ state }) => state === "syncing")) return
  await Clusters.reached(cloud, owner.organizationId, cluster, "inventoryDoneAt")
}

/** What is asked for goes before the acknowledgement: whoever has that knows that nothing more is wanted of this message. */
async function ask(cloud: Cloud, connection: string, effect: Effect, all: boolean): Promise<void> {
  if (effect.need) await sendDown(cloud, connection, { type: "need", ...effect.need })
  if (all) await sendDown(cloud, connection, { type: "need", buckets: [], hashes: true })
}

async function record(cloud: Cloud, { owner }: Session, effect: Effect, gap: boolean): Promise<void> {
  const note = (kind: "refused" | "resync", message: string) =>
    Clusters.note(cloud, owner.organizationId, owner.clusterId, { kind, message })
  if (gap) await note("resync", "A message is missing; comparing everything")
  else if (effect.needHashes) await note("resync", "Sums differ; comparing everything")
  if (effect.words !== undefined) await note("refused", effect.words)
  if (effect.refused && effect.refused.length > 0)
    cloud.log.warn({ clusterId: owner.clusterId, kinds: effect.refused.slice(0, 20) }, "kinds were not taken")
}

/** Tells the consoles, and the agent how often to measure. */
async function spread(cloud: Cloud, session: Session, effect: Effect, link: Links.Link): Promise<void> {
  const { owner } = session
  const watches = await Watches.list(cloud, owner.organizationId)
  if (effect.changes) await publish(cloud, owner, { type: "changes", changes: effect.changes }, watches)
  if (effect.live) await publish(cloud, owner, { type: "tick", tick: effect.live, late: false }, watches)
  const progress = session.cluster.inventoryDoneAt === null && cloud.now() - link.toldAt >= tellEveryMs
  if (effect.tell || progress) {
    if (progress) await Links.change(cloud, owner, session.number, { toldAt: cloud.now() })
    await publishCluster(cloud, owner, watches)
  }
  await setPace(cloud, owner, link, await wantedTickMs(cloud, owner, watches))
}

/** Writes what a message says, then acknowledges it, then tells whoever wants to know. */
async function takeNext(cloud: Cloud, session: Session, message: Message): Promise<void> {
  if (message.seq <= session.link.seq) return replayed(cloud, session, message)
  const gap = message.seq > session.link.seq + 1
  const effect = await handle(cloud, session, message)
  const set = gap || effect.needHashes ? { ...effect.set, askedAt: cloud.now() } : effect.set
  const link = await Links.advance(cloud, session.owner, { session: session.number, seq: message.seq }, set)
  if (!link) return overtaken(cloud, session, message)
  await ask(cloud, session.connection, effect, gap || effect.needHashes === true)
  await sendDown(cloud, session.connection, { type: "ack", seq: message.seq })
  await record(cloud, session, effect, gap)
  if (message.type === "bucket" || message.type === "hashes") await noteInventory(cloud, session, link)
  await spread(cloud, session, effect, link)
}

/** While this message was written another one went ahead: of this session (two at once), or of a newer one. */
async function overtaken(cloud: Cloud, session: Session, { seq }: Message): Promise<void> {
  const link = await Links.read(cloud, session.owner)
  if (link?.session !== session.number) throw fenced()
  await ask(cloud, session.connection, { set: {} }, true)
  await sendDown(cloud, session.connection, { type: "ack", seq: Math.max(seq, link.seq) })
}

const fenced = (): AppError =>
  new AppError("link.fenced", "a newer connection speaks for this cluster; this one is over")

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
  const [cluster, link] = await Promise.all([
    Clusters.find(cloud, owner.organizationId, owner.clusterId),
    linkBefore(cloud, own, message.type === "hello" ? 1 : message.seq, patience),
  ])
  if (!cluster || cluster.revokedAt !== null)
    throw new AppError(
      "link.revoked",
      cluster
        ? `the keys of "${cluster.name}" were revoked; install the agent again with a new join token`
        : "this cluster was removed; add it again to connect it",
    )
  if (message.type === "hello") {
    if (own.session !== null) throw new AppError("link.protocol", "hello comes once in a connection")
    return onHello(cloud, own, cluster, message)
  }
  if (own.session === null) throw new AppError("link.protocol", `hello comes first, not ${message.type}`)
  if (link?.session !== own.session) throw fenced()
  return takeNext(cloud, { owner, connection: own.connection, number: own.session, cluster, link }, message)
}
