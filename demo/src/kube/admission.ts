import { timestamp, type Clock } from "./clock.ts"
import { builtinDefaults } from "./defaults.ts"
import { fieldsOf, listOf, textOf, type Fields } from "./json.ts"
import type { Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import { badRequest, invalid, type Cause } from "./status.ts"
import { hasRules, prune, schemaCauses, withDefaults } from "./structural.ts"

/** How a write is checked. */
export type CheckOptions = {
  /** Version of the API the object is written in. */
  version: string
  /** What happens to unknown fields of custom objects. Default Warn. */
  validation?: "Strict" | "Warn" | "Ignore"
  /** Gets what the caller should be told. */
  warn?: (message: string) => void
}

const definitionKey = "CustomResourceDefinition.apiextensions.k8s.io"

function report(unknown: string[], { validation, warn }: CheckOptions): void {
  if (unknown.length === 0 || validation === "Ignore") return
  const found = unknown.map((path) => `unknown field "${path}"`)
  if (validation === "Strict") throw badRequest(`strict decoding error: ${found.join(", ")}`)
  for (const message of found) warn?.(message)
}

const schemaOf = (resource: Resource, version: string): Fields | undefined =>
  (resource.custom?.get(version) ?? resource.custom?.get(resource.storageVersion))?.schema

/** The object without what its schema does not know. @throws StatusError 400 when that is refused */
export function pruned(resource: Resource, object: Fields, options: CheckOptions): Fields {
  const schema = schemaOf(resource, options.version)
  if (!schema) return object
  const unknown: string[] = []
  const known = fieldsOf(prune(object, schema, "", unknown))
  report(unknown, options)
  return known
}

const cause = (field: string, message: string): Cause => ({ reason: "FieldValueInvalid", message, field })

function definitionCauses(crd: Fields): Cause[] {
  const spec = fieldsOf(crd["spec"])
  const name = textOf(fieldsOf(crd["metadata"])["name"])
  const wanted = `${textOf(fieldsOf(spec["names"])["plural"])}.${textOf(spec["group"])}`
  const storage = listOf(spec["versions"]).filter((version) => fieldsOf(version)["storage"] === true)
  return [
    ...(name === wanted
      ? []
      : [cause("metadata.name", `Invalid value: "${name}": must be spec.names.plural+"."+spec.group`)]),
    ...(storage.length === 1
      ? []
      : [cause("spec.versions", "Invalid value: must have exactly one version marked as storage version")]),
  ]
}

/** Defaults and checks what is about to be stored. */
export class Admission {
  #addresses = 0
  readonly #clock: Clock
  readonly #registry: Registry
  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
  }

  /** The object as it will be stored: defaulted, pruned, in its storage version. @throws StatusError 422, 400 */
  admit(resource: Resource, object: Fields, before: Fields | undefined, options: CheckOptions): Fields {
    const { group, kind, storageVersion } = resource
    const apiVersion = group === "" ? storageVersion : `${group}/${storageVersion}`
    const typed: Fields = { ...object, apiVersion, kind }
    const schema = schemaOf(resource, options.version)
    if (!schema) {
      if (resource.key === definitionKey) this.#checkDefinition(typed, options)
      return builtinDefaults(resource.key, typed, before, {
        time: timestamp(this.#clock),
        clusterIp: () => this.#nextAddress(),
      })
    }
    const filled = fieldsOf(withDefaults(pruned(resource, typed, options), schema))
    const causes = schemaCauses(filled, schema)
    if (causes.length > 0) throw invalid(resource, textOf(fieldsOf(filled["metadata"])["name"]), causes)
    return filled
  }

  #checkDefinition(crd: Fields, options: CheckOptions): void {
    const resource = this.#registry.byKind(definitionKey)
    const causes = definitionCauses(crd)
    if (resource && causes.length > 0)
      throw invalid(resource, textOf(fieldsOf(crd["metadata"])["name"]), causes)
    if (hasRules(fieldsOf(crd["spec"])["versions"]))
      options.warn?.("the demo cluster does not evaluate CEL rules (x-kubernetes-validations)")
  }

  #nextAddress(): string {
    this.#addresses += 1
    return `10.96.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`
  }
}
