import type { Change, ChangeRequestInput } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import type { Changes } from "../data/changes.svelte.ts"

const pollMs = 2_000
/** Clocks of two machines. */
const slackMs = 5_000

export const isGoing = (change: Change): boolean => change.state === "queued" || change.state === "running"

/** A change on its way: from the press of the button until nothing of it is open any more. */
export class Applying {
  #api: Client
  #changes: Changes
  #now: () => number
  #timer: ReturnType<typeof setTimeout> | undefined
  state = $state<"idle" | "sending" | "sent">("idle")
  /** The server refused it: nothing was sent to any cluster. */
  error = $state.raw<unknown>()
  #answered = $state.raw<Change>()
  #sent = $state.raw<{ at: number; title: string }>()

  constructor(api: Client, changes: Changes, now: () => number) {
    this.#api = api
    this.#changes = changes
    this.#now = now
  }

  /** As far as it is known: the socket brings each step before the request is answered. */
  readonly change: Change | undefined = $derived.by(() => {
    const own = this.#answered
    if (own) return this.#changes.find(own.changeId) ?? own
    const sent = this.#sent
    if (!sent) return undefined
    return this.#changes.items.find(
      ({ at, title, via }) => via === "console" && title === sent.title && at >= sent.at - slackMs,
    )
  })

  /** @returns whether the server took it */
  async send(body: ChangeRequestInput, title: string): Promise<boolean> {
    this.state = "sending"
    this.error = undefined
    this.#answered = undefined
    this.#sent = { at: this.#now(), title }
    try {
      const change = await this.#api.call("createChange", { body })
      this.#take(change)
      return true
    } catch (error) {
      this.error = error
      this.state = "idle"
      this.#sent = undefined
      return false
    }
  }

  #take(change: Change): void {
    this.#answered = change
    this.state = "sent"
    this.#changes.put(change)
    if (isGoing(change)) this.#timer = setTimeout(() => void this.#poll(change.changeId), pollMs)
  }

  /** The socket may be down just now. */
  async #poll(changeId: string): Promise<void> {
    try {
      const { traffic: _, ...change } = await this.#api.call("getChange", { params: { change: changeId } })
      if (this.#answered?.changeId === changeId) this.#take(change)
    } catch {
      if (this.#answered?.changeId === changeId)
        this.#timer = setTimeout(() => void this.#poll(changeId), pollMs)
    }
  }

  /** Back to the draft. */
  reset(): void {
    this.stop()
    this.state = "idle"
    this.error = undefined
    this.#answered = undefined
    this.#sent = undefined
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
