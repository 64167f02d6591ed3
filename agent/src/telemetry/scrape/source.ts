import { StringDecoder } from "node:string_decoder"
import { Agent, request } from "undici"
import type { ClusterView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import { wordsOf } from "../prometheus/client.ts"
import { createReconciler } from "../reconcile/reconcile.ts"
import { TelemetryFailure, TelemetryWaiting, type TelemetrySource } from "../source.ts"
import { type Counters, createCounters } from "./counters.ts"
import { type ScrapeTarget, targetsOf } from "./targets.ts"
import { readLines } from "./text.ts"

export type ScrapeSourceOptions = {
  cluster: Pick<ClusterView, "pods" | "stateOf">
  clock: Clock
  /** Between the first two reads, which are the first that make a rate. */
  floorMs?: number
  concurrency?: number
  timeoutMs?: number
  /** Of one proxy's answer. */
  maxBytes?: number
}

type Failure = { id: string; reason: string }

/** Reads the proxies themselves, for a cluster without Prometheus. */
export function createScrapeSource(options: ScrapeSourceOptions): TelemetrySource {
  const {
    cluster,
    clock,
    floorMs = 5_000,
    concurrency = 16,
    timeoutMs = 3_000,
    maxBytes = 32_000_000,
  } = options
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, rejectUnauthorized: false },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 4_000,
  })
  const counters = createCounters()
  /** Which of a target's addresses has the proxy's metrics. */
  const usable = new Map<string, number>()
  let targets: ScrapeTarget[] = []
  let lastPassAt: number | null = null

  const readOne = async (target: ScrapeTarget, signal: AbortSignal): Promise<void> => {
    const choice = usable.get(target.id) ?? 0
    if (await readUrl(target, choice, signal)) return
    // the annotation names the application's own port, where nothing of the mesh is told
    await readUrl(target, choice + 1, signal)
    usable.set(target.id, choice + 1)
  }

  /** False when the address tells of something else; the last address is believed whatever it says. */
  const readUrl = async (target: ScrapeTarget, choice: number, signal: AbortSignal): Promise<boolean> => {
    const url = target.urls[choice] ?? ""
    const at = clock.now()
    const { statusCode, body } = await request(url, { dispatcher, signal, headers: { accept: "text/plain" } })
    if (statusCode !== 200) {
      await body.dump()
      throw new TelemetryFailure(`answered ${statusCode}`)
    }
    const reader = counters.proxy(target.id, at, target.labels)
    const seen = { istio: false }
    const decoder = new StringDecoder("utf8")
    let rest = ""
    let size = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) {
        body.destroy()
        throw new TelemetryFailure(`has more than ${Math.round(maxBytes / 1e6)} MB of metrics`)
      }
      rest = readLines(rest + decoder.write(chunk), reader.sample, seen)
    }
    readLines(`${rest}\n`, reader.sample, seen)
    const foreign = !seen.istio && size > 0 && choice + 1 < target.urls.length
    if (!foreign) reader.done()
    return !foreign
  }

  /** One read of every proxy, a few at a time. */
  const pass = async (signal: AbortSignal): Promise<Failure[]> => {
    if (["syncing", "denied", "absent"].includes(cluster.stateOf("Pod")))
      throw new TelemetryWaiting(`pods are not known (${cluster.stateOf("Pod")})`)
    targets = targetsOf(cluster.pods())
    const known = new Set(targets.map(({ id }) => id))
    for (const id of usable.keys()) if (!known.has(id)) usable.delete(id)
    if (targets.length === 0) throw new TelemetryWaiting("no running pod has a proxy")
    counters.begin()
    const failures: Failure[] = []
    const queue = targets.values()
    const worker = async () => {
      for (const target of queue)
        await readOne(target, signal).catch((error: unknown) => {
          signal.throwIfAborted()
          failures.push({ id: target.id, reason: wordsOf(error) })
        })
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, worker))
    lastPassAt = clock.now()
    return failures
  }

  return {
    kind: "scrape",
    target: () => `${targets.length} ${targets.length === 1 ? "proxy" : "proxies"}`,
    close: () => dispatcher.destroy(),
    measure: async (_windowMs, signal) => {
      if (lastPassAt === null) {
        await pass(signal)
        await clock.sleep(floorMs, signal)
        signal.throwIfAborted()
      }
      const begin = lastPassAt ?? clock.now()
      const failures = await pass(signal)
      return measuredOf(counters, failures, targets.length, (lastPassAt ?? begin) - begin)
    },
  }
}

function measuredOf(counters: Counters, failures: readonly Failure[], asked: number, windowMs: number) {
  const { series, proxiesWithRates, dropped } = counters.end()
  const first = [...failures].sort((a, b) => (a.id < b.id ? -1 : 1))[0]
  const example = first ? ` (${first.id.split("/").slice(0, 2).join("/")}: ${first.reason})` : ""
  if (failures.length === asked) throw new TelemetryFailure(`none of ${asked} proxies answered${example}`)
  if (proxiesWithRates === 0)
    throw new TelemetryWaiting("every proxy was read for the first time: rates need a second read")
  const reconciler = createReconciler({ bounds: [] })
  const isEdge = ({ family }: { family: string }) => family === "requests" || family.startsWith("tcp")
  for (const one of series) if (isEdge(one)) reconciler.add(one)
  for (const one of series) if (!isEdge(one)) reconciler.add(one)
  const gaps = reconciler.gaps()
  if (failures.length > 0) gaps.push(`${failures.length} of ${asked} proxies did not answer${example}`)
  if (dropped > 0) gaps.push(`${dropped} samples not a number, left out`)
  return { edges: reconciler.edges(), windowMs: Math.max(1, Math.round(windowMs)), gaps }
}
