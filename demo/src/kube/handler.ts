import { groupOf, type KubeObject } from "#shared/kube/object.ts"
import { patchTypes, readObject, readPatch, type PatchBody } from "./body.ts"
import { asVersion } from "./form.ts"
import { jsonPatch } from "./json-patch.ts"
import { at, fieldsOf, isFields, textOf, type Fields } from "./json.ts"
import { mergePatch } from "./merge.ts"
import type { MergeSchema } from "./merge-schema.ts"
import type { Attributes } from "./rbac.ts"
import { isTrue, type RequestInfo, type ResourcePath } from "./request.ts"
import type { Resource } from "./resource.ts"
import { hasScale, rescaled, scaleOf } from "./scale.ts"
import { readSelection } from "./selection.ts"
import { badRequest, invalid, notFound, notImplemented } from "./status.ts"
import { strategicPatch } from "./strategic.ts"
import type { Target } from "./identity.ts"
import type { RemoveOptions } from "./removal.ts"
import type { WriteOptions, Writer } from "./writer.ts"

/** A write as it comes over HTTP. */
export type WriteRequest = {
  info: RequestInfo
  path: ResourcePath
  resource: Resource
  contentType: string | undefined
  userAgent: string | undefined
  bytes: Buffer
  warn(message: string): void
  /** @throws StatusError 403 when the user may not do this as well */
  require(attributes: Partial<Extract<Attributes, { resource: string }>>): void
}

/** An object or a status, with its HTTP code. */
export type Answer = { code: number; object: KubeObject } | { code: number; body: unknown }

const managerOf = ({ info, userAgent }: WriteRequest): string =>
  (info.query.get("fieldManager") ?? "") || (userAgent ?? "").split("/")[0]?.trim() || "unknown"

function readDryRun(value: string | null): boolean {
  if (value === null || value === "") return false
  if (value !== "All") throw badRequest(`Invalid value: ${JSON.stringify(value)}: supported values: "All"`)
  return true
}

function optionsOf(request: WriteRequest): WriteOptions & { manager: string } {
  const { info, path, warn } = request
  const validation = info.query.get("fieldValidation") ?? "Warn"
  if (validation !== "Strict" && validation !== "Warn" && validation !== "Ignore")
    throw badRequest(
      `fieldValidation: Unsupported value: ${JSON.stringify(validation)}: supported values: "Ignore", "Strict", "Warn"`,
    )
  return {
    manager: managerOf(request),
    version: path.version,
    dryRun: readDryRun(info.query.get("dryRun")),
    validation,
    warn,
    ...(path.subresource === "status" ? { subresource: "status" } : {}),
  }
}

const targetOf = ({ resource, path }: WriteRequest): Target => ({
  resource,
  namespace: resource.namespaced ? path.namespace : "",
  name: path.name,
})

/** The body must be of the kind, name and namespace that the path names. */
function checkBody({ resource, path }: WriteRequest, body: Fields, name: string): Fields {
  const apiVersion = textOf(body["apiVersion"])
  const kind = textOf(body["kind"])
  const expected = resource.group === "" ? path.version : `${resource.group}/${path.version}`
  if (
    (kind !== "" && kind !== resource.kind) ||
    (apiVersion !== "" && (groupOf(apiVersion) !== resource.group || apiVersion !== expected))
  )
    throw badRequest(
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${resource.kind}: expected ${expected}`,
    )
  const metadata = fieldsOf(body["metadata"])
  const given = textOf(metadata["name"])
  if (name !== "" && given !== "" && given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  const namespace = textOf(metadata["namespace"])
  if (namespace !== "" && namespace !== path.namespace && resource.namespaced)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
  return body
}

export function create(writer: Writer, request: WriteRequest): Answer {
  if (request.path.subresource !== "")
    throw notImplemented(`create on the subresource ${request.path.subresource}`)
  const body = checkBody(request, readObject(request.contentType, request.bytes), request.path.name)
  const object = writer.create(request.resource, targetOf(request).namespace, body, optionsOf(request))
  return { code: 201, object }
}

/** Kinds that may not be replaced blindly. */
const conditionalKinds = new Set([
  "Lease.coordination.k8s.io",
  "CustomResourceDefinition.apiextensions.k8s.io",
])

export function update(writer: Writer, request: WriteRequest): Answer {
  const { resource, path } = request
  if (path.subresource === "scale") return writeScale(writer, request, false)
  const body = checkBody(request, readObject(request.contentType, request.bytes), path.name)
  const target = targetOf(request)
  writer.get(target)
  const version = textOf(at(body, "metadata", "resourceVersion"))
  if (version === "" && (resource.custom || conditionalKinds.has(resource.key)))
    throw invalid(resource, path.name, [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: 0: must be specified for an update",
        field: "metadata.resourceVersion",
      },
    ])
  return { code: 200, object: writer.update(target, body, optionsOf(request)) }
}

function patchedWith(how: PatchBody["how"], live: KubeObject, change: unknown, schema: MergeSchema): Fields {
  const merge = () => (how === "merge" ? mergePatch(live, change) : strategicPatch(live, change, schema))
  const patched = how === "json" ? jsonPatch(live, change) : merge()
  if (!isFields(patched)) throw badRequest("the patch does not leave an object")
  return patched
}

function writeScale(writer: Writer, request: WriteRequest, isPatch: boolean): Answer {
  const { contentType, bytes } = request
  const target = targetOf(request)
  const live = writer.get(target)
  const read = (): Fields => {
    if (!isPatch) return readObject(contentType, bytes)
    const { how, patch: change } = readPatch(contentType, bytes, Object.keys(patchTypes))
    if (how === "apply") throw notImplemented("server-side apply of the subresource scale")
    return patchedWith(how, scaleOf(live), change, {})
  }
  const object = writer.update(target, rescaled(live, read()), optionsOf(request))
  return { code: 200, body: scaleOf(object) }
}

export function patch(writer: Writer, request: WriteRequest): Answer {
  const { resource, path, info } = request
  if (path.subresource === "scale") return writeScale(writer, request, true)
  const accepted = Object.keys(patchTypes).filter((type) => !resource.custom || !type.includes("strategic"))
  const { how, patch: change } = readPatch(request.contentType, request.bytes, accepted)
  const options = optionsOf(request)
  const target = targetOf(request)
  if (how === "apply") return apply(writer, request, change)
  if (info.query.has("force"))
    throw invalid({ group: "meta.k8s.io", plural: "patchoptions", kind: "PatchOptions" }, "", [
      {
        reason: "FieldValueForbidden",
        message: "Forbidden: may not be specified for non-apply patch",
        field: "force",
      },
    ])
  const live = asVersion(resource, path.version, writer.get(target))
  const patched = patchedWith(how, live, change, resource.mergeSchema)
  return { code: 200, object: writer.update(target, checkBody(request, patched, path.name), options) }
}

function apply(writer: Writer, request: WriteRequest, config: unknown): Answer {
  const { resource, path, info } = request
  if ((info.query.get("fieldManager") ?? "") === "")
    throw invalid({ group: "meta.k8s.io", plural: "patchoptions", kind: "PatchOptions" }, "", [
      {
        reason: "FieldValueRequired",
        message: "Required value: is required for apply patch",
        field: "fieldManager",
      },
    ])
  if (!isFields(config)) throw badRequest("the applied configuration must be an object")
  if (textOf(config["apiVersion"]) === "" || textOf(config["kind"]) === "")
    throw badRequest("the applied configuration must have apiVersion and kind")
  const target = targetOf(request)
  const isNew = writer.memory.get(resource.key, target.namespace, target.name) === undefined
  if (isNew) request.require({ verb: "create", name: "" })
  const object = writer.apply(target, checkBody(request, config, path.name), {
    ...optionsOf(request),
    force: isTrue(info.query.get("force") ?? "false"),
  })
  return { code: isNew ? 201 : 200, object }
}

function removeOptions({ info, bytes, contentType }: WriteRequest): RemoveOptions {
  const body = bytes.length === 0 ? {} : readObject(contentType, bytes)
  const preconditions = fieldsOf(body["preconditions"])
  const uid = preconditions["uid"]
  const resourceVersion = preconditions["resourceVersion"]
  const inBody = Array.isArray(body["dryRun"]) ? body["dryRun"].includes("All") : false
  return {
    dryRun: inBody || readDryRun(info.query.get("dryRun")),
    preconditions: {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    },
  }
}

export function remove(writer: Writer, request: WriteRequest): Answer {
  const { resource, path } = request
  if (path.subresource !== "") throw notImplemented(`delete on the subresource ${path.subresource}`)
  const { object, gone } = writer.remove(targetOf(request), removeOptions(request))
  if (!gone) return { code: 200, object }
  const details = {
    name: path.name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: object.metadata.uid,
  }
  return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } }
}

export function removeCollection(writer: Writer, request: WriteRequest): KubeObject[] {
  const { resource, path, info } = request
  const selection = readSelection(resource, info.query, path.namespace)
  const options = removeOptions(request)
  const chosen = writer.memory.list(resource.key).filter((object) => selection.matches(object))
  return chosen.map((object) => {
    const { name, namespace = "" } = object.metadata
    return writer.remove({ resource, namespace, name }, options).object
  })
}

/** What of a resource is served beside the object itself. @throws StatusError 404, 501 */
export function checkSubresource(resource: Resource, path: ResourcePath): void {
  const { subresource } = path
  if (subresource === "" || (subresource === "status" && resource.hasStatus)) return
  if (subresource === "scale" && hasScale(resource)) return
  if (resource.custom || subresource === "status") throw notFound(resource, path.name)
  throw notImplemented(`the subresource "${subresource}" of ${resource.plural}`)
}
