import { AppError } from "#shared/error.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { parseSelector, selects } from "#shared/kube/selector.ts"
import { at } from "./json.ts"
import type { Resource } from "./resource.ts"
import { badRequest } from "./status.ts"

/** Which objects a list, watch or collection delete is about. */
export type Selection = { matches(object: KubeObject): boolean; isAll: boolean }

/** Fields that may be selected by, beside name and namespace. Paths equal the selector's name. */
const selectable: Record<string, string[]> = {
  Pod: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  Event: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "reason",
    "type",
    "source",
  ],
  Secret: ["type"],
  Namespace: ["status.phase"],
  Node: ["spec.unschedulable"],
  Service: ["spec.clusterIP", "spec.type"],
  "ReplicaSet.apps": ["status.replicas"],
  "Job.batch": ["status.successful"],
}

type FieldTerm = { path: string[]; value: string; equal: boolean }

function parseFields(resource: Resource, text: string): FieldTerm[] {
  return text
    .split(",")
    .filter((term) => term !== "")
    .map((term) => {
      const [, field = "", op = "", value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? []
      if (field === "")
        throw badRequest(`invalid field selector: ${JSON.stringify(term)}; can't understand it`)
      const known = ["metadata.name", "metadata.namespace", ...(selectable[resource.key] ?? [])]
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
      return { path: field.split("."), value, equal: op !== "!=" }
    })
}

/** Reads `labelSelector` and `fieldSelector`. @throws StatusError 400 */
export function readSelection(resource: Resource, query: URLSearchParams, namespace: string): Selection {
  let requirements
  try {
    requirements = parseSelector(query.get("labelSelector") ?? "")
  } catch (error) {
    if (error instanceof AppError) throw badRequest(`unable to parse requirement: ${error.message}`)
    throw error
  }
  const fields = query.getAll("fieldSelector").flatMap((text) => parseFields(resource, text))
  const isAll = requirements.length === 0 && fields.length === 0 && namespace === ""
  return {
    isAll,
    matches: (object) => {
      if (namespace !== "" && object.metadata.namespace !== namespace) return false
      if (requirements.length > 0 && !selects(requirements, object.metadata.labels)) return false
      return fields.every(({ path, value, equal }) => (String(at(object, ...path) ?? "") === value) === equal)
    },
  }
}
