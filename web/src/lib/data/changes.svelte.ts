import type { Change } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import { joinedChanges, patchedChanges } from "./change-list.ts"
import type { Patch } from "./link.ts"
import type { Live } from "./live.svelte.ts"

const pageSize = 200

/** The changes of the organization, ours and those from outside, newest first, live. */
export class Changes {
  #api: Client
  #now: () => number
  #turn = 0
  state = $state<"loading" | "ready" | "failed">("loading")
  items = $state.raw<readonly Change[]>([])
  error = $state.raw<unknown>()
  readAt = $state<number>()
  /** Where older ones go on; null: all are here. */
  cursor = $state<string | null>(null)
  reading = $state(false)

  constructor(api: Client, now: () => number) {
    this.#api = api
    this.#now = now
  }

  async load(): Promise<void> {
    const turn = ++this.#turn
    try {
      const { items, cursor } = await this.#api.call("listChanges", { query: { limit: pageSize } })
      if (turn !== this.#turn) return
      const oldest = items.at(-1)?.at ?? 0
      // What was read further back stays; it does not change any more, or says so itself.
      const kept = this.items.filter(({ at }) => cursor !== null && at < oldest)
      if (kept.length === 0) this.cursor = cursor
      this.items = joinedChanges(kept, items)
      this.state = "ready"
      this.error = undefined
      this.readAt = this.#now()
    } catch (error) {
      if (turn !== this.#turn) return
      this.error = error
      if (this.state !== "ready") this.state = "failed"
    }
  }

  /** Older ones. */
  async more(): Promise<void> {
    if (this.cursor === null || this.reading) return
    this.reading = true
    try {
      const { items, cursor } = await this.#api.call("listChanges", {
        query: { limit: pageSize, cursor: this.cursor },
      })
      this.items = joinedChanges(items, this.items)
      this.cursor = cursor
    } catch (error) {
      this.error = error
    } finally {
      this.reading = false
    }
  }

  apply(message: Patch): void {
    if (message.type !== "changes") return
    this.items = patchedChanges(this.items, message)
    this.readAt = this.#now()
  }

  /** What an own request answered, shown before the socket says so too. */
  put(change: Change): void {
    this.items = joinedChanges(this.items, [change])
  }

  find(changeId: string): Change | undefined {
    return this.items.find((change) => change.changeId === changeId)
  }

  /** @returns ends it */
  follow(live: Live): () => void {
    return live.subscribe({
      view: { type: "changes" },
      reload: () => void this.load(),
      patch: (message) => this.apply(message),
    })
  }
}
