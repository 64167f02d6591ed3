import type { KubeObject } from "#shared/kube/object.ts"
import { SvelteMap } from "svelte/reactivity"
import { controlPath, objectPath, undoPath } from "../change/address.ts"
import { objectInput } from "../data/api.ts"
import {
  type FaultPlace,
  faultChange,
  faultPlaces,
  faultSentence,
  faultTexts,
  serviceOfHost,
} from "../data/faults.ts"
import type { SourceCluster } from "../data/sources.ts"
import type { Stores } from "../data/stores.ts"
import { objectKeyOf } from "../validation/finding-place.ts"

export type BannerInfo = {
  key: string
  text: string
  /** Where more is said of it. */
  more?: { label: string; href: string }
  action?: { label: string; href: string }
}

const keyOf = ({ cluster, object }: FaultPlace): string => objectKeyOf(cluster, object)

/** States of the mesh that last, and that every page says: writing as the agent itself, faults that are on. */
export class Banners {
  #stores: Pick<Stores, "api" | "changes" | "clusters" | "mesh" | "scope">
  #objects = new SvelteMap<string, KubeObject>()
  /** What was known of its cluster when an object was read last. */
  #known: Record<string, SourceCluster | undefined> = {}

  constructor(stores: Pick<Stores, "api" | "changes" | "clusters" | "mesh" | "scope">) {
    this.#stores = stores
  }

  readonly #places = $derived.by(() =>
    faultPlaces(this.#stores.mesh.sources).filter(({ cluster, object }) =>
      this.#stores.scope.has(cluster, object.namespace),
    ),
  )

  readonly items: BannerInfo[] = $derived.by(() => {
    const tried = this.#stores.clusters.items
      .filter(({ act }) => act?.mode === "anonymous")
      .map(({ name }) => name)
    return [
      ...(tried.length === 0
        ? []
        : [
            {
              key: "try-out",
              text: `Try-out mode: changes on ${tried.join(", ")} are made as the agent's own account.`,
              more: { label: "Clusters", href: "/clusters" },
            },
          ]),
      ...this.#places.map((place) => this.#fault(place)),
    ]
  })

  #fault(place: FaultPlace): BannerInfo {
    const { cluster, object, hosts } = place
    const service = hosts.map(serviceOfHost).find((found) => found !== undefined)
    const key = keyOf(place)
    const known = this.#objects.get(key)
    const name = service?.name ?? object.name
    const change = service
      ? faultChange(this.#stores.changes.items, { cluster, service: `${service.namespace}/${service.name}` })
      : undefined
    const where =
      this.#stores.clusters.items.length > 1
        ? `${name} in ${this.#stores.clusters.find(cluster)?.name ?? ""}`
        : name
    const stop = change
      ? undoPath(change.changeId)
      : service
        ? controlPath("fault", cluster, { namespace: service.namespace, service: service.name }, true)
        : objectPath(cluster, object)
    const page = service
      ? `/services/${[cluster, service.namespace, service.name].map(encodeURIComponent).join("/")}`
      : "/topology"
    const said = faultSentence(known ? faultTexts(known) : [], where, change?.revertAt ?? null)
    return {
      key: `fault ${key}`,
      text: `${said.slice(0, 1).toUpperCase()}${said.slice(1)}.`,
      more: { label: "Show", href: page },
      action: { label: "Stop now", href: stop },
    }
  }

  /** Reads the objects of the faults that are on, each with the news of its own cluster: call it in an effect. */
  read(): void {
    const before = this.#known
    const { clusters } = this.#stores.mesh.sources
    this.#known = Object.fromEntries(
      this.#places.map((place) => [
        keyOf(place),
        clusters.find((source) => source.cluster === place.cluster),
      ]),
    )
    for (const place of this.#places) {
      const key = keyOf(place)
      if (before[key] === this.#known[key]) continue
      this.#stores.api.call("getObject", objectInput(place.cluster, place.object)).then(
        ({ object }) => void this.#objects.set(key, object),
        // The banner says less then, and stands all the same; the next news reads it again.
        () => (this.#known[key] = undefined),
      )
    }
  }
}
