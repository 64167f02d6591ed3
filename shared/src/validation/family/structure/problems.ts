import { kinds } from "./kinds.ts"
import { version as versionRule } from "./rules.ts"
import type { ObjectSchema } from "./schema.ts"
import { type Problem, problemsOf } from "./walk.ts"

export type { Problem } from "./walk.ts"

const none: readonly Problem[] = []

const versionOf = (apiVersion: unknown): string =>
  typeof apiVersion === "string" ? apiVersion.slice(apiVersion.indexOf("/") + 1) : ""

/** The schema of whole objects of a kind (KindKey), in a version or the newest; undefined for a kind or version that is not known. */
export function schemaOf(kindKey: string, version?: string): ObjectSchema | undefined {
  const versions = kinds.get(kindKey)?.versions
  if (version !== undefined) return versions?.get(version)
  return versions?.values().next().value
}

/**
 * In what an object is not as the definition of its kind says, whatever else there is: types, fields, limits and conditions. Nothing for a kind that
 * is not known. Takes any JSON; throws on none.
 */
export function structuralProblems(
  kindKey: string,
  object: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const known = kinds.get(kindKey)
  if (known === undefined) return none
  const usual = known.byApiVersion.get(object["apiVersion"])
  if (usual !== undefined) return problemsOf(usual, object)
  const version = versionOf(object["apiVersion"])
  const schema = known.versions.get(version)
  if (schema !== undefined) return problemsOf(schema, object)
  return [
    {
      rule: versionRule,
      path: "apiVersion",
      message: `${known.kind} has no version ${version || "of none"}; it has ${[...known.versions.keys()].join(", ")}`,
      fix: null,
    },
  ]
}
