import type { EdgeSample } from "#shared/telemetry/edge.ts"

/** What one source measured in one window. */
export type Measured = {
  edges: EdgeSample[]
  /** The window that the rates really cover: never shorter than what the source can resolve. */
  windowMs: number
  /** What is missing and why. */
  gaps: string[]
}

/** Why nothing could be measured: the words that a person reads. Thrown by sources, kept as the reason of the telemetry's state. */
export class TelemetryFailure extends Error {
  override name = "TelemetryFailure"
}

/** Nothing is wrong, but there is nothing to tell yet. */
export class TelemetryWaiting extends TelemetryFailure {
  override name = "TelemetryWaiting"
}

/** Where measurements come from. */
export type TelemetrySource = {
  readonly kind: "prometheus" | "scrape"
  /** Where it reads: a URL without credentials, or `4 proxies`. */
  target(): string
  /** @throws TelemetryFailure when there is nothing to tell; never an empty answer instead of a failure */
  measure(windowMs: number, signal: AbortSignal): Promise<Measured>
  close(): Promise<void>
}
