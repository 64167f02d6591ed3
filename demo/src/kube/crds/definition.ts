import { kindOf } from "#shared/kube/kinds.ts"
import type { Fields } from "../json.ts"
import type { ObjectInput } from "../store.ts"

/** What a definition says beyond the names and versions that `shared/src/kube/kinds.ts` knows. */
export type DefinitionInput = {
  /** KindKey. */
  key: string
  shortNames?: string[]
  categories?: string[]
  /** Schema of `spec`. */
  spec: Fields
  /** A column of `kubectl get` beside name and age: title to JSON path. */
  columns?: Record<string, string>
  /** Version objects are stored in. Default: the preferred one. */
  storage?: string
  labels?: Record<string, string>
}

export const text: Fields = { type: "string" }
export const integer: Fields = { type: "integer" }
export const truth: Fields = { type: "boolean" }
export const texts: Fields = { type: "array", items: text }
export const textMap: Fields = { type: "object", additionalProperties: text }
export const anything: Fields = { type: "object", "x-kubernetes-preserve-unknown-fields": true }
export const anythings: Fields = { type: "array", items: anything }
export const port: Fields = { type: "integer", minimum: 1, maximum: 65535 }
export const duration: Fields = { type: "string" }

export const oneOf = (...values: string[]): Fields => ({ type: "string", enum: values })
export const list = (items: Fields): Fields => ({ type: "array", items })

/** An object that knows the given fields and keeps the others, as deep parts of the demo's schemas do. */
export const open = (properties: Record<string, Fields>, ...required: string[]): Fields => ({
  ...closed(properties, ...required),
  "x-kubernetes-preserve-unknown-fields": true,
})

/** An object that knows just the given fields: others are dropped. */
export const closed = (properties: Record<string, Fields>, ...required: string[]): Fields => ({
  type: "object",
  properties,
  ...(required.length > 0 ? { required } : {}),
})

const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }

/** The CustomResourceDefinition of one of the kinds in `shared/src/kube/kinds.ts`. @throws Error for a key it does not know */
export function definition(input: DefinitionInput): ObjectInput {
  const known = kindOf(input.key)
  if (!known) throw new Error(`no kind ${input.key} in shared/src/kube/kinds.ts`)
  const columns = Object.entries(input.columns ?? {}).map(([name, jsonPath]) => ({
    name,
    type: "string",
    jsonPath,
  }))
  const schema = {
    type: "object",
    properties: { spec: input.spec, status: anything },
  }
  const storage = input.storage ?? known.versions[0]
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${known.plural}.${known.group}`, ...(input.labels ? { labels: input.labels } : {}) },
    spec: {
      group: known.group,
      scope: known.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: known.kind,
        listKind: `${known.kind}List`,
        plural: known.plural,
        singular: known.kind.toLowerCase(),
        ...(input.shortNames ? { shortNames: input.shortNames } : {}),
        ...(input.categories ? { categories: input.categories } : {}),
      },
      versions: known.versions.map((name) => ({
        name,
        served: true,
        storage: name === storage,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: [...columns, age],
      })),
    },
  }
}
