import type { KubeObject } from "#shared/kube/object.ts"
import { Admission, pruned, type CheckOptions } from "./admission.ts"
import { nameSuffix, timestamp, type Clock } from "./clock.ts"
import { checkIdentity, freshMetadata, rebased, type Reach, type Target } from "./identity.ts"
import { fieldsOf, sameJson, textOf, without, type Fields } from "./json.ts"
import { applyConfig, ownUpdate, readManaged, withManaged } from "./managed-fields.ts"
import type { Memory } from "./memory.ts"
import { nameCauses } from "./names.ts"
import type { Registry } from "./registry.ts"
import { isHeld, Removal, type Removed, type RemoveOptions } from "./removal.ts"
import type { Resource } from "./resource.ts"
import { alreadyExists, badRequest, invalid, notFound, StatusError, type Cause } from "./status.ts"

export type WriteOptions = CheckOptions & {
  /** Field manager; undefined: fields are not owned (in-process writes). */
  manager?: string
  subresource?: "status"
  dryRun?: boolean
  /** Keeps the status that a write of the main resource carries, as only in-process writers may. */
  keepStatus?: boolean
}

export type ApplyOptions = WriteOptions & { manager: string; force: boolean }

function reachOf(resource: Resource, { subresource, keepStatus }: WriteOptions): Reach {
  if (subresource === "status") return "status"
  return keepStatus || !resource.hasStatus ? "all" : "main"
}

/** Turns requests into stored objects: identity, defaults, schema, ownership, generation, finalizers. */
export class Writer {
  readonly memory: Memory
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #removal: Removal
  constructor(memory: Memory, registry: Registry, clock: Clock) {
    this.memory = memory
    this.#clock = clock
    this.#admission = new Admission(registry, clock)
    this.#removal = new Removal(memory, registry, clock)
  }

  /** @throws StatusError 404 */
  get({ resource, namespace, name }: Target): KubeObject {
    const object = this.memory.get(resource.key, namespace, name)
    if (!object) throw notFound(resource, name)
    return object
  }

  /** @throws StatusError 400, 404 (namespace), 409, 422 */
  create(resource: Resource, namespace: string, body: Fields, options: WriteOptions): KubeObject {
    const metadata = fieldsOf(body["metadata"])
    const target = { resource, namespace, name: this.#nameFor(resource, metadata) }
    if (textOf(metadata["resourceVersion"]) !== "")
      throw badRequest("resourceVersion should not be set on objects to be created")
    this.#wantPlace(target)
    if (this.memory.get(resource.key, namespace, target.name)) throw alreadyExists(resource, target.name)
    const kept = reachOf(resource, options) === "all" ? body : without(body, "status")
    const fresh = { ...kept, metadata: freshMetadata(target, metadata, this.#clock) }
    const admitted = this.#admission.admit(resource, fresh, undefined, options)
    return this.#store(resource, this.#own(resource, undefined, admitted, options), options)
  }

  #nameFor(resource: Resource, metadata: Fields): string {
    const given = textOf(metadata["name"])
    if (given !== "") return given
    const prefix = textOf(metadata["generateName"])
    if (prefix !== "") return prefix + nameSuffix(this.#clock)
    const message = "Required value: name or generateName is required"
    throw invalid(resource, "", [{ reason: "FieldValueRequired", message, field: "metadata.name" }])
  }

  /** A new object needs a good name and its namespace. */
  #wantPlace({ resource, namespace, name }: Target): void {
    const causes = nameCauses(resource, name)
    if (causes.length > 0) throw invalid(resource, name, causes)
    if (resource.namespaced && !this.memory.get("Namespace", "", namespace))
      throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, namespace)
  }

  /** @throws StatusError 400, 404, 409, 422 */
  update(target: Target, body: Fields, options: WriteOptions): KubeObject {
    const { resource } = target
    const before = this.get(target)
    checkIdentity(target, before, fieldsOf(body["metadata"]))
    const after = rebased(before, body, reachOf(resource, options))
    const admitted = this.#admission.admit(resource, after, before, options)
    return this.#finish(resource, before, this.#own(resource, before, admitted, options), options)
  }

  /** Server-side apply. @throws StatusError 409 with a cause for each field that somebody else owns, 400, 404, 422 */
  apply(target: Target, config: Fields, options: ApplyOptions): KubeObject {
    const { resource, namespace, name } = target
    const live = this.memory.get(resource.key, namespace, name)
    const metadata = fieldsOf(config["metadata"])
    if (metadata["managedFields"] !== undefined) throw badRequest("metadata.managedFields must be nil")
    if (live) checkIdentity(target, live, metadata)
    else if (options.subresource) throw notFound(resource, name)
    else this.#wantPlace(target)
    const outcome = applyConfig({
      live,
      config: this.#reached(resource, pruned(resource, config, options), options),
      schema: resource.mergeSchema,
      writer: this.#writerOf(resource, options),
      force: options.force,
    })
    if ("conflicts" in outcome) throw applyConflict(outcome.conflicts)
    const identified = this.#identified(target, live, outcome.object)
    const admitted = this.#admission.admit(resource, identified, live, options)
    return live ? this.#finish(resource, live, admitted, options) : this.#store(resource, admitted, options)
  }

  #reached(resource: Resource, config: Fields, options: WriteOptions): Fields {
    const reach = reachOf(resource, options)
    if (reach === "all") return config
    if (reach === "main") return without(config, "status")
    return { apiVersion: config["apiVersion"], kind: config["kind"], status: config["status"] }
  }

  #identified(target: Target, live: KubeObject | undefined, merged: Fields): Fields {
    const metadata = fieldsOf(merged["metadata"])
    const given = without(metadata, "resourceVersion", "uid")
    const own = live
      ? fieldsOf(rebased(live, merged, "all")["metadata"])
      : freshMetadata(target, given, this.#clock)
    return { ...merged, metadata: { ...own, managedFields: metadata["managedFields"] } }
  }

  #writerOf({ group }: Resource, { manager = "unknown", version, subresource }: WriteOptions) {
    const apiVersion = group === "" ? version : `${group}/${version}`
    return { manager, apiVersion, subresource: subresource ?? "", time: timestamp(this.#clock) }
  }

  #own(resource: Resource, before: KubeObject | undefined, after: Fields, options: WriteOptions): Fields {
    if (options.manager === undefined) return after
    return ownUpdate(before, after, resource.mergeSchema, this.#writerOf(resource, options))
  }

  #finish(resource: Resource, before: KubeObject, after: Fields, options: WriteOptions): KubeObject {
    const object = counted(resource, before, after) as KubeObject
    if (sameContent(before, object)) return before
    if (object.metadata.deletionTimestamp === undefined || isHeld(object) || options.dryRun)
      return this.#store(resource, object, options)
    return this.#removal.drop(resource, object)
  }

  #store(resource: Resource, object: Fields, { dryRun }: WriteOptions): KubeObject {
    const stored = object as KubeObject
    return dryRun ? stored : this.memory.put(resource.key, stored)
  }

  /** Deletes, or marks as leaving what has finalizers. @throws StatusError 403, 404, 409 */
  remove(target: Target, options: RemoveOptions = {}): Removed {
    return this.#removal.remove(target, this.get(target), options)
  }
}

function applyConflict(causes: Cause[]): StatusError {
  const list = causes.map(({ message, field }) => `${message}: ${field}`)
  const text =
    list.length === 1
      ? `Apply failed with 1 conflict: ${list[0]}`
      : `Apply failed with ${list.length} conflicts: ${list.join("\n- ")}`
  return new StatusError(409, "Conflict", text, { causes })
}

/** The object with its generation raised when what the owner wants has changed. */
function counted(resource: Resource, before: KubeObject, after: Fields): Fields {
  if (!resource.hasGeneration) return after
  const ignored = ["metadata", "apiVersion", "kind", ...(resource.hasStatus ? ["status"] : [])]
  const same = sameJson(without(before as Fields, ...ignored), without(after, ...ignored))
  const generation = Number(before.metadata["generation"] ?? 1)
  const metadata = { ...fieldsOf(after["metadata"]), generation: same ? generation : generation + 1 }
  return { ...after, metadata }
}

/** Same but for resource version and the times of owners: such a write changes nothing. */
function sameContent(before: KubeObject, after: KubeObject): boolean {
  const bare = (object: Fields) => {
    const entries = readManaged(object).map((entry) => ({ ...entry, time: "" }))
    const normal = withManaged(object, entries)
    return { ...normal, metadata: without(fieldsOf(normal["metadata"]), "resourceVersion") }
  }
  return sameJson(bare(before), bare(after))
}
