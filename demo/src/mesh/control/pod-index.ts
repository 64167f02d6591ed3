import type { KubeObject } from "#shared/kube/object.ts"
import { list, record, text } from "#shared/topology/fact/read.ts"

const ownerOf = (pod: KubeObject): string | undefined => {
  const owner = list(pod.metadata["ownerReferences"])
    .map(record)
    .find((candidate) => candidate["controller"] === true)
  return owner && text(owner["uid"])
}

/** Pods by namespace and by owner, kept as they come and go: a list of all pods for each of 500 workloads would be slow. */
export class PodIndex {
  readonly #byNamespace = new Map<string, Map<string, KubeObject>>()
  readonly #byOwner = new Map<string, Map<string, KubeObject>>()
  readonly #removed = new Map<string, number>()

  put(pod: KubeObject): void {
    const add = (map: Map<string, Map<string, KubeObject>>, key: string): void => {
      const pods = map.get(key) ?? new Map<string, KubeObject>()
      map.set(key, pods.set(pod.metadata.name, pod))
    }
    add(this.#byNamespace, pod.metadata.namespace ?? "")
    const owner = ownerOf(pod)
    if (owner !== undefined) add(this.#byOwner, owner)
  }

  remove(pod: KubeObject): void {
    this.#byNamespace.get(pod.metadata.namespace ?? "")?.delete(pod.metadata.name)
    const owner = ownerOf(pod)
    if (owner === undefined) return
    this.#byOwner.get(owner)?.delete(pod.metadata.name)
    this.#removed.set(owner, this.generation({ metadata: { uid: owner } }) + 1)
  }

  forget(owner: KubeObject): void {
    const { uid = "" } = owner.metadata
    this.#byOwner.delete(uid)
    this.#removed.delete(uid)
  }

  /** Oldest first. */
  ownedBy(owner: KubeObject): KubeObject[] {
    return [...(this.#byOwner.get(owner.metadata.uid ?? "")?.values() ?? [])]
  }

  in(namespace: string): Iterable<KubeObject> {
    return this.#byNamespace.get(namespace)?.values() ?? []
  }

  /** How many pods of an owner have gone: new names differ from all old ones. */
  generation(owner: { metadata: { uid?: string | undefined } }): number {
    return this.#removed.get(owner.metadata.uid ?? "") ?? 0
  }
}
