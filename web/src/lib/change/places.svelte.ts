import { SvelteMap } from "svelte/reactivity"
import type { Stores } from "../data/stores.ts"
import { isSame } from "../control/form-value.ts"
import { clusterAt } from "../detail/address.ts"
import type { ChangeSubject } from "./address.ts"
import { type Demand, demandsOf } from "./assertion.ts"
import type { ChangeDraft } from "./draft.svelte.ts"
import { type Missing, missingByCluster, missingForControl } from "./missing-right.ts"
import type { Preview } from "./preview.svelte.ts"
import type { SubjectSource } from "./subject-source.svelte.ts"
import { candidatesOf, targetsOf } from "./targets.ts"

type Parts = { subject: ChangeSubject; draft: ChangeDraft; preview: Preview; source: SubjectSource }

function namespaceOf(subject: ChangeSubject): string {
  if (subject.type === "control") return subject.query.namespace ?? ""
  return subject.type === "object" || subject.type === "fix" ? subject.object.namespace : ""
}

/** Where a change goes: the clusters that have what it is about, what keeps the caller from writing there, and who demands to know more of the caller. */
export class Places {
  #stores: Pick<Stores, "clock" | "clusters" | "mesh" | "rights">
  #parts: Parts
  /** What a preview said of clusters that have been left out since. */
  #refusals = new SvelteMap<string, Missing>()
  #demands: readonly Demand[] = []
  readonly namespace: string

  constructor(stores: Pick<Stores, "clock" | "clusters" | "mesh" | "rights">, parts: Parts) {
    this.#stores = stores
    this.#parts = parts
    this.namespace = namespaceOf(parts.subject)
  }

  /** The cluster that the change begins in; empty: not known, or not named. */
  readonly own: string = $derived.by(() => {
    const { subject } = this.#parts
    const { items } = this.#stores.clusters
    if ("cluster" in subject && subject.cluster !== "")
      return clusterAt(items, subject.cluster)?.clusterId ?? ""
    return items.length === 1 ? (items[0]?.clusterId ?? "") : ""
  })

  /** The same list while it says the same: news of a cluster that demand nothing new ask for no other preview, and take no result away. */
  readonly demands: readonly Demand[] = $derived.by(() => {
    const { subject, draft, source } = this.#parts
    const chosen =
      subject.type === "undo"
        ? (source.undone.value?.clusters.map(({ cluster }) => cluster) ?? [])
        : draft.clusters
    const demands = demandsOf(chosen, this.#stores.clusters.items)
    if (!isSame(demands, this.#demands)) this.#demands = demands
    return this.#demands
  })

  readonly #candidates = $derived.by(() =>
    candidatesOf(this.#parts.subject, this.own, this.#stores.clusters.items, this.#stores.mesh.sources),
  )

  readonly #missing = $derived.by(() =>
    missingByCluster(
      this.#refusals,
      this.#candidates.map(({ clusterId, act }) => {
        const { subject } = this.#parts
        const access = act?.identityProvider
          ? undefined
          : this.#stores.rights.of(clusterId, this.namespace)?.access
        return [
          clusterId,
          access && subject.type === "control" ? missingForControl(subject.control, access) : null,
        ]
      }),
    ),
  )

  readonly targets = $derived.by(() => {
    const { draft, preview } = this.#parts
    return targetsOf(this.#candidates, {
      chosen: draft.clusters,
      preview: preview.value,
      missing: this.#missing,
      now: this.#stores.clock.now,
    })
  })

  /** Call it while a component is made: asks what the caller may, and leaves out who refuses. */
  follow(): void {
    const { draft } = this.#parts
    $effect(() => {
      for (const { clusterId, link, act } of this.#candidates)
        if (link !== "stale" && !act?.identityProvider) this.#stores.rights.ask(clusterId, this.namespace)
    })
    // One that refuses is left out, with its reason, as long as another is left.
    $effect(() => {
      const denied = this.targets.filter(({ checked, glyph }) => checked && glyph === "denied")
      const rest = draft.clusters.filter((id) => !denied.some(({ cluster }) => cluster === id))
      if (denied.length === 0 || rest.length === 0) return
      for (const { cluster, text } of denied) this.#refusals.set(cluster, { text, grant: null })
      draft.clusters = rest
    })
  }
}
