import type { Clock } from "#agent/clock.ts"
import { wordsOf } from "../prometheus/client.ts"
import type { ScrapeTarget } from "./targets.ts"

export type Failure = { id: string; reason: string }

/** What a pass did not get. */
export type Missed = { failures: Failure[]; unasked: number }

export type PassOptions = { clock: Clock; concurrency: number; maxMs: number }

/** Reads many targets, a few at a time. @throws the signal's reason when it is aborted */
export type Pass = (
  targets: readonly ScrapeTarget[],
  readOne: (target: ScrapeTarget) => Promise<void>,
  signal: AbortSignal,
) => Promise<Missed>

/** Those that nobody came to go first, and those that failed last: a thousand that do not answer must not keep us from those that do. */
const unaskedRank = 0
const usualRank = 1
const failedRank = 2

export function createPass({ clock, concurrency, maxMs }: PassOptions): Pass {
  let ranks = new Map<string, number>()

  const ordered = (targets: readonly ScrapeTarget[]): readonly ScrapeTarget[] => {
    if (ranks.size === 0) return targets
    const rank = ({ id }: ScrapeTarget): number => ranks.get(id) ?? usualRank
    return [...targets].sort((a, b) => rank(a) - rank(b))
  }

  return async (targets, readOne, signal) => {
    const until = clock.now() + maxMs
    const failures: Failure[] = []
    const next = new Map<string, number>()
    let unasked = 0
    const queue = ordered(targets).values()
    const work = async (): Promise<void> => {
      for (const target of queue) {
        signal.throwIfAborted()
        if (clock.now() >= until) {
          unasked++
          next.set(target.id, ranks.get(target.id) ?? unaskedRank)
          continue
        }
        await readOne(target).catch((error: unknown) => {
          signal.throwIfAborted()
          next.set(target.id, failedRank)
          failures.push({ id: target.id, reason: wordsOf(error) })
        })
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, work))
    ranks = next
    return { failures, unasked }
  }
}
