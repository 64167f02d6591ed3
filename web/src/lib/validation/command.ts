import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import type { Edit, PatchOperation } from "#shared/edit/edit.ts"
import { suppressAnnotation } from "#shared/validation/suppression.ts"

/** A word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** `virtualservice.networking.istio.io reviews -n bookinfo`, as kubectl takes it. */
const target = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind.toLowerCase()} ${name}${namespace === "" ? "" : ` -n ${namespace}`}`

const stepsOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))

function valueAt(object: unknown, pointer: string): unknown {
  let value = object
  for (const step of stepsOf(pointer))
    value = value !== null && typeof value === "object" ? (value as Record<string, unknown>)[step] : undefined
  return value
}

/** Guards what a patch takes away or replaces: it is refused when somebody changed the place in the meantime. */
const guarded = (patch: readonly PatchOperation[], object: KubeObject | undefined): unknown[] => {
  const [first] = patch
  const before = first && first.op !== "add" && object ? valueAt(object, first.path) : undefined
  const plain = typeof before === "string" || typeof before === "number" || typeof before === "boolean"
  return plain && first ? [{ op: "test", path: first.path, value: before }, ...patch] : [...patch]
}

/**
 * An edit as a line for a shell.
 * @param yamlOf writes an object that is to be created
 */
export function commandOf(
  edit: Edit,
  objectOf: (ref: ObjectRef) => KubeObject | undefined,
  yamlOf: (object: KubeObject) => string,
): string {
  if ("create" in edit) return `kubectl apply -f - <<'EOF'\n${yamlOf(edit.create)}EOF`
  if ("remove" in edit) return `kubectl delete ${target(edit.remove)}`
  const patch = JSON.stringify(guarded(edit.patch, objectOf(edit.object)))
  return `kubectl patch ${target(edit.object)} --type=json -p ${quoted(patch)}`
}

/** What an annotation of the object says to be silent about a code, beside what it says already. `until`: a day, `2026-12-31`. */
export function annotationOf(code: string, until: string | undefined, before = ""): string {
  const own = until === undefined ? code : `${code} until ${until}`
  const others = before
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && part.split(/\s+/)[0] !== code)
  return [...others, own].join(", ")
}

export const annotateCommand = (ref: ObjectRef, value: string): string =>
  `kubectl annotate ${target(ref)} --overwrite ${quoted(`${suppressAnnotation}=${value}`)}`
