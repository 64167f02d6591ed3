import { groupOf, kindKeyOf, type KubeObject } from "#shared/kube/object.ts"
import { parseSelector, selects } from "#shared/kube/selector.ts"
import { fieldsOf } from "./json.ts"
import type { Change, Memory } from "./memory.ts"
import type { Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import { notFound, StatusError } from "./status.ts"
import type { Writer } from "./writer.ts"

/** An object as a caller writes it: the server adds what is missing. */
export type ObjectInput = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [field: string]: unknown }
  [field: string]: unknown
}

export type ListOptions = { namespace?: string; labelSelector?: string }

/**
 * The objects of the demo cluster for code in the same process. Kinds are KindKeys (`Pod`, `VirtualService.networking.istio.io`).
 * What comes out is shared with the API: treat it as read only. Writes carry their status, pass the same schemas as over HTTP, and
 * wake the watches before they return. Every method throws StatusError as the API would answer.
 */
export type KubeStore = {
  get(kind: string, name: string, namespace?: string): KubeObject | undefined
  /** In order of namespace and name. */
  list(kind: string, options?: ListOptions): readonly KubeObject[]
  /** With a manager: its fields are owned by it, as an update's are. */
  create(object: ObjectInput, options?: { manager?: string }): KubeObject
  /** Replaces the whole object, status too. */
  update(object: ObjectInput): KubeObject
  /**
   * With a manager: server-side apply under its name, forced. Without: creates the object or replaces it whole, and nobody owns its
   * fields (the lean way to load thousands).
   */
  apply(object: ObjectInput, options?: { manager?: string }): KubeObject
  /** Returns whether it was there. */
  remove(kind: string, name: string, namespace?: string): boolean
  /** Calls the listener in order with every change of the given kinds (all kinds when none is given). Returns how to stop. */
  subscribe(listener: (change: Change) => void, kinds?: readonly string[]): () => void
  /** Resource version of the last change. */
  readonly version: number
}

export function createStore(memory: Memory, registry: Registry, writer: Writer): KubeStore {
  const resourceOf = (key: string): Resource => {
    const resource = registry.byKind(key)
    if (resource) return resource
    throw new StatusError(
      404,
      "NotFound",
      `the demo cluster serves no kind "${key}"; create its definition first`,
    )
  }
  const targetOf = (object: ObjectInput) => {
    const resource = resourceOf(kindKeyOf(object))
    const namespace = resource.namespaced ? (object.metadata.namespace ?? "default") : ""
    const version = object.apiVersion.slice(groupOf(object.apiVersion).length).replace("/", "")
    return { target: { resource, namespace, name: object.metadata.name }, version }
  }
  const create = (object: ObjectInput, options: { manager?: string } = {}) => {
    const { target, version } = targetOf(object)
    const how = { ...options, version, keepStatus: true }
    return writer.create(target.resource, target.namespace, object, how)
  }
  const update = (object: ObjectInput) => {
    const { target, version } = targetOf(object)
    return writer.update(target, object, { version, keepStatus: true })
  }
  return {
    get version() {
      return memory.version
    },
    get: (kind, name, namespace) => {
      const resource = resourceOf(kind)
      return memory.get(kind, resource.namespaced ? (namespace ?? "default") : "", name)
    },
    list: (kind, { namespace, labelSelector } = {}) => {
      resourceOf(kind)
      const all = memory.list(kind)
      const requirements = parseSelector(labelSelector ?? "")
      if (namespace === undefined && requirements.length === 0) return all
      return all.filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) &&
          selects(requirements, metadata.labels),
      )
    },
    create,
    update,
    apply: (object, { manager } = {}) => {
      const { target, version } = targetOf(object)
      if (manager !== undefined)
        return writer.apply(target, object, { version, manager, force: true, keepStatus: true })
      const live = memory.get(target.resource.key, target.namespace, target.name)
      if (!live) return create(object)
      // an upsert is no compare and swap
      const metadata = { ...fieldsOf(object.metadata), name: target.name }
      return update({ ...object, metadata: { ...metadata, resourceVersion: "" } })
    },
    remove: (kind, name, namespace) => {
      const resource = resourceOf(kind)
      const target = { resource, namespace: resource.namespaced ? (namespace ?? "default") : "", name }
      try {
        writer.remove(target)
        return true
      } catch (error) {
        if (
          error instanceof StatusError &&
          error.code === 404 &&
          error.message === notFound(resource, name).message
        )
          return false
        throw error
      }
    },
    subscribe: (listener, kinds) => {
      if (!kinds) return memory.subscribe(listener)
      const wanted = new Set(kinds)
      return memory.subscribe((change) => {
        if (wanted.has(change.kind)) listener(change)
      })
    },
  }
}
