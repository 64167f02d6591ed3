import type { KubeObject } from "#shared/kube/object.ts"
import { kindKey } from "#shared/kube/object.ts"
import { at, fieldsOf, isFields, listOf, textOf, textsOf, type Fields } from "./json.ts"
import { customMergeSchema } from "./merge-schema.ts"
import type { Resource } from "./resource.ts"

/** A column of `kubectl get`. */
export type Column = { name: string; type: string; jsonPath: string; priority: number; description: string }

/** What a CustomResourceDefinition says about one of its versions. */
export type CustomVersion = { schema: Fields; columns: Column[]; hasStatus: boolean }

const columnsOf = (version: unknown): Column[] =>
  listOf(at(version, "additionalPrinterColumns")).map((column) => ({
    name: textOf(at(column, "name")),
    type: textOf(at(column, "type")),
    jsonPath: textOf(at(column, "jsonPath")),
    priority: Number(at(column, "priority") ?? 0),
    description: textOf(at(column, "description")),
  }))

/** Newer and stabler first: v2, v1, v1beta2, v1beta1, v1alpha3. */
export function byVersionPriority(a: string, b: string): number {
  const rank = (version: string): number[] => {
    const [, major = "0", stage, minor = "0"] = /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? []
    return [stage === undefined ? 2 : stage === "beta" ? 1 : 0, Number(major), Number(minor)]
  }
  const left = rank(a)
  const right = rank(b)
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0
    if (value !== other) return other - value
  }
  return 0
}

/** The resource that an established CustomResourceDefinition defines. */
export function customResource(crd: KubeObject): Resource {
  const spec = fieldsOf(crd["spec"])
  const names = fieldsOf(spec["names"])
  const group = textOf(spec["group"])
  const kind = textOf(names["kind"])
  const custom = new Map<string, CustomVersion>()
  let storageVersion = ""
  let mergeSource: unknown = {}
  for (const version of listOf(spec["versions"])) {
    const name = textOf(at(version, "name"))
    const schema = fieldsOf(at(version, "schema", "openAPIV3Schema"))
    if (at(version, "storage") === true) {
      storageVersion = name
      mergeSource = schema
    }
    if (at(version, "served") === false) continue
    custom.set(name, {
      schema,
      columns: columnsOf(version),
      hasStatus: isFields(at(version, "subresources", "status")),
    })
  }
  return {
    key: kindKey(group, kind),
    group,
    kind,
    listKind: textOf(names["listKind"]) || `${kind}List`,
    plural: textOf(names["plural"]),
    singular: textOf(names["singular"]) || kind.toLowerCase(),
    shortNames: textsOf(names["shortNames"]),
    categories: textsOf(names["categories"]),
    namespaced: spec["scope"] !== "Cluster",
    versions: [...custom.keys()].sort(byVersionPriority),
    storageVersion,
    hasStatus: custom.values().some((version) => version.hasStatus),
    hasGeneration: true,
    mergeSchema: customMergeSchema(mergeSource),
    custom,
  }
}

const condition = (type: string, reason: string, message: string, time: string) => ({
  type,
  status: "True",
  lastTransitionTime: time,
  reason,
  message,
})

/** The status that the API server's own controller writes: this one accepts every name at once. */
export function establishedStatus(crd: Fields, time: string): Fields {
  const spec = fieldsOf(crd["spec"])
  const before = fieldsOf(crd["status"])
  const storage = listOf(spec["versions"]).find((version) => at(version, "storage") === true)
  const stored = new Set([...textsOf(before["storedVersions"]), textOf(at(storage, "name"))])
  const known = listOf(before["conditions"])
  return {
    acceptedNames: fieldsOf(spec["names"]),
    conditions:
      known.length > 0
        ? known
        : [
            condition("NamesAccepted", "NoConflicts", "no conflicts found", time),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted", time),
          ],
    storedVersions: [...stored],
  }
}
