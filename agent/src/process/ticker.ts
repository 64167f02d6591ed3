import { limits } from "#shared/protocol/limits.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"

export type Ticker = {
  /** How often to measure from now on, ms; never below the floor. */
  setPace(tickMs: number): void
  pace(): number
  /** Measurements that failed since the start. */
  failures(): number
  done: Promise<void>
}

/** A measurement that takes longer is given up: the next one is due. */
const patienceMs = 60_000

/**
 * Measures at a steady pace on a grid of the clock, one at a time: a measurement that outlasts its interval costs the next place on the grid,
 * never two at once. `phase` (0..1) shifts the grid by up to a quarter of the interval, so that a thousand clusters do not speak in the same moment.
 */
export function startTicker(options: {
  measure: (windowMs: number, signal: AbortSignal) => Promise<Tick>
  take: (tick: Tick) => void
  /** Told after each measurement. */
  measured: (outcome: "tick" | "nothing") => void
  /** Resolves when there is something to measure. */
  ready: Promise<void>
  phase: () => number
  floorMs: number
  clock: Clock
  signal: AbortSignal
  log: Log
}): Ticker {
  const { clock, signal, log } = options
  let tickMs: number = Math.max(options.floorMs, limits.tickDefaultMs)
  let changed = new AbortController()
  let failures = 0

  function untilNext(): number {
    const shift = (options.phase() * tickMs) / 4
    return tickMs - ((clock.now() - shift) % tickMs)
  }

  async function measure(): Promise<void> {
    let outcome: "tick" | "nothing" = "nothing"
    const own = new AbortController()
    const limit = AbortSignal.any([signal, own.signal])
    void clock
      .sleep(patienceMs, limit)
      .then(() => own.abort(new Error(`no measurement in ${patienceMs / 1000} s`)))
    try {
      options.take(await options.measure(tickMs, limit))
      outcome = "tick"
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      log.debug({ error: error instanceof Error ? error.message : String(error) }, "nothing was measured")
    } finally {
      own.abort()
    }
    options.measured(outcome)
  }

  async function run(): Promise<void> {
    await options.ready
    while (!signal.aborted) {
      await measure()
      do {
        changed = new AbortController()
        await clock.sleep(untilNext(), AbortSignal.any([signal, changed.signal]))
      } while (changed.signal.aborted && !signal.aborted)
    }
  }

  return {
    setPace(next) {
      const paced = Math.max(options.floorMs, next)
      if (paced === tickMs) return
      tickMs = paced
      changed.abort()
    },
    pace: () => tickMs,
    failures: () => failures,
    done: run(),
  }
}
