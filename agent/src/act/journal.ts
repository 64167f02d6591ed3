import { z } from "zod"
import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import { KubeError } from "../cluster/api.ts"
import { EarlyRefusal } from "../cluster/early-refusal.ts"
import type { Log } from "../log.ts"
import type { Failure } from "./command.ts"
import type { JournalStore } from "./journal-store.ts"
import { Entry, packed, unpacked, Watch } from "./record.ts"
import { createSerial } from "./serial.ts"

/** What the agent has begun and not yet told, kept where a restart finds it. */
export type Journal = {
  /** Reads all of it. @throws when it cannot be read */
  load(signal: AbortSignal): Promise<void>
  entries(): Entry[]
  watches(): Watch[]
  /** A command with this id, or this nonce, came before. */
  hasSeen(id: string, nonce: string): boolean
  /** Before the first write. Nothing may be done when it answers a failure. */
  begin(entry: Entry, nonce: string, signal: AbortSignal): Promise<Failure | null>
  /** Tries until it is kept. @throws only when the signal ends it */
  keep(changes: { entry?: Entry; watch?: Watch }, signal: AbortSignal): Promise<void>
  forget(which: { entry?: string; watch?: string }, signal: AbortSignal): Promise<void>
}

const Seen = z.array(z.tuple([z.string(), z.string(), z.int()]))

/** A ConfigMap holds 1 MiB with its names and what Kubernetes itself keeps in it. */
const mostChars = 900_000
/** What a command may grow by before its result was taken: the objects that it makes, and its guard. */
const growth = 3
const mostSeen = 3_000

/** An answer that says that nothing was written, and that the next one will say it too. */
export const isRefusal = (error: unknown): boolean => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof KubeError && cause.status < 500 && !(cause instanceof EarlyRefusal)
}

const entryKey = (id: string): string => `command.${id}`
const watchKey = (id: string): string => `watch.${id}`
const seenKey = "seen"

export function createJournal(options: { store: JournalStore; clock: Clock; log: Log }): Journal {
  const { store, clock, log } = options
  let texts: Record<string, string> = {}
  const entries = new Map<string, Entry>()
  const watches = new Map<string, Watch>()
  let seen: z.infer<typeof Seen> = []
  /** One write after the other: each has the version of the one before for its precondition. */
  const serially = createSerial()

  function take<T>(key: string, schema: z.ZodType<T>): T | undefined {
    try {
      return schema.parse(unpacked(texts[key] ?? ""))
    } catch (error) {
      const reason = error instanceof Error ? error.name : "unknown"
      log.error(
        { place: store.place, key, reason },
        "a record of the journal cannot be read and is left alone",
      )
      return undefined
    }
  }

  async function load(signal: AbortSignal): Promise<void> {
    texts = { ...(await store.load(signal)) }
    entries.clear()
    watches.clear()
    for (const key of Object.keys(texts)) {
      if (key.startsWith("command.")) {
        const entry = take(key, Entry)
        if (entry) entries.set(entry.id, entry)
      } else if (key.startsWith("watch.")) {
        const watch = take(key, Watch)
        if (watch) watches.set(watch.changeId, watch)
      }
    }
    seen = (seenKey in texts && take(seenKey, Seen)) || []
  }

  function note(changes: Readonly<Record<string, string | null>>): void {
    for (const [key, value] of Object.entries(changes))
      if (value === null) Reflect.deleteProperty(texts, key)
      else texts[key] = value
  }

  async function persist(
    changes: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<void> {
    const backoff = createBackoff(clock, { minMs: 100, maxMs: 5_000 })
    while (!signal.aborted) {
      try {
        if ((await store.save(changes, signal)) === "saved") return note(changes)
        texts = { ...(await store.load(signal)) }
      } catch (error) {
        if (signal.aborted) break
        log.warn({ place: store.place, reason: String(error) }, "the journal cannot be written; trying again")
        await backoff.wait(signal)
      }
    }
    throw signal.reason instanceof Error ? signal.reason : new Error("the agent stops")
  }

  const size = (): number =>
    Object.entries(texts).reduce((sum, [key, value]) => sum + key.length + value.length, 0)

  function fullness(entryText: string): string | null {
    if (seen.length >= mostSeen)
      return `${seen.length} commands were taken that could still be replayed; try again when the first of them has expired`
    if (size() + growth * entryText.length <= mostChars) return null
    return `the agent's journal (${store.place}) is full: ${entries.size} commands not yet acknowledged, ${watches.size} changes under guard or with an expiry. Release or undo some, or make the change smaller`
  }

  const unavailable = (message: string): Failure => ({ code: "unavailable", message })

  /** Whether it is kept; asks again until that is known, since what is kept is carried on after a restart. */
  async function attempt(
    changes: Record<string, string>,
    signal: AbortSignal,
  ): Promise<"saved" | "moved" | Failure> {
    try {
      return await store.save(changes, signal)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (signal.aborted || isRefusal(error)) return unavailable(reason)
      log.warn({ place: store.place, reason }, "the journal cannot be written; trying again")
      return "moved"
    }
  }

  async function begin(entry: Entry, nonce: string, signal: AbortSignal): Promise<Failure | null> {
    const text = packed(entry)
    const backoff = createBackoff(clock, { minMs: 50, maxMs: 2_000 })
    do {
      seen = seen.filter(([, , expiresAt]) => expiresAt > clock.now())
      if (seen.some(([id, known]) => id === entry.id || known === nonce))
        return { code: "command", message: `the command ${entry.id} was taken already` }
      const full = fullness(text)
      if (full !== null) return unavailable(full)
      const next: typeof seen = [...seen, [entry.id, nonce, entry.expiresAt]]
      const changes = { [entryKey(entry.id)]: text, [seenKey]: JSON.stringify(next) }
      const outcome = await attempt(changes, signal)
      if (typeof outcome === "object") return outcome
      if (outcome === "saved") {
        note(changes)
        seen = next
        entries.set(entry.id, entry)
        return null
      }
      await backoff.wait(signal)
      const missing = await load(signal).then(
        () => null,
        (error: unknown) => (isRefusal(error) && error instanceof Error ? error.message : null),
      )
      if (missing !== null) return unavailable(missing)
      if (entries.get(entry.id)?.outcomes.length === 0 && texts[entryKey(entry.id)] === text) {
        entries.set(entry.id, entry)
        return null
      }
    } while (clock.now() < entry.expiresAt)
    return unavailable(`the journal (${store.place}) could not be written before the command expired`)
  }

  return {
    load,
    entries: () => [...entries.values()],
    watches: () => [...watches.values()],
    hasSeen: (id, nonce) => seen.some(([knownId, knownNonce]) => knownId === id || knownNonce === nonce),
    begin: (entry, nonce, signal) => serially(() => begin(entry, nonce, signal)),
    // What is known here changes at the call, what is kept in the order of calls: nothing that was forgotten comes back.
    async keep({ entry, watch }, signal) {
      if (entry) entries.set(entry.id, entry)
      if (watch) watches.set(watch.changeId, watch)
      const changes = {
        ...(entry ? { [entryKey(entry.id)]: packed(entry) } : {}),
        ...(watch ? { [watchKey(watch.changeId)]: packed(watch) } : {}),
      }
      await serially(() => persist(changes, signal))
    },
    async forget({ entry, watch }, signal) {
      const keys = [
        ...(entry !== undefined && entries.delete(entry) ? [entryKey(entry)] : []),
        ...(watch !== undefined && watches.delete(watch) ? [watchKey(watch)] : []),
      ]
      if (keys.length === 0) return
      await serially(() => persist(Object.fromEntries(keys.map((key) => [key, null])), signal))
    },
  }
}
