import { type KindSpec, kindOf } from "#shared/kube/kinds.ts"
import { groupOf, kindKeyOf, type ObjectRef, refOf } from "#shared/kube/object.ts"
import type { WireStep } from "#shared/protocol/command.ts"
import type { Failure } from "./command.ts"

/** Where the API server has an object, at the version that it is written in. */
export type Place = { spec: KindSpec; collection: string; path: string }

/** What Kubernetes takes as a name of such objects and of namespaces; it is part of a path, which it cannot leave. */
const isName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) && !name.includes("..")

export const words = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind.split(".")[0] ?? kind} ${namespace === "" ? "" : `${namespace}/`}${name}`

const refused = (message: string): Failure => ({ code: "not_allowed", message })

function kindFailure({ kind, namespace, name }: ObjectRef, spec: KindSpec | undefined): string | null {
  if (spec?.family !== "istio" && spec?.family !== "gateway")
    return `${JSON.stringify(kind)} is not a kind that this agent writes: those are Istio's and Gateway API's`
  if (!isName(name)) return `${JSON.stringify(name)} is not a name of an object`
  if (spec.namespaced ? !isName(namespace) : namespace !== "")
    return `${JSON.stringify(namespace)} is not a namespace of a ${spec.kind}`
  return null
}

/** The place of a kind's objects. A version that this agent does not know is not made up. */
export function placeOf(ref: ObjectRef, apiVersion: string): Place | Failure {
  const spec = kindOf(ref.kind)
  const failure = kindFailure(ref, spec)
  if (failure !== null || spec === undefined) return refused(failure ?? "")
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1)
  if (groupOf(apiVersion) !== spec.group || !spec.versions.includes(version))
    return refused(`${JSON.stringify(apiVersion)} is not a version of ${spec.kind} that this agent knows`)
  const within = spec.namespaced ? `/namespaces/${ref.namespace}` : ""
  const collection = `/apis/${spec.group}/${version}${within}/${spec.plural}`
  return { spec, collection, path: `${collection}/${ref.name}` }
}

/** Fields of an object that a change may be about: not its identity, its life (finalizers, owners) or its status. */
const isOurs = (pointer: string): boolean =>
  /^\/(?!apiVersion|kind|metadata|status)[^/]+/.test(pointer) ||
  /^\/metadata\/(labels|annotations)(\/|$)/.test(pointer)

/** What is wrong with a step before the cluster is asked. */
export function stepFailure({ verb, object, apiVersion, patch, create }: WireStep): Failure | null {
  const place = placeOf(object, apiVersion)
  if ("code" in place) return place
  if (verb === "create") {
    if (create === null || JSON.stringify(refOf(create)) !== JSON.stringify(refOrder(object)))
      return refused(`the step creates ${words(object)} without saying what it is`)
    if (create.apiVersion !== apiVersion || kindKeyOf(create) !== object.kind)
      return refused(`the step creates ${words(object)} of another kind or version than it says`)
  }
  if (verb === "patch") {
    const strange = (patch ?? []).find(({ path }) => !isOurs(path))
    if (patch === null || patch.length === 0) return refused(`the step changes nothing of ${words(object)}`)
    if (strange) return refused(`${strange.path} of ${words(object)} is not what a change may be about`)
  }
  return null
}

const refOrder = ({ kind, namespace, name }: ObjectRef): ObjectRef => ({ kind, namespace, name })
