import { AppError } from "#shared/error.ts"
import { canonicalJson, emptySum, normalSum, textHash } from "#shared/kube/bucket.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Status } from "#shared/protocol/message/status.ts"
import type { TickMessage } from "#shared/protocol/up.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Inventory } from "../store/inventory.ts"
import type { Links } from "../store/link.ts"
import { Ticks } from "../store/tick.ts"
import { type Session, reach } from "./session.ts"

/** Two clocks and a busy link: what is nearer than this is the same time. */
const clockToleranceMs = 30_000
/** The status is stored anew at least this often, for what always moves in it. */
const statusEveryMs = 10 * 60_000
const askAgainMs = 60_000

const seconds = (ms: number): string => `${Math.round(Math.abs(ms) / 1000)} s`

function isWhole(tick: PackedTick): boolean {
  try {
    unpackTick(tick)
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}

export type Measured = {
  set: Partial<Links.Link>
  /** For the consoles; absent when nothing live came. */
  live?: PackedTick
  /** Why the tick was not taken. */
  words?: string
}

/** The moment of a tick by the cloud's clock; undefined when it is none of the last two hours. What is live was measured now, whatever a clock says. */
function timeOf(cloud: Cloud, session: Session, { tick, late }: TickMessage): number | undefined {
  const now = cloud.now()
  const at = tick.at - session.link.skewMs
  if (!late) return Math.abs(at - now) <= clockToleranceMs ? at : now
  const isOf = at <= now + clockToleranceMs && at >= now - limits.backfillMs - clockToleranceMs
  return isOf ? Math.min(at, now) : undefined
}

/** Keeps one tick a minute. Live ones go on to whoever watches. */
export async function onTick(cloud: Cloud, session: Session, message: TickMessage): Promise<Measured> {
  if (!isWhole(message.tick)) return { set: {}, words: "A tick was refused: its columns do not fit together" }
  const at = timeOf(cloud, session, message)
  if (at === undefined)
    return {
      set: {},
      words: `A late tick was refused: it is of ${new Date(message.tick.at).toISOString()}, which is not within the last 2 hours`,
    }
  const tick = { ...message.tick, at }
  if (!(await Ticks.put(cloud, session.owner, { tick, late: message.late })))
    return { set: {}, words: "A tick was refused: it is larger than an item of the store may be" }
  if (!session.link.measured) await reach(cloud, session.owner, "firstMetricsAt")
  return message.late ? { set: { measured: true } } : { set: { measured: true, lastTickAt: at }, live: tick }
}

/** What is worth a write: everything but what moves with each measurement. */
const steadyHash = ({ kinds, telemetry, progress, act }: Status): number =>
  textHash(canonicalJson({ kinds, telemetry: { ...telemetry, lastTickAt: null, queryMs: 0 }, progress, act }))

const rootText = ({ hash, count }: Status["root"]): string => `${hash}/${count}`

/** Sum over everything stored of the kinds that the agent knows now: what its root is compared with. */
async function storedRoot(cloud: Cloud, session: Session, status: Status): Promise<string> {
  const unknown = new Set(
    status.kinds
      .filter(({ state }) => state === "denied" || state === "absent" || state === "syncing")
      .map(({ kind }) => kind),
  )
  const total = (await Inventory.sums(cloud, session.owner))
    .filter(({ kind }) => !unknown.has(kind))
    .reduce(
      (all, { sum }) => normalSum({ hash: all.hash + sum.hash, count: all.count + sum.count }),
      emptySum,
    )
  return rootText(total)
}

const isStatusOld = (cloud: Cloud, { statusAt }: Links.Link): boolean =>
  cloud.now() - statusAt >= statusEveryMs

type Kinds = Status["kinds"]

/** Only a newer agent knows these. What it has of them is not taken, and no agent's word of what it may read says that. */
const asTaken = (kinds: Kinds): Kinds =>
  kinds.map((state) =>
    kindOf(state.kind)
      ? state
      : {
          ...state,
          state: "denied",
          count: 0,
          reason: "not taken: this server does not know the kind, the agent is newer",
        },
  )

type Compared = { set: Partial<Links.Link>; needHashes: boolean; routine?: boolean }

/** Whether the sums should be compared again, bucket by bucket. */
async function compareRoot(cloud: Cloud, session: Session, status: Status): Promise<Compared> {
  const { link, owner } = session
  const root = rootText(status.root)
  // Equal once is not equal for ever: a writer that died may have left something behind it. So now and then we look again.
  const found = link.root === root && !isStatusOld(cloud, link)
  if (link.pending > 0 || status.kinds.some(({ state }) => state === "syncing") || found)
    return { set: {}, needHashes: false }
  if ((await storedRoot(cloud, session, status)) === root) {
    if (!link.inventoryDone) await reach(cloud, owner, "inventoryDoneAt")
    return { set: { root, inventoryDone: true }, needHashes: false }
  }
  // With kinds that are not taken the sum over all is never the same: then only the buckets are compared, by the clock.
  const routine = status.kinds.some(({ kind, count }) => count > 0 && !kindOf(kind))
  const patienceMs = routine && link.inventoryDone ? statusEveryMs : askAgainMs
  if (cloud.now() - link.askedAt < patienceMs) return { set: {}, needHashes: false }
  return { set: { root: "", askedAt: cloud.now() }, needHashes: true, routine }
}

/** How far the agent's clock is ahead; 0 within the tolerance. */
function skewOf(cloud: Cloud, at: number): number {
  const ahead = at - cloud.now()
  return Math.abs(ahead) > clockToleranceMs ? ahead : 0
}

function skewWords(before: number, skewMs: number): { words?: string } {
  if (skewMs === 0 || Math.abs(skewMs - before) < clockToleranceMs) return {}
  const which = skewMs > 0 ? "ahead" : "behind"
  return {
    words: `The agent's clock is ${seconds(skewMs)} ${which}; what it says is kept at the time of this server`,
  }
}

/** Moments by the cloud's clock. */
function atOurTime(status: Clusters.StoredStatus, skewMs: number): Clusters.StoredStatus {
  if (skewMs === 0) return status
  const ours = (at: number): number => Math.max(0, at - skewMs)
  const { telemetry } = status
  return {
    ...status,
    at: ours(status.at),
    kinds: status.kinds.map((kind) => ({ ...kind, since: ours(kind.since) })),
    telemetry: {
      ...telemetry,
      lastTickAt: telemetry.lastTickAt === null ? null : ours(telemetry.lastTickAt),
    },
  }
}

export type Told = Compared & { changed: boolean; words?: string }

/** Stores the status when it says something new, and compares the root. */
export async function onStatus(cloud: Cloud, session: Session, status: Status): Promise<Told> {
  const { type: _type, seq: _seq, ...told } = status
  const stored = { ...told, kinds: asTaken(status.kinds) }
  const { owner, link } = session
  const statusHash = steadyHash(status)
  const changed = statusHash !== link.statusHash
  const due = changed || isStatusOld(cloud, link)
  const skewMs = skewOf(cloud, status.at)
  if (due) await Clusters.writeStatus(cloud, owner.organizationId, owner.clusterId, atOurTime(stored, skewMs))
  const { set, ...compared } = await compareRoot(cloud, session, status)
  return {
    ...compared,
    set: { ...set, skewMs, ...(due ? { statusHash, statusAt: cloud.now() } : {}) },
    changed,
    ...skewWords(link.skewMs, skewMs),
  }
}
