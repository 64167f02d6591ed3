import { untrack } from "svelte"
import type { Change } from "#shared/api/change.ts"
import type { Changes } from "../data/changes.svelte.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import type { Applying } from "./applying.svelte.ts"
import type { ChangeDraft } from "./draft.svelte.ts"
import type { Manifests } from "./manifests.svelte.ts"
import type { Preview } from "./preview.svelte.ts"

type Parts = { draft: ChangeDraft; preview: Preview; applying: Applying; manifests: Manifests }

/** Whether the mesh has moved on since the preview was made that somebody looks at, and by whom. */
export class Overtaking {
  #changes: Changes
  #parts: Parts
  #now: () => number
  /** The server did not take the preview any more. */
  #outdated = $state(false)
  /** When that preview was made. */
  #outdatedSince = 0
  #dismissed = $state(0)
  /** The change that came between, when it is known; it stays in view after another preview is made. */
  theirs = $state.raw<Change>()

  constructor(changes: Changes, now: () => number, parts: Parts) {
    this.#changes = changes
    this.#now = now
    this.#parts = parts
  }

  readonly #newest = $derived.by(() => {
    const { preview, applying, manifests } = this.#parts
    const touched = manifests.diffs.map(({ key }) => key)
    const since = Math.max(this.#dismissed, preview.value?.previewedAt ?? Infinity)
    return this.#changes.items.find(
      (one) =>
        one.at > (this.#outdated ? this.#outdatedSince : since) &&
        one.changeId !== applying.change?.changeId &&
        one.steps.some(({ cluster, object }) => touched.includes(objectKeyOf(cluster, object))),
    )
  })

  readonly isTold = $derived.by(() => this.#outdated || this.theirs !== undefined)

  /** What was changed. */
  readonly name = $derived.by(() => {
    const { manifests, preview } = this.#parts
    return (
      this.theirs?.steps[0]?.object.name ??
      manifests.diffs[0]?.object.name ??
      preview.value?.steps[0]?.object.name ??
      "The object"
    )
  })

  /** Whether the change can still be made on what is there now; undefined: being looked at. */
  readonly fits = $derived.by(() => {
    const { preview } = this.#parts
    if (preview.checking && !preview.current) return undefined
    return preview.error === undefined && preview.value !== undefined && preview.value.blockers.length === 0
  })

  /** The server was asked to apply a preview, and did not take it. */
  refused(isOutdated: boolean, previewedAt: number): void {
    this.#outdatedSince = previewedAt
    this.#outdated = isOutdated
    if (isOutdated) void this.#changes.load()
  }

  dismiss(): void {
    this.#outdated = false
    this.theirs = undefined
    this.#dismissed = this.#now()
  }

  /** Call it while a component is made: what is overtaken is looked at anew. */
  follow(): void {
    const { draft, preview, applying } = this.#parts
    $effect(() => {
      const isOvertaken = this.#outdated || this.#newest !== undefined
      if (!isOvertaken || applying.state !== "idle") return
      this.theirs = this.#newest
      const body = untrack(() => draft.body)
      if (body) void preview.refresh(body)
    })
  }
}
