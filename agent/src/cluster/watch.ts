import type { Clock } from "../clock.ts"
import { type KubeApi, KubeError } from "./api.ts"
import { acceptOf } from "./list.ts"
import type { RawObject } from "./projection.ts"
import type { Sink, Source } from "./reflector.ts"

type WatchEvent =
  | { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: RawObject }
  | { type: "ERROR"; object: { code?: number; reason?: string; message?: string } }

/** Bookmarks come about once a minute: so long without a byte means a connection that is dead and does not know it. */
const silenceMs = 150_000
const leastSeconds = 240
const spreadSeconds = 60

export type WatchRun = {
  sink: Pick<Sink, "put" | "remove">
  clock: Clock
  signal: AbortSignal
  /** The server accepted the watch. */
  opened: () => void
  /** Everything up to this resource version is in the sink. */
  advance: (version: string) => void
}

/** Ends the request when nothing has come for long. */
function watchdog(clock: Clock, dead: AbortController): { heard: () => void } {
  let heardAt = clock.now()
  const run = async (): Promise<void> => {
    while (!dead.signal.aborted) {
      const left = heardAt + silenceMs - clock.now()
      if (left <= 0) {
        dead.abort(new Error(`nothing heard in ${silenceMs / 1000} s`))
        return
      }
      await clock.sleep(left, dead.signal)
    }
  }
  void run()
  return {
    heard: () => {
      heardAt = clock.now()
    },
  }
}

function take(line: string, { sink, advance }: WatchRun): void {
  const event = JSON.parse(line) as WatchEvent
  if (event.type === "ERROR") {
    const { code = 0, reason = "", message = "the watch failed" } = event.object
    throw new KubeError(code, reason, message)
  }
  if (event.type === "DELETED") sink.remove(event.object)
  else if (event.type !== "BOOKMARK") sink.put(event.object)
  const version = event.object.metadata["resourceVersion"]
  if (typeof version === "string") advance(version)
}

/** One watch, until the server ends it. @throws KubeError (410: list again), or the connection's error */
export async function watchFrom(api: KubeApi, source: Source, version: string, run: WatchRun): Promise<void> {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    timeoutSeconds: String(leastSeconds + Math.floor(run.clock.random() * spreadSeconds)),
    resourceVersion: version,
  })
  const dead = new AbortController()
  const stop = (): void => dead.abort(run.signal.reason)
  if (run.signal.aborted) return
  run.signal.addEventListener("abort", stop, { once: true })
  const dog = watchdog(run.clock, dead)
  try {
    const lines = await api.lines({
      path: `${source.path}?${query}`,
      accept: acceptOf(source, ""),
      signal: dead.signal,
      onBytes: dog.heard,
    })
    run.opened()
    for await (const line of lines) take(line, run)
  } catch (error) {
    throw dead.signal.aborted && !run.signal.aborted ? dead.signal.reason : error
  } finally {
    run.signal.removeEventListener("abort", stop)
    dead.abort()
  }
}
