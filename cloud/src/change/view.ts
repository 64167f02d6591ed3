import type { Change } from "#shared/api/change.ts"
import { type Sight, seesNamespace, seesObject } from "../auth/sight.ts"
import type { Changes } from "../store/change.ts"

type Part = Change["clusters"][number]
type Steps = Change["steps"]
type Watch = NonNullable<Change["watch"]>
type Failure = NonNullable<Part["failure"]>

/** Why an apply came to no good; null when it did. */
export function failureOf(outcome: Changes.ApplyOutcome): Failure | null {
  if (outcome.failure) return outcome.failure
  if (outcome.type === "refused") return null
  const failed = outcome.steps.find(({ state }) => state === "failed")
  return failed ? { code: failed.code ?? "internal", message: failed.message } : null
}

const expired = (sent: boolean): Failure => ({
  code: "unavailable",
  message: sent
    ? "The agent was asked and did not answer in time; if it carried this out, its answer stands here as soon as it is connected again"
    : "Its time ran out before the agent could be asked; nothing was done",
})

const away: Failure = {
  code: "unavailable",
  message: "The agent was not connected when its turn came; nothing was sent, and nothing will be",
}

/** Each cluster in its order: what comes behind one that went wrong is not begun. */
function partsOf({ header, sent, events }: Changes.Entry, now: number): Part[] {
  let isFirstOpen = true
  let isStopped = false
  return header.clusters.map(({ cluster, clusterName, expiresAt }): Part => {
    const part = { cluster, clusterName, as: null, failure: null, expiresAt }
    const result = events.result.get(cluster)
    if (header.ended) return { ...part, state: header.ended === "applied" ? "done" : "failed" }
    if (result) {
      const failure = failureOf(result.outcome)
      isStopped ||= failure !== null
      const as = result.outcome.type === "apply" ? result.outcome.as : null
      return { ...part, state: failure ? "failed" : "done", as, failure }
    }
    if (isStopped) return { ...part, state: "skipped" }
    const isSent = sent.has(cluster)
    if (sent.get(cluster)?.refused === true) {
      isStopped = true
      return { ...part, state: "failed", failure: away }
    }
    if (expiresAt <= now) {
      isStopped = true
      return { ...part, state: "expired", failure: expired(isSent) }
    }
    const isOpen = isFirstOpen
    isFirstOpen = false
    if (isOpen && isSent) return { ...part, state: "sent" }
    return { ...part, state: isOpen && header.queued ? "queued" : "waiting" }
  })
}

function stepsOf({ header, events }: Changes.Entry): Steps {
  const seen = new Map<string, number>()
  return header.steps.map((step) => {
    const at = seen.get(step.cluster) ?? 0
    seen.set(step.cluster, at + 1)
    const outcome = events.result.get(step.cluster)?.outcome
    return { ...step, outcome: (outcome?.type === "apply" ? outcome.steps[at] : undefined) ?? null }
  })
}

/** The clusters in which something was really done. */
const touched = (steps: Steps): Set<string> =>
  new Set(steps.flatMap(({ cluster, outcome }) => (outcome?.state === "applied" ? [cluster] : [])))

function stateOf(entry: Changes.Entry, parts: readonly Part[], steps: Steps): Change["state"] {
  const { header, events } = entry
  if (header.ended) return events.undone.size > 0 ? "undone" : header.ended
  const done = touched(steps)
  const isTakenBack = (cluster: string): boolean => events.watched.get(cluster)?.end === "undone"
  if (events.undone.has("") || (done.size > 0 && [...done].every(isTakenBack))) return "undone"
  const states = new Set(parts.map(({ state }) => state))
  if (states.has("sent")) return "running"
  if (states.has("queued")) return done.size > 0 ? "running" : "queued"
  if (states.has("waiting")) return "running"
  if (states.has("failed") || states.has("expired")) {
    if (done.size > 0) return "partly"
    return states.has("failed") ? "failed" : "expired"
  }
  return "applied"
}

/** Whether the agents still look after it, and how that ended. Worst first, where several have ended. */
function watchOf({ header, events }: Changes.Entry, steps: Steps): Change["watch"] {
  const clusters = [...touched(steps)]
  if ((header.guard === null && header.revertAt === null) || clusters.length === 0) return null
  const ends = clusters.flatMap((cluster): Watch[] => {
    const end = events.watched.get(cluster)
    const released = events.released.get(cluster)
    if (end) return [{ state: end.end, reason: end.reason, at: end.at }]
    return released ? [{ state: "released", reason: "Let go by a person", at: released.at }] : []
  })
  for (const state of ["failed", "undone"] as const) {
    const end = ends.find((one) => one.state === state)
    if (end) return end
  }
  const last = ends.at(-1)
  if (last && ends.length === clusters.length) return last
  const since = Math.max(...clusters.map((cluster) => events.result.get(cluster)?.at ?? header.at))
  return { state: "watching", reason: "", at: since }
}

const isOver = (state: Change["state"]): boolean => state !== "queued" && state !== "running"

function endedAtOf({ header, events }: Changes.Entry, parts: readonly Part[]): number {
  const results = [...events.result.values()].map(({ at }) => at)
  const late = parts.filter(({ state }) => state === "expired").map(({ expiresAt }) => expiresAt)
  return Math.max(header.at, ...results, ...late)
}

/** By which change it was taken back, if it was. */
function undoneByOf({ events }: Changes.Entry): string | null {
  return events.undone.values().next().value?.by ?? null
}

/** A change as it is now: everything follows from what was asked, what happened, and the time. */
export function viewOf(entry: Changes.Entry, now: number): Change {
  const { role: _role, queued: _queued, ended: _ended, clusters: _clusters, ...header } = entry.header
  const clusters = partsOf(entry, now)
  const steps = stepsOf(entry)
  const state = stateOf(entry, clusters, steps)
  return {
    ...header,
    clusters,
    steps,
    state,
    endedAt: isOver(state) ? endedAtOf(entry, clusters) : null,
    watch: watchOf(entry, steps),
    undoneBy: undoneByOf(entry),
  }
}

/** The cluster whose turn it is; undefined when there is none. */
export const currentOf = ({ clusters }: Pick<Change, "clusters">): string | undefined =>
  clusters.find(({ state }) => state === "sent" || state === "queued" || state === "waiting")?.cluster

type Caller = { clusters: readonly string[] | null; sight: Sight }

/** What a caller sees of a change: its clusters, and the objects of the namespaces that it reads. Undefined for nothing. */
export function seenBy(caller: Caller, change: Change): Change | undefined {
  const isMine = (cluster: string): boolean => caller.clusters?.includes(cluster) !== false
  const clusters = change.clusters.filter(({ cluster }) => isMine(cluster))
  const steps = change.steps.filter(
    ({ cluster, object }) => isMine(cluster) && seesObject(caller.sight, object),
  )
  if (clusters.length === 0 || (steps.length === 0 && change.steps.length > 0)) return undefined
  const services = change.services.filter((name) => seesNamespace(caller.sight, name.split("/")[0] ?? ""))
  const isWhole = clusters.length === change.clusters.length && steps.length === change.steps.length
  // Intent and findings name objects wherever they are.
  return isWhole
    ? { ...change, services }
    : { ...change, clusters, steps, services, intent: null, findings: { added: [], removed: [] } }
}
