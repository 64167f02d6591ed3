import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import { type KubeApi, KubeError } from "./api.ts"
import { createEarlyRefusals } from "./early-refusal.ts"
import { listAll } from "./list.ts"
import type { RawObject } from "./projection.ts"
import { watchFrom } from "./watch.ts"

/** Where a kind is read: its collection over all namespaces, as `/api/v1/pods`. */
export type Source = {
  path: string
  /** Only metadata is asked for. */
  namesOnly: boolean
  /** Objects of one page of a list. */
  pageSize: number
}

/** What a reflector tells. A list is `put`s and at its end one `listed` with all that it contained. */
export type Sink = {
  put(object: RawObject): void
  remove(object: RawObject): void
  /** The list announced so many objects in all. */
  expect(count: number): void
  listed(seen: ReadonlySet<string>): void
  /** The watch runs: what is known is the present. */
  live(): void
  broken(state: "denied" | "absent" | "stale", reason: string): void
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as Error & { code?: string }
  return error.message === "" ? (code ?? error.name) : error.message
}

const isGone = (error: unknown): boolean => error instanceof KubeError && error.status === 410

/** Watches are trusted for about a day: what an API server that was restored from a backup never tells is found by listing again. */
const listAgainMs = 24 * 60 * 60_000

/** A permission or a kind that is missing seldom comes back within seconds. */
const refusedMs = 30_000

/**
 * Keeps a sink equal to a collection of the API server until the signal is aborted: list, then watch, again and again, whatever
 * happens. It never throws. A cut watch goes on from where it was; only 410 lists again.
 */
export async function reflect(
  api: KubeApi,
  source: Source,
  sink: Sink,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const backoff = createBackoff(clock, { minMs: 500, maxMs: 30_000 })
  let version: string | undefined
  let failures = 0
  const early = createEarlyRefusals(clock)

  const healthy = (): void => {
    failures = 0
    early.answered()
    backoff.reset()
    sink.live()
  }

  let listDueAt = 0

  async function round(): Promise<void> {
    if (version === undefined || clock.now() >= listDueAt) {
      const listed = await listAll(api, source, sink, signal)
      version = listed.version
      listDueAt = clock.now() + listAgainMs * (0.8 + clock.random() * 0.4)
      sink.listed(listed.seen)
    }
    const begin = clock.now()
    await watchFrom(api, source, version, {
      sink,
      clock,
      signal,
      opened: healthy,
      advance: (next) => {
        version = next
      },
    })
    // A server that ends each watch at once must not be asked without a pause.
    if (clock.now() - begin < 1_000) await backoff.wait(signal)
  }

  async function recover(error: unknown): Promise<void> {
    failures += 1
    const isEarly = early.isEarly(error)
    if (isGone(error)) {
      version = undefined
      if (failures > 1) await backoff.wait(signal)
      return
    }
    const status = error instanceof KubeError ? error.status : 0
    const refused = status === 401 || status === 403 || status === 404 || status === 405
    if (refused && !isEarly) {
      version = undefined
      sink.broken(status === 401 || status === 403 ? "denied" : "absent", reasonOf(error))
      await backoff.wait(signal, status === 401 ? 0 : refusedMs)
      return
    }
    // The first cut of a running watch is normal life: it is told only when the way back fails too.
    if (failures === 1 && version !== undefined) return
    sink.broken("stale", reasonOf(error))
    await backoff.wait(signal, error instanceof KubeError ? error.retryAfterMs : 0)
  }

  while (!signal.aborted) {
    try {
      await round()
    } catch (error) {
      if (signal.aborted) return
      await recover(error)
    }
  }
}
