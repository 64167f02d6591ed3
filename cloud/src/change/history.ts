import type { Change } from "#shared/api/change.ts"
import { kindsNamed } from "#shared/kube/kinds.ts"
import { AppError } from "#shared/error.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Changes } from "../store/change.ts"
import { seenBy, viewOf } from "./view.ts"

export type HistoryQuery = {
  /** Undefined: all. */
  clusters: readonly string[] | undefined
  service?: string | undefined
  namespace?: readonly string[] | undefined
  kind?: string | undefined
  name?: string | undefined
  by?: string | undefined
  via?: Change["via"] | undefined
  from?: number | undefined
  to?: number | undefined
  limit: number
  /** The last change of the page before. */
  after: string | undefined
}

/** A page looks at as many changes at most; a filter that finds few answers what it found so far, with a cursor. */
const mostRead = 2_000

type Matches = (change: Change) => boolean

const inAny = (change: Change, fits: (step: Change["steps"][number]) => boolean): boolean =>
  change.steps.some(fits)

/** @throws AppError kind.not_found */
function kindsOf(name: string | undefined): readonly string[] | undefined {
  if (name === undefined) return undefined
  const kinds = kindsNamed(name).map(({ key }) => key)
  if (kinds.length === 0) throw new AppError("kind.not_found", `no kind "${name}" in the inventory`)
  return kinds
}

function matcherOf(query: HistoryQuery): Matches {
  const { clusters, service, namespace, name, via, from = 0, to = Infinity } = query
  const kinds = kindsOf(query.kind)
  const by = query.by?.trim().toLowerCase()
  const tests: Matches[] = [({ at }) => at >= from && at <= to]
  if (clusters) tests.push((change) => change.clusters.some(({ cluster }) => clusters.includes(cluster)))
  if (service !== undefined) tests.push(({ services }) => services.includes(service))
  if (namespace) tests.push((change) => inAny(change, ({ object }) => namespace.includes(object.namespace)))
  if (kinds || name !== undefined)
    tests.push((change) =>
      inAny(
        change,
        ({ object }) =>
          kinds?.includes(object.kind) !== false && (name === undefined || object.name === name),
      ),
    )
  if (by !== undefined && by !== "") tests.push((change) => change.by.name.toLowerCase().includes(by))
  if (via !== undefined) tests.push((change) => change.via === via)
  return (change) => tests.every((fits) => fits(change))
}

/** An entry has its place by the clock of whoever saw it; the time it is shown with may be a little off. */
const slackMs = 10 * 60_000

/** Newest first. `last`: where the next page begins; undefined at the end. */
export async function historyPage(
  cloud: Cloud,
  actor: Actor,
  query: HistoryQuery,
): Promise<{ items: Change[]; last: string | undefined }> {
  const matches = matcherOf(query)
  const now = cloud.now()
  const items: Change[] = []
  let read = 0
  const range = {
    from: (query.from ?? 0) - slackMs,
    to: Math.min((query.to ?? now) + slackMs, now + slackMs),
    after: query.after,
  }
  for await (const entry of Changes.newestFirst(cloud, actor.organizationId, range)) {
    const change = seenBy(actor, viewOf(entry, now))
    if (change && matches(change)) {
      const previous = items.at(-1)
      if (items.length === query.limit && previous) return { items, last: previous.changeId }
      items.push(change)
    }
    if (++read >= mostRead) return { items, last: entry.header.changeId }
  }
  return { items, last: undefined }
}
