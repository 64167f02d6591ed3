import type { KubeObject } from "#shared/kube/object.ts"
import { timestamp, uidOf, type Clock } from "./clock.ts"
import { fieldsOf, textOf, without, type Fields } from "./json.ts"
import type { Resource } from "./resource.ts"
import { conflict, staleWrite } from "./status.ts"

/** Which object a request is about. */
export type Target = { resource: Resource; namespace: string; name: string }

/** Metadata of a new object: what the writer may set, and the identity that the server gives. */
export const freshMetadata = (
  { resource, namespace, name }: Target,
  given: Fields,
  clock: Clock,
): Fields => ({
  ...without(
    given,
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
  ),
  name,
  ...(resource.namespaced ? { namespace } : {}),
  uid: uidOf(clock, resource.key, name),
  creationTimestamp: timestamp(clock),
  ...(resource.hasGeneration ? { generation: 1 } : {}),
})

/** A write is about the object that the writer saw. @throws StatusError 409 */
export function checkIdentity({ resource, name }: Target, before: KubeObject, metadata: Fields): void {
  const version = textOf(metadata["resourceVersion"])
  if (version !== "" && version !== before.metadata.resourceVersion) throw staleWrite(resource, name)
  checkUid({ resource, name }, before, textOf(metadata["uid"]))
}

/** @throws StatusError 409 when a wanted UID is another one */
export function checkUid(
  { resource, name }: Omit<Target, "namespace">,
  before: KubeObject,
  uid: string,
): void {
  if (uid !== "" && uid !== before.metadata.uid)
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    )
}

const serverFields = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
]

const pick = (metadata: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])))

/** What of an object a write reaches: all of it, all but its status, or its status alone. */
export type Reach = "all" | "main" | "status"

/** The new object with what an update may not change put back. */
export function rebased(before: KubeObject, body: Fields, reach: Reach): Fields {
  const metadata: Fields = {
    ...without(fieldsOf(body["metadata"]), "selfLink", ...serverFields),
    ...pick(before.metadata, serverFields),
  }
  if (reach === "status") {
    const kept = pick(before.metadata, [
      "labels",
      "annotations",
      "finalizers",
      "ownerReferences",
      ...serverFields,
    ])
    return { ...before, status: body["status"], metadata: kept }
  }
  if (reach === "all") return { ...body, metadata }
  return { ...without(body, "status"), ...("status" in before ? { status: before["status"] } : {}), metadata }
}
