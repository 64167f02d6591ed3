import { modelKinds } from "#shared/istio/model.ts"
import { type Family, kindsRead, rulesOf } from "#shared/validation/check.ts"
import { unreadKinds } from "#shared/validation/unread-kinds.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families as allFamilies } from "#shared/validation/families.ts"
import { findingKind } from "#shared/validation/finding-object.ts"
import type { Clock } from "../clock.ts"
import type { Cache } from "../cluster/cache.ts"
import type { Log } from "../log.ts"
import { createIntake } from "./intake.ts"
import { createPublication } from "./publication.ts"
import { inSlices } from "./slices.ts"

/** Changes wait so long for more of their kind: an upgrade changes thousands of pods in a minute. */
const coalesceMs = 50
/** And so many times as long as the last round took, so that a storm of changes costs a part of a core and not all of it, */
const restShare = 4
/** but no longer than this: a person waits for what a change of his does. */
const mostCoalesceMs = 500

/** What goes by the time (certificates that expire) goes by the hour. */
const hourMs = 3_600_000

/** The engine knows its one cluster by this name. */
const self = ""

/** The kinds of the cache that some rule or the model looks at: of others the engine keeps nothing. */
function kindsKept(cache: Cache, families: readonly Family[]): string[] {
  const read = new Set([...modelKinds, ...kindsRead(families)])
  return cache
    .kinds()
    .map(({ kind }) => kind)
    .filter((kind) => kind !== findingKind && read.has(kind))
}

/**
 * Validates the cluster as it is in the cache, and keeps the findings there too, as objects of a kind of their own: from there they are sent, compared
 * and resent like everything else.
 */
export function startValidation(options: {
  cache: Cache
  clock: Clock
  signal: AbortSignal
  log: Log
  families?: readonly Family[]
  /** More of a code are counted and not sent. */
  mostOfCode?: number
}): { done: Promise<void> } {
  const { cache, clock, signal, log, families = allFamilies, mostOfCode } = options
  const engine = new Engine({ families })
  const publication = createPublication({
    cache,
    rules: rulesOf(families),
    ...(mostOfCode === undefined ? {} : { most: mostOfCode }),
  })
  const kinds = kindsKept(cache, families)
  let wake: () => void = () => undefined
  let wanted = true

  const note = (): void => {
    wanted = true
    wake()
  }
  const intake = createIntake({
    cache,
    engine,
    cluster: self,
    kinds,
    changed: (object) => publication.touch(object),
    wake: note,
  })
  for (const [kind, reason] of Object.entries(unreadKinds))
    engine.setState(self, kind, { state: "denied", reason })

  // What is not listed yet is not evaluated: saying so for a second would take every finding away and bring it back.
  const isListed = (): boolean => kinds.every((kind) => cache.stateOf(kind) !== "syncing")

  async function round(): Promise<void> {
    engine.setTime(Math.floor(clock.now() / hourMs) * hourMs)
    await inSlices(options, (isEnough) => intake.take(isEnough))
    if (!isListed()) return
    await inSlices(options, (isEnough) => engine.advance(isEnough))
    publication.move(engine.moves())
    await inSlices(options, (isEnough) => publication.publish(isEnough))
    if (signal.aborted || cache.stateOf(findingKind) === "live") return
    cache.setKnown(findingKind, true)
    cache.setState(findingKind, "live", "")
    log.info({ findings: publication.shown, objects: engine.objects }, "the mesh is validated")
  }

  async function run(): Promise<void> {
    let tookMs = 0
    while (!signal.aborted) {
      if (!wanted) await new Promise<void>((resolve) => (wake = resolve))
      await clock.sleep(Math.min(mostCoalesceMs, Math.max(coalesceMs, tookMs * restShare)), signal)
      if (signal.aborted) return
      wanted = false
      const begun = clock.now()
      await round()
      tookMs = clock.now() - begun
    }
  }

  async function tellTime(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(hourMs, signal)
      note()
    }
  }

  const done = Promise.all([run(), tellTime()]).then(() => undefined)
  return { done: done.finally(() => intake.close()) }
}
