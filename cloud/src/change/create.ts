import type { Change, ChangeRequest } from "#shared/api/change.ts"
import { AppError, type ErrorCode } from "#shared/error.ts"
import { commandLifeMs, queuedLifeMs } from "#shared/protocol/command.ts"
import type { Actor } from "../auth/actor.ts"
import { type Cloud, newTimedId } from "../cloud.ts"
import { proposalDelta } from "../mesh/finding-item.ts"
import { Changes } from "../store/change.ts"
import { Commands } from "../store/command.ts"
import { callerOf } from "./ask.ts"
import { type Now, advance } from "./deliver.ts"
import { type Draft, type Part, effectsOf, toStep, wireOf } from "./draft.ts"
import { invalid } from "./invalid.ts"
import { aimOf, planned } from "./planned.ts"
import { publishChange } from "./publish.ts"
import { type Reach, reachOf } from "./reach.ts"
import type { Undoing } from "./undo.ts"
import { seenBy } from "./view.ts"
import { readUntil } from "./wait.ts"

/** The handlers of API Gateway end within 29 s. */
const patienceMs = 20_000

function expiryOf(cloud: Cloud, { queueUntil }: ChangeRequest): number {
  const now = cloud.now()
  if (queueUntil === null) return now + commandLifeMs
  if (queueUntil <= now)
    throw invalid("queueUntil", `${queueUntil} is over; name a moment within the next 24 h`)
  if (queueUntil > now + queuedLifeMs)
    throw invalid("queueUntil", `${queueUntil} is more than 24 h from now; nothing is kept for longer`)
  return Math.max(queueUntil, now + commandLifeMs)
}

function demandReach(reaches: readonly Reach[], isQueued: boolean): void {
  for (const { off, away } of reaches) {
    const hindrance = off ?? (isQueued ? null : away)
    if (hindrance) throw new AppError(hindrance.code as ErrorCode, hindrance.message)
  }
}

function demandDraft({ parts, refused, digest }: Draft, request: ChangeRequest): void {
  const first = refused[0]
  if (first)
    throw new AppError(first.error.code, `${first.cluster.name}: ${first.error.message}`, first.error.detail)
  if (request.digest !== undefined && request.digest !== digest)
    throw new AppError(
      "change.outdated",
      "what this change was previewed on has changed since: look at the preview again, then apply it",
    )
  if (parts.length === 0)
    throw new AppError("change.empty", "there is nothing to change: everything is as it would be")
}

/** `virtualservice.subset_unknown VirtualService bookinfo/reviews: ...` */
function findingsOf({ added, removed }: ReturnType<typeof proposalDelta>): Change["findings"] {
  const text = ({ code, object, message }: (typeof added)[number]): string =>
    `${code} ${object.kind.split(".")[0] ?? ""} ${object.namespace}/${object.name}: ${message}`
  return { added: added.map(text), removed: removed.map(text) }
}

type Kept = { draft: Draft; findings: Change["findings"] }

type Made = { cloud: Cloud; actor: Actor; request: ChangeRequest; changeId: string; expiresAt: number }

async function commandOf({ cloud, actor, request, changeId, expiresAt }: Made, part: Part): Promise<string> {
  const { conflicts, guard, expiresInMs, assertion } = request
  const owner = { organizationId: actor.organizationId, clusterId: part.cluster.clusterId }
  const stored = await Commands.create(cloud, owner, {
    caller: callerOf(actor),
    assertion,
    expiresAt,
    action: {
      type: "apply",
      changeId,
      conflicts,
      steps: part.steps.map(wireOf),
      services: [...part.plan.services],
      guard,
      revertAt: expiresInMs === null ? null : cloud.now() + expiresInMs,
    },
  })
  return stored.commandId
}

/** Everything that will be sent is kept before the change is; the change is what makes it count. */
async function keep(made: Made, { draft, findings }: Kept): Promise<Changes.Header> {
  const { cloud, actor, request, changeId, expiresAt } = made
  const caller = callerOf(actor)
  const { intent, guard, expiresInMs, via } = request
  const header: Changes.Header = {
    changeId,
    at: cloud.now(),
    by: { kind: caller.kind, id: caller.id, name: caller.name },
    via,
    title: draft.title,
    services: draft.services,
    intent,
    findings,
    guard,
    revertAt: expiresInMs === null ? null : cloud.now() + expiresInMs,
    undoOf: intent.control === "undo" ? intent.changeId : null,
    clusters: await Promise.all(
      draft.parts.map(async (part) => ({
        cluster: part.cluster.clusterId,
        clusterName: part.cluster.name,
        commandId: await commandOf(made, part),
        expiresAt,
      })),
    ),
    steps: draft.parts.flatMap(({ cluster, steps }) => steps.map((step) => toStep(cluster.clusterId, step))),
    role: caller.role,
    queued: request.queueUntil !== null,
    ended: null,
  }
  await Changes.create(cloud, actor.organizationId, header)
  return header
}

async function takeUndo({ cloud, actor, changeId }: Made, { changeId: of, before }: Undoing): Promise<void> {
  const { organizationId } = actor
  if (!(await Changes.takeUndo(cloud, { organizationId, changeId: of }, changeId, before)))
    throw new AppError("change.not_undoable", `${of} is being undone already, by somebody else`)
}

/** The agent was there when it was looked for, and gone when it was to be sent. */
function demandTaken(now: Now | undefined): void {
  const part = now?.change.clusters[0]
  if (part && now.entry.sent.get(part.cluster)?.refused === true)
    throw new AppError(
      "agent.away",
      `The agent of ${part.clusterName} is not connected: nothing was sent; queue the change (queueUntil, at most 24 h) or try again when it is back`,
    )
}

/** Until it is over, or waits for an agent that is away. */
const isSettled = (change: Change): boolean => change.state !== "running"

async function wait(cloud: Cloud, organizationId: string, changeId: string): Promise<Change | undefined> {
  const now = await readUntil(
    () => advance(cloud, organizationId, changeId),
    (found) => found === undefined || isSettled(found.change),
    patienceMs,
  )
  return now?.change
}

/** Plans, keeps, sends and waits. @throws AppError when it is known to fail before anything is kept */
export async function createChange(cloud: Cloud, actor: Actor, request: ChangeRequest): Promise<Change> {
  const { organizationId } = actor
  const aim = await aimOf(cloud, actor, request)
  const expiresAt = expiryOf(cloud, request)
  const kept = await planned(
    cloud,
    actor,
    { request, aim, wants: "plan" },
    ({ engine, draft, byId }): Kept => {
      const delta = proposalDelta(engine, effectsOf(engine, draft.parts), { byId, sight: null })
      return { draft, findings: findingsOf(delta) }
    },
  )
  demandDraft(kept.draft, request)
  const touched = kept.draft.parts.map(({ cluster }) => reachOf(cloud, organizationId, cluster))
  demandReach(await Promise.all(touched), request.queueUntil !== null)
  const made: Made = { cloud, actor, request, changeId: newTimedId(cloud, "chg"), expiresAt }
  if (aim.undoing) await takeUndo(made, aim.undoing)
  await keep(made, kept)
  const first = await advance(cloud, organizationId, made.changeId)
  if (first) await publishChange(cloud, organizationId, first.change)
  demandTaken(first)
  const change =
    first && isSettled(first.change) ? first.change : await wait(cloud, organizationId, made.changeId)
  const seen = change && seenBy(actor, change)
  if (!seen) throw new AppError("internal", `change ${made.changeId} was kept and cannot be read`)
  return seen
}
