import type { ChangePreview, ChangeRequestInput } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import { problemsOf } from "./problems.ts"

/** A slider tells of each pixel; what is drawn follows within a frame or three. */
const settleMs = 50
/** The clusters are asked when the hand rests. */
const quietMs = 400
/** Then the mesh may have moved on: what is applied is looked at once more. */
export const agedMs = 30_000

/** What a draft would do, as the server says: at each edit what it knows by itself, after a rest also what the clusters say. The newest wins. */
export class Preview {
  #api: Client
  #now: () => number
  #turn = 0
  #timers: ReturnType<typeof setTimeout>[] = []
  /** The newest answer; stays while the next is on its way. */
  value = $state.raw<ChangePreview>()
  /** When it was answered, ms. */
  readAt = $state<number>()
  /** Whether `value` is of the request that stands now. */
  current = $state(false)
  /** The clusters are being asked. */
  checking = $state(false)
  error = $state.raw<unknown>()

  constructor(api: Client, now: () => number) {
    this.#api = api
    this.#now = now
  }

  readonly problems = $derived(problemsOf(this.error))

  #halt(): number {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer)
    this.current = false
    this.checking = false
    return ++this.#turn
  }

  /** Another request; undefined: none. */
  ask(request: ChangeRequestInput | undefined): void {
    const turn = this.#halt()
    if (!request) {
      this.value = undefined
      this.error = undefined
      this.readAt = undefined
      return
    }
    this.#timers = [
      setTimeout(() => void this.#read(turn, request, false), settleMs),
      setTimeout(() => void this.#read(turn, request, true), quietMs),
    ]
  }

  /** Asks all of it at once. @returns whether there is an answer to what is asked now */
  async refresh(request: ChangeRequestInput): Promise<boolean> {
    return this.#read(this.#halt(), request, true)
  }

  async #read(turn: number, request: ChangeRequestInput, check: boolean): Promise<boolean> {
    if (check) this.checking = true
    try {
      const value = await this.#api.call("previewChange", {
        query: { check: check ? "true" : "false" },
        body: request,
      })
      if (turn !== this.#turn) return false
      this.value = check ? value : withChecks(value, this.value)
      this.readAt = this.#now()
      this.current = true
      this.error = undefined
    } catch (error) {
      if (turn !== this.#turn) return false
      this.error = error
    }
    if (check) this.checking = false
    return this.error === undefined
  }

  stop(): void {
    this.#halt()
  }
}

/** Until the clusters have answered anew, their last word stands where it stood: it is marked as being asked again. */
function withChecks(value: ChangePreview, before: ChangePreview | undefined): ChangePreview {
  if (!before) return value
  const checks = new Map(before.clusters.map(({ cluster, check }) => [cluster, check]))
  return {
    ...value,
    clusters: value.clusters.map((item) => ({
      ...item,
      check: item.check ?? checks.get(item.cluster) ?? null,
    })),
  }
}
