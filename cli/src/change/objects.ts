import type { ChangeStep } from "#shared/api/change.ts"
import { plainObject } from "#shared/edit/plain.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { documentText } from "../output.ts"

/** What becomes of one object in one cluster, over all steps that touch it. */
export type ObjectChange = {
  cluster: string
  object: ChangeStep["object"]
  before: KubeObject | null
  after: KubeObject | null
}

/** In the order in which they are first touched. */
export function objectChanges(steps: readonly ChangeStep[]): ObjectChange[] {
  const byObject = new Map<string, ObjectChange>()
  for (const { cluster, object, before, after } of steps) {
    const key = JSON.stringify([cluster, object.kind, object.namespace, object.name])
    const known = byObject.get(key)
    if (known) known.after = after
    else byObject.set(key, { cluster, object, before, after })
  }
  return [...byObject.values()]
}

/** An object in YAML as a person would commit it; empty for none. */
export const objectText = (object: KubeObject | null): string =>
  object === null ? "" : documentText("yaml", plainObject(object))

/** Several as `kubectl` prints and reads them: documents, or one List. */
export function objectsText(format: "json" | "yaml", objects: readonly KubeObject[]): string {
  const plain = objects.map(plainObject)
  if (format === "yaml") return plain.map((object) => documentText("yaml", object)).join("---\n")
  const [only] = plain
  return documentText("json", plain.length === 1 ? only : { apiVersion: "v1", kind: "List", items: plain })
}
