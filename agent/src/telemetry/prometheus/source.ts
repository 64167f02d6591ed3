import type { EdgeSample, Latency } from "#shared/telemetry/edge.ts"
import { edgeKey } from "#shared/telemetry/edge.ts"
import type { Clock } from "#agent/clock.ts"
import { createReconciler, type Reconciler } from "../reconcile/reconcile.ts"
import type { Family } from "../reconcile/series.ts"
import { TelemetryFailure, type Measured, type TelemetrySource } from "../source.ts"
import { type Calibration, calibrationOf, uncalibrated, windowFor } from "./calibration.ts"
import { type PrometheusClient, wordsOf } from "./client.ts"
import {
  type FamilyQuery,
  type Wanted,
  calibrationQuery,
  detailQueries,
  edgeQueries,
  presenceQuery,
} from "./queries.ts"

export type PrometheusSourceOptions = {
  client: PrometheusClient
  clock: Clock
  /** Shown instead of the client's URL: the service's name, where it was found by one. */
  target?: string
}

/** How a person calls what a family tells. */
const words: Record<Family, string> = {
  requests: "requests",
  duration: "latency",
  requestBytes: "bytes of requests",
  responseBytes: "bytes of responses",
  tcpSent: "bytes received over TCP",
  tcpReceived: "bytes sent over TCP",
  tcpOpened: "opened TCP connections",
  tcpClosed: "closed TCP connections",
}

const calibrateEveryMs = 600_000
/** A first look, long enough for any usual scrape interval. */
const firstLookS = 150
/** Latency is by far the dearest query: it may take a twentieth of Prometheus' time, and is older than the rest beyond that. */
const latencyShare = 20

type Latencies = { triedAt: number; costMs: number; at: number; byEdge: Map<string, Latency> }

/** Reads a mesh out of Prometheus with a handful of queries, each over all edges. */
export function createPrometheusSource({ client, clock, target }: PrometheusSourceOptions): TelemetrySource {
  let calibration: Calibration = uncalibrated
  let calibratedAt = -Infinity
  const latencies: Latencies = { triedAt: -Infinity, costMs: 0, at: 0, byEdge: new Map() }

  /** One family into the reconciler. A failure leaves nothing of it behind, and comes back as words. */
  const read = async (
    reconciler: Reconciler,
    ask: FamilyQuery,
    tick: TickContext,
  ): Promise<string | null> => {
    try {
      await client.vector(
        { query: ask.query, time: tick.time },
        ({ metric, value }) =>
          reconciler.add({ family: ask.family, labels: metric, perSecond: Number(value[1]) }),
        tick.signal,
      )
      return null
    } catch (error) {
      tick.signal.throwIfAborted()
      reconciler.forget(ask.family)
      return wordsOf(error)
    }
  }

  const readEdges = async (reconciler: Reconciler, windowS: number, tick: TickContext): Promise<string[]> => {
    const asks = edgeQueries(windowS)
    const failures = await Promise.all(asks.map((ask) => read(reconciler, ask, tick)))
    const requests = failures[asks.findIndex(({ family }) => family === "requests")]
    if (requests) throw new TelemetryFailure(`Prometheus: ${requests}`)
    return asks.flatMap(({ family }, i) => (failures[i] ? [`${words[family]}: ${failures[i]}`] : []))
  }

  const calibrate = async (tick: TickContext): Promise<void> => {
    if (clock.now() - calibratedAt < calibrateEveryMs) return
    for (const { family, query } of edgeQueries(firstLookS).slice(0, 2)) {
      let first: Record<string, string> | undefined
      await client.vector({ query, time: tick.time }, ({ metric }) => void (first ??= metric), tick.signal)
      if (!first) continue
      const data = await client.small(
        { query: calibrationQuery(family, first), time: tick.time },
        tick.signal,
      )
      calibration = calibrationOf(data)
      calibratedAt = clock.now()
      return
    }
  }

  const readDetails = async (
    reconciler: Reconciler,
    windowS: number,
    tick: TickContext,
  ): Promise<{ gaps: string[]; freshLatency: boolean }> => {
    const wanted: Wanted = reconciler.chosen()
    const latencyDue = clock.now() - latencies.triedAt >= latencyShare * latencies.costMs
    const families = [
      "requestBytes",
      "responseBytes",
      ...(latencyDue ? (["duration"] as const) : []),
    ] as const
    const begin = clock.now()
    let costMs = 0
    let latencyFailed = false
    const failures = await Promise.all(
      families.flatMap((family) =>
        detailQueries(family, windowS, wanted).map(async (ask) => {
          const failure = await read(reconciler, ask, tick)
          if (family === "duration") {
            costMs = Math.max(costMs, clock.now() - begin)
            latencyFailed ||= failure !== null
          }
          return failure === null ? [] : [`${words[family]}: ${failure}`]
        }),
      ),
    )
    if (latencyDue) Object.assign(latencies, { triedAt: begin, costMs })
    return { gaps: [...new Set(failures.flat())], freshLatency: latencyDue && !latencyFailed }
  }

  /** Keeps what was just measured, or fills in what was measured lately, saying so. */
  const withLatency = (
    edges: EdgeSample[],
    fresh: boolean,
    at: number,
  ): { edges: EdgeSample[]; gaps: string[] } => {
    if (fresh) {
      const known = edges.flatMap((edge): [string, Latency][] =>
        edge.latencyMs ? [[edgeKey(edge), edge.latencyMs]] : [],
      )
      Object.assign(latencies, { at, byEdge: new Map(known) })
      return { edges, gaps: [] }
    }
    if (latencies.byEdge.size === 0) return { edges, gaps: [] }
    const age = Math.round((at - latencies.at) / 1000)
    const cost = (latencies.costMs / 1000).toFixed(1)
    return {
      edges: edges.map((edge) => ({ ...edge, latencyMs: latencies.byEdge.get(edgeKey(edge)) ?? null })),
      gaps: [`latency is ${age} s old: Prometheus needs ${cost} s to compute it`],
    }
  }

  return {
    kind: "prometheus",
    target: () => target ?? client.url,
    close: () => client.close(),
    measure: async (windowMs, signal): Promise<Measured> => {
      const tick: TickContext = { time: await serverTime(client, signal), signal }
      // what is wrong with the server, the tick's own queries say better
      await calibrate(tick).catch(() => undefined)
      const realWindowMs = windowFor(windowMs, calibration)
      const windowS = realWindowMs / 1000
      const begin = clock.now()
      const reconciler = createReconciler({ bounds: calibration.bounds })
      const edgeGaps = await readEdges(reconciler, windowS, tick)
      const details = await readDetails(reconciler, windowS, tick)
      const { edges, gaps } = withLatency(reconciler.edges(), details.freshLatency, begin)
      const empty = edges.length === 0 ? await whyEmpty(client, tick) : []
      return {
        edges,
        windowMs: realWindowMs,
        gaps: [...edgeGaps, ...details.gaps, ...gaps, ...reconciler.gaps(), ...empty],
      }
    },
  }
}

type TickContext = { time: string; signal: AbortSignal }

/** Every query of a tick looks at the same instant, by the server's clock: ours may be minutes off. */
async function serverTime(client: PrometheusClient, signal: AbortSignal): Promise<string> {
  try {
    const data = (await client.small({ query: "time()" }, signal)) as { result?: [number, string] }
    const time = data.result?.[1]
    if (time === undefined || !Number.isFinite(Number(time)))
      throw new Error("its answer to time() is no time")
    return time
  } catch (error) {
    signal.throwIfAborted()
    throw new TelemetryFailure(`Prometheus: ${wordsOf(error)}`)
  }
}

/** An idle mesh and a Prometheus that does not scrape the proxies look the same in rates. */
async function whyEmpty(client: PrometheusClient, { time, signal }: TickContext): Promise<string[]> {
  let present = false
  await client.vector({ query: presenceQuery, time }, () => void (present = true), signal)
  return present ? [] : ["Prometheus has no metric of Istio's proxies: it does not scrape them"]
}
