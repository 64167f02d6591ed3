import { fieldManager, claimOf } from "#shared/act/owner.ts"
import type { ObjectRef } from "#shared/kube/object.ts"
import type { FieldOwner } from "#shared/protocol/command.ts"
import { KubeError } from "../cluster/api.ts"
import { EarlyRefusal } from "../cluster/early-refusal.ts"
import type { Failure } from "./command.ts"
import { words } from "./place.ts"

/** No answer, or one that says nothing about the write: whether it was done has to be looked up. */
export const isUncertain = (error: unknown): boolean =>
  !(error instanceof KubeError) ||
  error instanceof EarlyRefusal ||
  error.status === 429 ||
  (error.status >= 500 && !callsWebhook.test(error.message))

const callsWebhook = /failed calling webhook "([^"]+)"/
const deniedByWebhook = /admission webhook "([^"]+)" denied the request:?\s*/
const deniedByRbac = /cannot (create|patch|update|delete|get|list) resource/
const deniedImpersonation = /cannot impersonate resource "(\w+)"/

const causesOf = ({ causes, message }: KubeError): string =>
  causes.length === 0 ? message : causes.map(({ field, message: why }) => `${field}: ${why}`).join("; ")

function forbidden(error: KubeError): Failure {
  const { message } = error
  if (deniedImpersonation.test(message))
    return {
      code: "not_allowed",
      message: `${message}: the agent's install manifest bounds whom it may impersonate; add the user or group there`,
    }
  return { code: deniedByRbac.test(message) ? "forbidden" : "refused", message }
}

const kindGone = ({ message }: KubeError, ref: ObjectRef): Failure => ({
  code: "kind_gone",
  message: `the cluster does not serve ${ref.kind} any more: ${message}`,
})

/** A path that nobody serves is answered by plain text, of which no reason can be read. */
function missing(error: KubeError, ref: ObjectRef): Failure {
  const { message, reason } = error
  if (/namespaces "[^"]*" not found/.test(message)) return { code: "gone", message }
  if (reason === "" || /could not find the requested resource/.test(message)) return kindGone(error, ref)
  return { code: "gone", message: `${words(ref)} is not there any more` }
}

function conflict(error: KubeError, ref: ObjectRef): Failure {
  const { reason, message, causes } = error
  if (reason === "AlreadyExists") return { code: "exists", message: `${words(ref)} is there already` }
  if (causes.some((cause) => cause.reason === "FieldManagerConflict")) return { code: "conflict", message }
  return { code: "outdated", message: `${words(ref)} was changed in the meantime: ${message}` }
}

function webhook({ message }: KubeError): Failure | null {
  const denied = deniedByWebhook.exec(message)
  if (denied)
    return {
      code: "refused",
      message: `the admission webhook ${denied[1]} refuses it: ${message.replace(deniedByWebhook, "")}`,
    }
  const called = callsWebhook.exec(message)
  return (
    called && {
      code: "unavailable",
      message: `the admission webhook ${called[1]} did not answer: ${message}`,
    }
  )
}

function byStatus(error: KubeError, ref: ObjectRef): Failure {
  const { status, message } = error
  if (status === 403) return forbidden(error)
  if (status === 404) return missing(error, ref)
  if (/custom resource definition is terminating/.test(message)) return kindGone(error, ref)
  if (status === 409) return conflict(error, ref)
  if (status === 410) return { code: "gone", message }
  if (status === 401 || status === 429 || status >= 500)
    return { code: "unavailable", message: `the API server answered ${status}: ${message}` }
  return { code: "refused", message: causesOf(error) }
}

/** What an answer of the API server to a write of this object means. */
export function failureOf(error: unknown, ref: ObjectRef): Failure {
  if (error instanceof KubeError) return webhook(error) ?? byStatus(error, ref)
  const reason = error instanceof Error ? error.message : String(error)
  return { code: "unavailable", message: `the API server did not answer: ${reason}` }
}

/** Who owns the fields of a conflict that the API server found. */
export function ownersIn(error: unknown, object: ObjectRef): FieldOwner[] {
  if (!(error instanceof KubeError)) return []
  return error.causes.flatMap(({ reason, message, field }): FieldOwner[] => {
    const [, manager = ""] = /conflict with "([^"]+)"/.exec(message) ?? []
    if (reason !== "FieldManagerConflict" || manager === fieldManager) return []
    const operation = message.includes(" using ") ? "Update" : "Apply"
    const path = field.replace(/^\./, "")
    return [{ object, path, manager, operation, at: null, claim: claimOf(manager, operation) }]
  })
}
