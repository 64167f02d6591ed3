import { isRecord } from "../topology/fact/read.ts"
import type { Problem } from "./problem.ts"

/** Why a value is no object, and where in it. */
export type Fault = Pick<Problem, "level" | "message" | "remedy"> & { at: readonly string[] }

const identityRemedy = "A Kubernetes object begins with apiVersion, kind and metadata.name"

const error = (at: readonly string[], message: string, remedy: string = identityRemedy): Fault => ({
  at,
  level: "error",
  message,
  remedy,
})

const nameOf = (value: unknown): string =>
  Array.isArray(value) ? "list" : value === null ? "null" : typeof value

/** A field that is there and no text; undefined for one that is text, and for none. */
function notText(value: Record<string, unknown>, field: string, at: readonly string[]): Fault | undefined {
  const text = value[field] ?? undefined
  if (text === undefined || typeof text === "string") return undefined
  const path = [...at, field]
  const quoted = typeof text === "object" ? "a text" : `"${String(text)}"`
  return error(
    path,
    `has a ${path.join(".")} that is a ${nameOf(text)}, not a text`,
    `Write ${field}: ${quoted}`,
  )
}

/** Why a value is no object; undefined for one. */
export function faultIn(value: unknown): Fault | undefined {
  if (!isRecord(value)) return error([], `is a ${nameOf(value)}, not an object`)
  for (const field of ["apiVersion", "kind"])
    if ((value[field] ?? "") === "") return error([], `has no ${field}`)
  const { metadata, kind } = value
  const wrong = notText(value, "apiVersion", []) ?? notText(value, "kind", [])
  if (wrong) return wrong
  if (!isRecord(metadata) || (metadata["name"] ?? "") === "")
    return withoutName(isRecord(metadata) ? metadata : {}, String(kind))
  return notText(metadata, "name", ["metadata"]) ?? notText(metadata, "namespace", ["metadata"])
}

/** Files of tools beside the objects, and objects that get their name when they are made. */
function withoutName(metadata: Record<string, unknown>, kind: string): Fault {
  if (metadata["generateName"] !== undefined)
    return {
      at: [],
      level: "warning",
      message: `is a ${kind} that gets its name when it is made (generateName); it was not validated`,
      remedy: "Give it a metadata.name to have it validated",
    }
  if (kind === "Kustomization" || kind === "Component" || kind === "IstioOperator")
    return {
      at: [],
      level: "warning",
      message: `is a ${kind} without a name; it was not validated`,
      remedy:
        kind === "IstioOperator"
          ? "Give it a metadata.name"
          : "Validate what it makes: kustomize build DIR | smm validate -f -",
    }
  return error(["metadata"], "has no metadata.name")
}
