import type { ClusterView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import type { Log } from "#agent/log.ts"
import type { TelemetryState } from "#shared/protocol/message/status.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import { createPrometheusClient, wordsOf } from "./prometheus/client.ts"
import { detectPrometheus } from "./prometheus/detect.ts"
import { createPrometheusSource } from "./prometheus/source.ts"
import { createScrapeSource } from "./scrape/source.ts"
import { TelemetryFailure, TelemetryWaiting, type TelemetrySource } from "./source.ts"

export type TelemetryOptions = {
  cluster: ClusterView
  clock: Clock
  log: Log
  /** The cluster's Prometheus; credentials may stand in it. Without it one is looked for among the services, else the proxies are read. */
  prometheusUrl?: string
  /** Time between the first two reads of the proxies. */
  floorMs?: number
  /** How long one query to Prometheus may take; 10 s. */
  queryMs?: number
}

/** Measures the mesh's traffic from the best source that there is. */
export type Telemetry = {
  /** One tick, about `windowMs` long. Calls must not overlap. @throws TelemetryFailure when there is no truthful tick; `state()` then says why */
  measure(windowMs: number, signal: AbortSignal): Promise<Tick>
  state(): TelemetryState
  close(): Promise<void>
}

/** A found Prometheus may move, and one may be installed later. */
const lookAgainMs = 300_000
const failuresUntilLook = 3
/** A reason is read by people, on one line. */
const maxReason = 500

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { cluster, clock, log, prometheusUrl } = options
  let source: TelemetrySource | null = null
  let lookedAt = -Infinity
  let failures = 0
  let tried: string[] = []
  let state: TelemetryState = {
    source: "none",
    state: "waiting",
    target: "",
    lastTickAt: null,
    reason: "nothing was measured yet",
    queryMs: 0,
  }

  const replace = async (next: TelemetrySource | null): Promise<void> => {
    if (source && source !== next) await source.close()
    if (next) log.info({ source: next.kind, target: next.target() }, "telemetry source")
    source = next
    failures = 0
  }

  const given = (url: string): TelemetrySource => {
    const { queryMs: timeoutMs } = options
    const limits = timeoutMs === undefined ? {} : { timeoutMs }
    return createPrometheusSource({ client: createPrometheusClient({ url, clock, ...limits }), clock })
  }

  /** Whether the present source should be kept without a look around. */
  const isSettled = (): boolean => {
    if (!source) return false
    if (source.kind === "prometheus") return failures < failuresUntilLook
    return clock.now() - lookedAt < lookAgainMs
  }

  const choose = async (signal: AbortSignal): Promise<TelemetrySource> => {
    if (prometheusUrl !== undefined) {
      if (!source) await replace(given(prometheusUrl))
    } else if (!isSettled()) {
      const services = cluster.stateOf("Service")
      if (services === "syncing") throw new TelemetryWaiting("services are not known yet (syncing)")
      lookedAt = clock.now()
      const detected = await detectPrometheus(cluster.services(), clock, signal)
      tried = detected.tried
      if (detected.found) await replace(createPrometheusSource({ ...detected.found, clock }))
      else if (source?.kind !== "scrape") await replace(scrape())
    }
    if (!source) throw new TelemetryWaiting("no source")
    return source
  }

  const scrape = (): TelemetrySource =>
    createScrapeSource({
      cluster,
      clock,
      ...(options.floorMs === undefined ? {} : { floorMs: options.floorMs }),
    })

  const explain = (error: unknown): string => {
    const reason = wordsOf(error)
    const words =
      source?.kind === "scrape" && tried.length > 0
        ? `${reason}; no Prometheus was taken: ${tried.slice(0, 3).join("; ")}`
        : reason
    return words.slice(0, maxReason)
  }

  /** Clocks are set back now and then. */
  const since = (begin: number): number => Math.max(0, clock.now() - begin)

  return {
    state: () => state,
    close: async () => {
      await source?.close()
      source = null
    },
    measure: async (windowMs, signal) => {
      const begin = clock.now()
      try {
        const chosen = await choose(signal)
        const measured = await chosen.measure(windowMs, signal)
        failures = 0
        const at = clock.now()
        state = {
          source: chosen.kind,
          state: "live",
          target: chosen.target(),
          lastTickAt: at,
          reason: "",
          queryMs: since(begin),
        }
        return { at: chosen.kind === "scrape" ? at : begin, source: chosen.kind, ...measured }
      } catch (error) {
        failures++
        const waiting = error instanceof TelemetryWaiting
        const reason = explain(error)
        state = {
          ...state,
          source: waiting ? "none" : (source?.kind ?? "none"),
          state: waiting ? "waiting" : "failing",
          target: source?.target() ?? "",
          reason,
          queryMs: since(begin),
        }
        throw error instanceof TelemetryFailure ? error : new TelemetryFailure(reason, { cause: error })
      }
    },
  }
}
