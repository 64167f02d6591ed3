import type { KubeObject } from "../../kube/object.ts"
import { type Json, record, stringMap } from "../../topology/fact/read.ts"

function strings(value: unknown): value is Record<string, string> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false
  for (const name in value) if (typeof (value as Json)[name] !== "string") return false
  return true
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== ""

/**
 * The object as checks may rely on it: named, with labels and annotations that are maps of texts. Undefined when it has no kind, version or name,
 * and so is nobody's. What had to be left out is for the structure rules to say, which look at `original`.
 */
export function wellFormed(original: unknown): KubeObject | undefined {
  const object = record(original)
  const metadata = record(object["metadata"])
  if (!isName(object["apiVersion"]) || !isName(object["kind"]) || !isName(metadata["name"])) return undefined
  const { labels, annotations, namespace, creationTimestamp } = metadata
  const fine =
    (labels === undefined || strings(labels)) &&
    (annotations === undefined || strings(annotations)) &&
    (namespace === undefined || typeof namespace === "string") &&
    (creationTimestamp === undefined || typeof creationTimestamp === "string")
  if (fine) return object as KubeObject
  const { labels: _l, annotations: _a, namespace: _n, creationTimestamp: _c, ...rest } = metadata
  const kept = {
    ...rest,
    ...(labels === undefined ? {} : { labels: stringMap(labels) }),
    ...(annotations === undefined ? {} : { annotations: stringMap(annotations) }),
    ...(typeof namespace === "string" ? { namespace } : {}),
    ...(typeof creationTimestamp === "string" ? { creationTimestamp } : {}),
  }
  return { ...object, metadata: kept } as KubeObject
}
