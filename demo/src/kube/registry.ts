import type { KubeObject } from "#shared/kube/object.ts"
import { byVersionPriority, customResource } from "./custom-resource.ts"
import type { Memory } from "./memory.ts"
import { builtinMergeSchema } from "./merge-schema.ts"
import { builtinResources, type Resource } from "./resource.ts"

const crdKind = "CustomResourceDefinition.apiextensions.k8s.io"

/** A group of the API with what it serves. */
export type Group = { name: string; versions: string[]; resources: Resource[] }

/** What is served now: the built-in kinds and those of the CustomResourceDefinitions that exist. */
export class Registry {
  #byKey = new Map<string, Resource>()
  #byCrd = new Map<string, Resource>()
  #groups: Group[] | undefined

  constructor(memory: Memory) {
    for (const spec of builtinResources)
      this.#byKey.set(spec.key, { ...spec, mergeSchema: builtinMergeSchema(spec.key) })
    memory.subscribe((change) => {
      if (change.kind !== crdKind) return
      if (change.type === "DELETED") this.#forget(change.object)
      else this.#learn(change.object)
    })
  }

  #learn(crd: KubeObject): void {
    this.#forget(crd)
    const resource = customResource(crd)
    this.#byCrd.set(crd.metadata.name, resource)
    this.#byKey.set(resource.key, resource)
    this.#groups = undefined
  }

  #forget(crd: KubeObject): void {
    const resource = this.#byCrd.get(crd.metadata.name)
    if (resource) this.#byKey.delete(resource.key)
    this.#byCrd.delete(crd.metadata.name)
    this.#groups = undefined
  }

  /** By KindKey: `Pod`, `VirtualService.networking.istio.io`. */
  byKind(key: string): Resource | undefined {
    return this.#byKey.get(key)
  }

  byPath(group: string, version: string, plural: string): Resource | undefined {
    return this.groups()
      .find(({ name }) => name === group)
      ?.resources.find((resource) => resource.plural === plural && resource.versions.includes(version))
  }

  groups(): readonly Group[] {
    if (this.#groups) return this.#groups
    const groups = new Map<string, Group>()
    for (const resource of this.#byKey.values()) {
      const group = groups.get(resource.group) ?? { name: resource.group, versions: [], resources: [] }
      group.resources.push(resource)
      for (const version of resource.versions)
        if (!group.versions.includes(version)) group.versions.push(version)
      groups.set(resource.group, group)
    }
    for (const group of groups.values()) group.versions.sort(byVersionPriority)
    this.#groups = [...groups.values()]
    return this.#groups
  }
}
