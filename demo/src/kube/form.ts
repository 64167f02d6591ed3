import type { KubeObject } from "#shared/kube/object.ts"
import type { Resource } from "./resource.ts"
import { StatusError } from "./status.ts"
import { tableOf, type Row } from "./table.ts"

/** In which shape objects go out: as they are, only their metadata, or as rows of a table. */
export type Form = "object" | "metadata" | "table"

/** The first form in `Accept` that we can write. @throws StatusError 406 */
export function formOf(accept: string | undefined): Form {
  const wanted = (accept ?? "application/json").split(",").map((part) => part.trim())
  for (const part of wanted) {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim())
    if (!["application/json", "application/*", "*/*", ""].includes(type)) continue
    const as = parameters.find((parameter) => parameter.startsWith("as="))?.slice(3)
    if (as === undefined) return "object"
    if (as === "Table") return "table"
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "metadata"
  }
  throw new StatusError(406, "NotAcceptable", "only the following media types are accepted: application/json")
}

const meta = "meta.k8s.io/v1"

/** The object under the apiVersion of the request. */
export function asVersion(resource: Resource, version: string, object: KubeObject): KubeObject {
  const apiVersion = resource.group === "" ? version : `${resource.group}/${version}`
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion }
}

const partial = (object: KubeObject) => ({
  kind: "PartialObjectMetadata",
  apiVersion: meta,
  metadata: object.metadata,
})

/** What goes out how; `now` in milliseconds, for the ages in tables. */
export type Shape = { resource: Resource; version: string; form: Form; now(): number }

/** One object in the wanted form. */
export function shaped({ resource, version, form, now }: Shape, object: KubeObject): unknown {
  const versioned = asVersion(resource, version, object)
  if (form === "metadata") return partial(versioned)
  if (form === "object") return versioned
  const { columns, row } = tableOf(resource, version, now())
  return table({ resourceVersion: object.metadata.resourceVersion }, columns, [row(versioned)])
}

const table = (metadata: object, columnDefinitions: object[], rows: Row[]) => ({
  kind: "Table",
  apiVersion: meta,
  metadata,
  columnDefinitions,
  rows,
})

export type ListMetadata = { resourceVersion: string; continue?: string; remainingItemCount?: number }

/** A list as JSON text. Items of built-in kinds come without kind and apiVersion, as the real API leaves them out. */
export function shapedList(shape: Shape, metadata: ListMetadata, objects: readonly KubeObject[]): string {
  const { resource, version, form, now } = shape
  if (form === "table") {
    const { columns, row } = tableOf(resource, version, now())
    return JSON.stringify(table(metadata, columns, objects.map(row)))
  }
  const apiVersion = resource.group === "" ? version : `${resource.group}/${version}`
  if (form === "metadata")
    return JSON.stringify({
      kind: "PartialObjectMetadataList",
      apiVersion: meta,
      metadata,
      items: objects.map((object) => ({ metadata: object.metadata })),
    })
  const items = objects.map((object) => {
    if (resource.custom) return JSON.stringify(asVersion(resource, version, object))
    const { apiVersion: _version, kind: _kind, ...rest } = object
    return JSON.stringify(rest)
  })
  const head = JSON.stringify({ kind: resource.listKind, apiVersion, metadata }).slice(0, -1)
  return `${head},"items":[${items.join(",")}]}`
}
