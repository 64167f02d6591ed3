import type { Access } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import { SvelteMap } from "svelte/reactivity"

/** Rights seldom change, and a change asks again before it does anything. */
const goodMs = 60_000

type Known = { access: Access | undefined; error: unknown; at: number }

/** What the caller may change in a namespace of a cluster, as the cluster says; asked when somebody looks. */
export class Rights {
  #api: Client
  #now: () => number
  #known = new SvelteMap<string, Known>()
  #asked: Record<string, number> = {}

  constructor(api: Client, now: () => number) {
    this.#api = api
    this.#now = now
  }

  /** Asks unless the answer is here and good. */
  ask(cluster: string, namespace: string): void {
    const key = `${cluster}/${namespace}`
    const now = this.#now()
    if (now - (this.#asked[key] ?? -Infinity) < goodMs) return
    this.#asked[key] = now
    this.#api.call("getAccess", { params: { cluster }, query: { namespace } }).then(
      (access) => void this.#known.set(key, { access, error: undefined, at: now }),
      (error: unknown) => {
        // The next look asks again: an agent that was away may be back.
        this.#asked[key] = -Infinity
        this.#known.set(key, { access: undefined, error, at: now })
      },
    )
  }

  /** undefined: not known yet. */
  of(cluster: string, namespace: string): Known | undefined {
    return this.#known.get(`${cluster}/${namespace}`)
  }
}
