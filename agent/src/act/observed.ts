import { fieldManager } from "#shared/act/owner.ts"
import { patchBetween } from "#shared/edit/diff.ts"
import type { PatchOperation } from "#shared/edit/edit.ts"
import { type ObjectRef, refOf } from "#shared/kube/object.ts"
import type { Observed as ObservedMessage } from "#shared/protocol/message/act.ts"
import type { Clock } from "../clock.ts"
import type { ConfigEvent } from "../cluster/cluster.ts"
import { newestManager } from "./newest-write.ts"

/** Changes of configuration that others made, on their way into the history. */
export type Observed = {
  notice(event: ConfigEvent): void
  /** We are about to remove this: what the watch shows of it then is ours. */
  removing(ref: ObjectRef): void
  waiting(): number
  /** Resolves after the signal. */
  done: Promise<void>
}

/** The lane of commands: keeps what it is given until the cloud has stored it. */
type Lane = { push(key: string, message: Omit<ObservedMessage, "seq">, acked?: () => void): void }

type Item = ObservedMessage["items"][number]
type Held = { item: Item; bytes: number }

const maxPatchBytes = 16 * 1024
/** Of what waits: an apply of thousands of objects, or a link that is down for days. */
const maxHeldBytes = 1024 * 1024
const maxMessage = { items: 100, bytes: 256 * 1024 }
/** More of the same apply come with it. */
const gatherMs = 300
/** From our request until the watch has shown it. */
const removalMs = 60_000
const restMs = 60 * 60_000
const maxRemovals = 1_000

const bytesOf = (patch: readonly PatchOperation[]): number => Buffer.byteLength(JSON.stringify(patch))
const placeOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

/** Without a manager that writes: a controller's status and a mere new version are no change of what anybody wants. */
function itemOf(event: ConfigEvent, now: number): Item | undefined {
  const { before, after, raw } = event
  const object = after ?? before
  if (object === undefined) return undefined
  const { uid = "", resourceVersion = "" } = object.metadata
  const common = { at: now, object: refOf(object) }
  if (after === undefined)
    return { ...common, id: `${uid}/${resourceVersion}/gone`, verb: "delete", manager: "", patch: null }
  const patch = before === undefined ? null : patchBetween(before, after)
  if (patch?.length === 0) return undefined
  const managedFields = raw?.metadata["managedFields"]
  const live = { ...after, metadata: { ...after.metadata, managedFields } }
  const manager = newestManager(live, before, now)
  if (manager === fieldManager) return undefined
  return {
    ...common,
    id: `${uid}/${resourceVersion}`,
    verb: before === undefined ? "create" : "patch",
    manager: manager.slice(0, 128),
    patch: patch !== null && bytesOf(patch) <= maxPatchBytes ? patch : null,
  }
}

export function createObserved(options: {
  lane: Lane
  /** Of several agents of a cluster the one that speaks tells. */
  speaks: () => boolean
  clock: Clock
  signal: AbortSignal
}): Observed {
  const { lane, speaks, clock, signal } = options
  const removals = new Map<string, number>()
  const held: Held[] = []
  let heldBytes = 0
  let lost = 0
  let sending = false
  let wake = new AbortController()

  function isOurRemoval(ref: ObjectRef): boolean {
    const until = removals.get(placeOf(ref))
    removals.delete(placeOf(ref))
    return until !== undefined && until >= clock.now()
  }

  function keep(item: Item): void {
    const bytes = 300 + (item.patch === null ? 0 : bytesOf(item.patch))
    held.push({ item, bytes })
    heldBytes += bytes
    while (heldBytes > maxHeldBytes) {
      heldBytes -= held.shift()?.bytes ?? 0
      lost += 1
    }
    if (held.length === 1) wake.abort()
  }

  function take(): Item[] {
    let bytes = 0
    let count = 0
    while (count < Math.min(held.length, maxMessage.items)) {
      bytes += held[count]?.bytes ?? 0
      if (bytes > maxMessage.bytes && count > 0) break
      count += 1
    }
    const taken = held.splice(0, count)
    heldBytes -= taken.reduce((sum, each) => sum + each.bytes, 0)
    return taken.map(({ item }) => item)
  }

  /** One message at a time waits in the lane, which keeps all that it is given. */
  function send(): void {
    const items = take()
    const [first] = items
    if (first === undefined) return
    sending = true
    const message = { type: "observed" as const, lost, items }
    lost = 0
    lane.push(`observed ${first.id}`, message, () => {
      sending = false
      wake.abort()
    })
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      wake = new AbortController()
      if (held.length === 0 || sending) {
        await clock.sleep(restMs, AbortSignal.any([signal, wake.signal]))
        continue
      }
      await clock.sleep(gatherMs, signal)
      if (!signal.aborted) send()
    }
  }

  return {
    notice(event) {
      if (event.after === undefined && event.before !== undefined && isOurRemoval(refOf(event.before))) return
      if (!speaks()) return
      const item = itemOf(event, clock.now())
      if (item) keep(item)
    },
    removing(ref) {
      const now = clock.now()
      if (removals.size >= maxRemovals)
        for (const [place, until] of removals) if (until < now) removals.delete(place)
      if (removals.size < maxRemovals) removals.set(placeOf(ref), now + removalMs)
    },
    waiting: () => held.length,
    done: run(),
  }
}
