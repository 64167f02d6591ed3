import type { KubeObject } from "#shared/kube/object.ts"
import { timestamp, type Clock } from "./clock.ts"
import { checkUid, type Target } from "./identity.ts"
import { fieldsOf, textOf, textsOf } from "./json.ts"
import type { Memory } from "./memory.ts"
import type { Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import { conflict, forbidden } from "./status.ts"

export type RemoveOptions = {
  dryRun?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
}

export type Removed = {
  object: KubeObject
  /** Not so when finalizers hold it. */
  gone: boolean
}

const protectedNamespaces = new Set(["default", "kube-system", "kube-public"])

export const isHeld = (object: KubeObject): boolean => textsOf(object.metadata["finalizers"]).length > 0

/** Removes objects, and with them what cannot be without them. */
export class Removal {
  readonly #memory: Memory
  readonly #registry: Registry
  readonly #clock: Clock
  constructor(memory: Memory, registry: Registry, clock: Clock) {
    this.#memory = memory
    this.#registry = registry
    this.#clock = clock
  }

  /** Deletes, or marks as leaving what has finalizers. @throws StatusError 409, 403 */
  remove(target: Target, before: KubeObject, options: RemoveOptions): Removed {
    const { resource, name } = target
    const { uid = "", resourceVersion } = options.preconditions ?? {}
    checkUid(target, before, uid)
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw conflict(
        resource,
        name,
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${before.metadata.resourceVersion}`,
      )
    if (resource.key === "Namespace" && protectedNamespaces.has(name))
      throw forbidden(resource, name, "this namespace may not be deleted")
    if (options.dryRun) return { object: before, gone: true }
    if (!isHeld(before)) return { object: this.drop(resource, before), gone: true }
    if (before.metadata.deletionTimestamp !== undefined) return { object: before, gone: false }
    const leaving = {
      ...before,
      metadata: {
        ...before.metadata,
        deletionTimestamp: timestamp(this.#clock),
        deletionGracePeriodSeconds: 0,
      },
    }
    return { object: this.#memory.put(resource.key, leaving), gone: false }
  }

  /** Removes the object with the content of a namespace, or the objects of a definition. Returns its last state. */
  drop(resource: Resource, object: KubeObject): KubeObject {
    const { name, namespace = "" } = object.metadata
    if (resource.key === "Namespace")
      for (const { resources } of this.#registry.groups())
        for (const inner of resources) if (inner.namespaced) this.#dropAll(inner, name)
    if (resource.key === "CustomResourceDefinition.apiextensions.k8s.io") {
      const spec = fieldsOf(object["spec"])
      const kind = textOf(fieldsOf(spec["names"])["kind"])
      const defined = this.#registry.byKind(`${kind}.${textOf(spec["group"])}`)
      if (defined?.custom) this.#dropAll(defined)
    }
    return this.#memory.remove(resource.key, namespace, name) ?? object
  }

  #dropAll(resource: Resource, namespace?: string): void {
    for (const { metadata } of [...this.#memory.list(resource.key)])
      if (namespace === undefined || metadata.namespace === namespace)
        this.#memory.remove(resource.key, metadata.namespace ?? "", metadata.name)
  }
}
