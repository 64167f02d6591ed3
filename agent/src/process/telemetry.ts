import type { TelemetryState } from "#shared/protocol/message/status.ts"
import type { Tick } from "#shared/telemetry/edge.ts"

/** What measures the mesh. */
export type Telemetry = {
  /** One measurement of the whole cluster over the last `windowMs`. @throws when nothing could be measured; `state` says why */
  measure(windowMs: number, signal: AbortSignal): Promise<Tick>
  state(): TelemetryState
}
