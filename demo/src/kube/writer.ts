import type { KubeObject } from "#shared/kube/object.ts"
import { nameSuffix, uidOf, timestamp, type Clock } from "./clock.ts"
import { builtinDefaults } from "./defaults.ts"
import { fieldsOf, listOf, sameJson, textOf, textsOf, without, type Fields } from "./json.ts"
import { ownUpdate, applyConfig, readManaged, withManaged } from "./managed-fields.ts"
import type { Memory } from "./memory.ts"
import type { Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
  staleWrite,
  StatusError,
} from "./status.ts"
import { hasRules, prune, schemaCauses, withDefaults } from "./structural.ts"
import { nameCauses } from "./names.ts"

export type WriteOptions = {
  /** Field manager; undefined: fields are not owned (in-process writes). */
  manager?: string
  /** Version of the API the object is written in. */
  version: string
  subresource?: "status"
  dryRun?: boolean
  /** What happens to unknown fields of custom objects. Default Warn. */
  validation?: "Strict" | "Warn" | "Ignore"
  /** Gets what the caller should be told. */
  warn?: (message: string) => void
  /** Keeps the status that a create or update of the main resource carries, as only in-process writers may. */
  keepStatus?: boolean
}

export type Target = { resource: Resource; namespace: string; name: string }

/** Turns requests into stored objects: identity, defaults, schema, ownership, generation, finalizers. */
export class Writer {
  #addresses = 0
  readonly memory: Memory
  readonly registry: Registry
  readonly clock: Clock
  constructor(memory: Memory, registry: Registry, clock: Clock) {
    this.memory = memory
    this.registry = registry
    this.clock = clock
  }

  get({ resource, namespace, name }: Target): KubeObject {
    const object = this.memory.get(resource.key, namespace, name)
    if (!object) throw notFound(resource, name)
    return object
  }

  create(resource: Resource, namespace: string, body: Fields, options: WriteOptions): KubeObject {
    const metadata = fieldsOf(body["metadata"])
    const given = textOf(metadata["name"])
    const prefix = textOf(metadata["generateName"])
    if (given === "" && prefix === "")
      throw invalid(resource, "", [
        {
          reason: "FieldValueRequired",
          message: "Required value: name or generateName is required",
          field: "metadata.name",
        },
      ])
    const name = given === "" ? prefix + nameSuffix(this.clock) : given
    const causes = nameCauses(resource, name)
    if (causes.length > 0) throw invalid(resource, name, causes)
    if (textOf(metadata["resourceVersion"]) !== "")
      throw badRequest("resourceVersion should not be set on objects to be created")
    this.#wantNamespace(resource, namespace)
    if (this.memory.get(resource.key, namespace, name)) throw alreadyExists(resource, name)
    const kept = options.keepStatus || !resource.hasStatus ? body : without(body, "status")
    const fresh = { ...kept, metadata: this.#freshMetadata(resource, namespace, name, metadata) }
    const checked = this.#check(resource, fresh, undefined, options)
    return this.#store(resource, this.#own(resource, undefined, checked, options), options)
  }

  #wantNamespace(resource: Resource, namespace: string): void {
    if (!resource.namespaced) return
    if (!this.memory.get("Namespace", "", namespace))
      throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, namespace)
  }

  #freshMetadata(resource: Resource, namespace: string, name: string, given: Fields): Fields {
    return {
      ...without(
        given,
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
      ),
      name,
      ...(resource.namespaced ? { namespace } : {}),
      uid: uidOf(this.clock, resource.key, name),
      creationTimestamp: timestamp(this.clock),
      ...(resource.hasGeneration ? { generation: 1 } : {}),
    }
  }

  update(target: Target, body: Fields, options: WriteOptions): KubeObject {
    const before = this.get(target)
    const metadata = fieldsOf(body["metadata"])
    this.#checkIdentity(target, before, metadata)
    const after = this.#rebased(target.resource, before, body, options)
    const checked = this.#check(target.resource, after, before, options)
    return this.#finish(
      target.resource,
      before,
      this.#own(target.resource, before, checked, options),
      options,
    )
  }

  #checkIdentity({ resource, name }: Target, before: KubeObject, metadata: Fields): void {
    const version = textOf(metadata["resourceVersion"])
    if (version !== "" && version !== before.metadata.resourceVersion) throw staleWrite(resource, name)
    const uid = textOf(metadata["uid"])
    if (uid !== "" && uid !== before.metadata.uid)
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
      )
  }

  /** The new object with what an update may not change put back. */
  #rebased(resource: Resource, before: KubeObject, body: Fields, options: WriteOptions): Fields {
    const given = fieldsOf(body["metadata"])
    const kept = before.metadata
    const metadata: Fields = {
      ...without(given, "managedFields", "selfLink"),
      name: kept.name,
      ...(kept.namespace === undefined ? {} : { namespace: kept.namespace }),
      uid: kept.uid,
      creationTimestamp: kept.creationTimestamp,
      generation: kept["generation"],
      deletionTimestamp: kept.deletionTimestamp,
      deletionGracePeriodSeconds: kept["deletionGracePeriodSeconds"],
      managedFields: kept["managedFields"],
    }
    for (const [name, value] of Object.entries(metadata))
      if (value === undefined) Reflect.deleteProperty(metadata, name)
    if (options.subresource === "status")
      return {
        ...before,
        status: body["status"],
        metadata: {
          ...metadata,
          labels: kept.labels,
          annotations: kept.annotations,
          finalizers: kept["finalizers"],
          ownerReferences: kept["ownerReferences"],
        },
      }
    if (options.keepStatus || !resource.hasStatus) return { ...body, metadata }
    return {
      ...without(body, "status"),
      ...("status" in before ? { status: before["status"] } : {}),
      metadata,
    }
  }

  /** Server-side apply. @throws StatusError 409 with a cause for each field that somebody else owns. */
  apply(
    target: Target,
    config: Fields,
    options: WriteOptions & { manager: string; force: boolean },
  ): KubeObject {
    const { resource, namespace, name } = target
    const live = this.memory.get(resource.key, namespace, name)
    if (!live && options.subresource) throw notFound(resource, name)
    const metadata = fieldsOf(config["metadata"])
    if (metadata["managedFields"] !== undefined) throw badRequest("metadata.managedFields must be nil")
    if (live) this.#checkIdentity(target, live, metadata)
    const wanted = this.#applied(resource, config, options)
    const outcome = applyConfig({
      live,
      config: wanted,
      schema: resource.mergeSchema,
      writer: this.#writerOf(resource, options),
      force: options.force,
    })
    if ("conflicts" in outcome) throw applyConflict(outcome.conflicts)
    const identified = this.#identified(target, live, outcome.object)
    if (!live) this.#wantNamespace(resource, namespace)
    const causes = live ? [] : nameCauses(resource, name)
    if (causes.length > 0) throw invalid(resource, name, causes)
    const checked = this.#check(resource, identified, live, options)
    return live ? this.#finish(resource, live, checked, options) : this.#store(resource, checked, options)
  }

  #applied(resource: Resource, config: Fields, options: WriteOptions): Fields {
    const { custom } = resource
    const schema = custom?.get(options.version)?.schema
    const unknown: string[] = []
    const known = schema ? fieldsOf(prune(config, schema, "", unknown)) : config
    this.#report(unknown, options)
    if (options.subresource === "status")
      return { apiVersion: known["apiVersion"], kind: known["kind"], status: known["status"] }
    return resource.hasStatus && !options.keepStatus ? without(known, "status") : known
  }

  #identified({ resource, namespace, name }: Target, live: KubeObject | undefined, merged: Fields): Fields {
    const metadata = fieldsOf(merged["metadata"])
    const managed = { managedFields: metadata["managedFields"] }
    if (!live) {
      const fresh = this.#freshMetadata(
        resource,
        namespace,
        name,
        without(metadata, "resourceVersion", "uid"),
      )
      return { ...merged, metadata: { ...fresh, ...managed } }
    }
    return {
      ...this.#rebased(resource, live, merged, { version: "", keepStatus: true }),
      metadata: {
        ...fieldsOf(this.#rebased(resource, live, merged, { version: "", keepStatus: true })["metadata"]),
        ...managed,
      },
    }
  }

  #writerOf(resource: Resource, options: WriteOptions) {
    return {
      manager: options.manager ?? "unknown",
      apiVersion: resource.group === "" ? options.version : `${resource.group}/${options.version}`,
      subresource: options.subresource ?? "",
      time: timestamp(this.clock),
    }
  }

  #own(resource: Resource, before: KubeObject | undefined, after: Fields, options: WriteOptions): Fields {
    if (options.manager === undefined) return after
    return ownUpdate(before, after, resource.mergeSchema, this.#writerOf(resource, options))
  }

  #report(unknown: string[], { validation, warn }: WriteOptions): void {
    if (unknown.length === 0 || validation === "Ignore") return
    const found = unknown.map((path) => `unknown field "${path}"`)
    if (validation === "Strict") throw badRequest(`strict decoding error: ${found.join(", ")}`)
    for (const message of found) warn?.(message)
  }

  /** Defaults, pruning and schema. @throws StatusError 422, 400 */
  #check(resource: Resource, object: Fields, before: KubeObject | undefined, options: WriteOptions): Fields {
    const apiVersion =
      resource.group === "" ? resource.storageVersion : `${resource.group}/${resource.storageVersion}`
    const typed: Fields = { ...object, apiVersion, kind: resource.kind }
    const version = resource.custom?.get(options.version) ?? resource.custom?.get(resource.storageVersion)
    if (!version) {
      if (resource.key.startsWith("CustomResourceDefinition.")) this.#checkDefinition(typed, options)
      return builtinDefaults(resource.key, typed, before, {
        time: timestamp(this.clock),
        clusterIp: () => this.#nextAddress(),
      })
    }
    const unknown: string[] = []
    const pruned = prune(typed, version.schema, "", unknown)
    this.#report(unknown, options)
    const filled = fieldsOf(withDefaults(pruned, version.schema))
    const causes = schemaCauses(filled, version.schema)
    if (causes.length > 0) throw invalid(resource, textOf(fieldsOf(filled["metadata"])["name"]), causes)
    return filled
  }

  #checkDefinition(crd: Fields, options: WriteOptions): void {
    const resource = this.registry.byKind("CustomResourceDefinition.apiextensions.k8s.io")
    const spec = fieldsOf(crd["spec"])
    const names = fieldsOf(spec["names"])
    const name = textOf(fieldsOf(crd["metadata"])["name"])
    const wanted = `${textOf(names["plural"])}.${textOf(spec["group"])}`
    const storage = listOf(spec["versions"]).filter((version) => fieldsOf(version)["storage"] === true)
    const causes = [
      ...(name === wanted
        ? []
        : [
            {
              reason: "FieldValueInvalid",
              message: `Invalid value: "${name}": must be spec.names.plural+"."+spec.group`,
              field: "metadata.name",
            },
          ]),
      ...(storage.length === 1
        ? []
        : [
            {
              reason: "FieldValueInvalid",
              message: "Invalid value: must have exactly one version marked as storage version",
              field: "spec.versions",
            },
          ]),
    ]
    if (resource && causes.length > 0) throw invalid(resource, name, causes)
    if (hasRules(spec["versions"]))
      options.warn?.("the demo cluster does not evaluate CEL rules (x-kubernetes-validations)")
  }

  #nextAddress(): string {
    this.#addresses += 1
    const n = this.#addresses
    return `10.96.${(n >> 8) & 255}.${n & 255}`
  }

  #finish(resource: Resource, before: KubeObject, after: Fields, options: WriteOptions): KubeObject {
    const object = asObject(counted(resource, before, after))
    if (sameContent(before, object)) return before
    const isLeaving = object.metadata.deletionTimestamp !== undefined
    if (isLeaving && textsOf(object.metadata["finalizers"]).length === 0 && !options.dryRun) {
      this.#drop(resource, object)
      return object
    }
    return this.#store(resource, object, options)
  }

  #store(resource: Resource, object: Fields, { dryRun }: WriteOptions): KubeObject {
    return dryRun ? asObject(object) : this.memory.put(resource.key, asObject(object))
  }

  /** Deletes, or marks as leaving what has finalizers. Returns the last state and whether it is gone. */
  remove(target: Target, options: RemoveOptions = {}): { object: KubeObject; gone: boolean } {
    const { resource, name } = target
    const before = this.get(target)
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid !== undefined && uid !== before.metadata.uid)
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
      )
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw conflict(
        resource,
        name,
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${before.metadata.resourceVersion}`,
      )
    if (resource.key === "Namespace" && protectedNamespaces.has(name))
      throw forbidden(resource, name, "this namespace may not be deleted")
    if (options.dryRun) return { object: before, gone: true }
    if (textsOf(before.metadata["finalizers"]).length === 0)
      return { object: this.#drop(resource, before), gone: true }
    if (before.metadata.deletionTimestamp !== undefined) return { object: before, gone: false }
    const leaving = {
      ...before,
      metadata: {
        ...before.metadata,
        deletionTimestamp: timestamp(this.clock),
        deletionGracePeriodSeconds: 0,
      },
    }
    return { object: this.memory.put(resource.key, leaving), gone: false }
  }

  /** Removes the object and what cannot be without it: the content of a namespace, the objects of a definition. */
  #drop(resource: Resource, object: KubeObject): KubeObject {
    const { name, namespace = "" } = object.metadata
    if (resource.key === "Namespace")
      for (const group of this.registry.groups())
        for (const inner of group.resources) if (inner.namespaced) this.#dropAll(inner, name)
    if (resource.key.startsWith("CustomResourceDefinition.")) {
      const spec = fieldsOf(object["spec"])
      const defined = this.registry.byKind(
        `${textOf(fieldsOf(spec["names"])["kind"])}.${textOf(spec["group"])}`,
      )
      if (defined?.custom) this.#dropAll(defined)
    }
    return this.memory.remove(resource.key, namespace, name) ?? object
  }

  #dropAll(resource: Resource, namespace?: string): void {
    for (const object of [...this.memory.list(resource.key)])
      if (namespace === undefined || object.metadata.namespace === namespace)
        this.memory.remove(resource.key, object.metadata.namespace ?? "", object.metadata.name)
  }
}

export type RemoveOptions = {
  dryRun?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
}

const protectedNamespaces = new Set(["default", "kube-system", "kube-public"])

const asObject = (fields: Fields): KubeObject => fields as KubeObject

const applyConflict = (causes: { reason: string; message: string; field?: string }[]) => {
  const text =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]?.message}: ${causes[0]?.field}`
      : `Apply failed with ${causes.length} conflicts: ${causes.map(({ message, field }) => `${message}: ${field}`).join("\n- ")}`
  return new StatusError(409, "Conflict", text, { causes })
}

/** The object with its generation raised when what the owner wants has changed. */
function counted(resource: Resource, before: KubeObject, after: Fields): Fields {
  if (!resource.hasGeneration) return after
  const ignored = resource.hasStatus
    ? ["metadata", "status", "apiVersion", "kind"]
    : ["metadata", "apiVersion", "kind"]
  const same = sameJson(without(before as Fields, ...ignored), without(after, ...ignored))
  const metadata = fieldsOf(after["metadata"])
  const generation = Number(before.metadata["generation"] ?? 1)
  return { ...after, metadata: { ...metadata, generation: same ? generation : generation + 1 } }
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
