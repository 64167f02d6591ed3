import type { ClusterView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import { TelemetryFailure, TelemetryWaiting, type Measured, type TelemetrySource } from "../source.ts"
import { type Counters, createCounters } from "./counters.ts"
import { createLineReader } from "./lines.ts"
import { createPass, type Missed } from "./pass.ts"
import { createProxyClient } from "./proxy.ts"
import { type ScrapeTarget, targetsOf } from "./targets.ts"

export type ScrapeSourceOptions = {
  cluster: Pick<ClusterView, "pods" | "stateOf">
  clock: Clock
  /** Between the first two reads, which are the first that make a rate. */
  floorMs?: number
  concurrency?: number
  timeoutMs?: number
  /** Of one proxy's answer. */
  maxMs?: number
  maxBytes?: number
  /** Of a read of all proxies: those that were not asked by then are asked first the next time. */
  passMs?: number
  /** Different series of all proxies: 100 bytes each. */
  maxSeries?: number
  /** Counters of all proxies: 12 bytes each. */
  maxCounters?: number
}

/** Reads the proxies themselves, for a cluster without Prometheus. */
export function createScrapeSource(options: ScrapeSourceOptions): TelemetrySource {
  const { cluster, clock, floorMs = 5_000, concurrency = 16, passMs = 25_000 } = options
  const { timeoutMs = 3_000, maxMs = 10_000, maxBytes = 32_000_000 } = options
  const { maxSeries = 250_000, maxCounters = 2_000_000 } = options
  const client = createProxyClient({ clock, timeoutMs, maxMs, maxBytes })
  const counters = createCounters({ maxSeries, maxCounters })
  const pass = createPass({ clock, concurrency, maxMs: passMs })
  /** Which of a target's addresses has the proxy's metrics, where it is not the first. */
  const usable = new Map<string, number>()
  let asked = 0
  let lastPassAt: number | null = null

  const readOne = async (target: ScrapeTarget): Promise<void> => {
    const choice = usable.get(target.id) ?? 0
    if (await readUrl(target, choice)) return
    // the annotation names the application's own port, where nothing of the mesh is told
    await readUrl(target, choice + 1)
    usable.set(target.id, choice + 1)
  }

  /** False when the address tells of something else; the last address is believed whatever it says. */
  const readUrl = async ({ id, urls, isShared, isZtunnel }: ScrapeTarget, choice: number) => {
    const reader = counters.proxy(id, clock.now(), isZtunnel)
    const lines = createLineReader(reader.sample)
    const size = await client.read({ url: urls[choice] ?? "", isShared }, lines.push)
    lines.end()
    const isForeign = !lines.isIstio() && size > 0 && choice + 1 < urls.length
    if (!isForeign) reader.done()
    return !isForeign
  }

  /** One read of every proxy, a few at a time. */
  const readAll = async (signal: AbortSignal): Promise<Missed> => {
    const state = cluster.stateOf("Pod")
    if (["syncing", "denied", "absent"].includes(state))
      throw new TelemetryWaiting(`pods are not known (${state})`)
    const targets = targetsOf(cluster.pods())
    asked = targets.length
    const known = new Set(targets.map(({ id }) => id))
    for (const id of usable.keys()) if (!known.has(id)) usable.delete(id)
    if (targets.length === 0) throw new TelemetryWaiting("no running pod has a proxy")
    counters.begin()
    const abort = (): void => client.abort(signal.reason as Error)
    signal.addEventListener("abort", abort, { once: true })
    try {
      return await pass(targets, readOne, signal)
    } finally {
      signal.removeEventListener("abort", abort)
      lastPassAt = clock.now()
    }
  }

  return {
    kind: "scrape",
    target: () => `${asked} ${asked === 1 ? "proxy" : "proxies"}`,
    close: client.close,
    measure: async (_windowMs, signal) => {
      if (lastPassAt === null) {
        await readAll(signal)
        await clock.sleep(floorMs, signal)
        signal.throwIfAborted()
      }
      const begin = lastPassAt ?? clock.now()
      const missed = await readAll(signal)
      return measuredOf(counters, missed, asked, (lastPassAt ?? begin) - begin)
    },
  }
}

function measuredOf(counters: Counters, missed: Missed, asked: number, windowMs: number): Measured {
  const { edges, proxiesWithRates, dropped, refused } = counters.end()
  const first = [...missed.failures].sort((a, b) => (a.id < b.id ? -1 : 1))[0]
  const example = first ? ` (${first.id.split("/").slice(0, 2).join("/")}: ${first.reason})` : ""
  if (missed.failures.length + missed.unasked === asked)
    throw new TelemetryFailure(`none of ${asked} proxies answered${example}`)
  if (proxiesWithRates === 0)
    throw new TelemetryWaiting("every proxy was read for the first time: rates need a second read")
  const gaps: string[] = []
  if (missed.failures.length > 0)
    gaps.push(`${missed.failures.length} of ${asked} proxies did not answer${example}`)
  if (missed.unasked > 0)
    gaps.push(`${missed.unasked} of ${asked} proxies were not asked: reading the others took too long`)
  if (dropped > 0) gaps.push(`${dropped} samples not a number, left out`)
  if (refused > 0) gaps.push(`${refused} samples left out: the proxies have too many series`)
  return { edges: edges(), windowMs: Math.max(1, Math.round(windowMs)), gaps }
}
