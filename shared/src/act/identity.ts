import type { ObjectRef } from "../kube/object.ts"
import type { Caller } from "../protocol/command.ts"
import { type KubeIdentity, type Policy, policyPlace, type Verb, type Who } from "./policy.ts"

/** ASCII only: a Kelvin sign is no k, in an address no more than elsewhere. */
const lowered = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Whether two addresses are of one member. */
export const isSameAddress = (a: string, b: string): boolean => lowered(a) === lowered(b)

function fits(who: Who, caller: Caller): boolean {
  if ("member" in who) return caller.kind === "user" && isSameAddress(who.member, caller.name)
  if ("token" in who) return caller.kind === "token" && who.token === caller.name
  return who.role === caller.role
}

/** As whom Kubernetes is asked for this caller: by the first line that fits. Null: for nobody. */
export const identityOf = ({ identities }: Policy, caller: Caller): KubeIdentity | null =>
  identities.find(({ who }) => fits(who, caller))?.as ?? null

const isWithin = (names: readonly string[], namespace: string): boolean =>
  names.includes("*") || (namespace !== "" && names.includes(namespace))

/** Null when the owner's policy allows it; otherwise why not, and the line that would. */
export function allowedBy({ allow }: Policy, verb: Verb, ref: ObjectRef): string | null {
  const fitting = allow.some(
    ({ kinds, verbs, namespaces }) =>
      kinds.includes(ref.kind) && verbs.includes(verb) && isWithin(namespaces, ref.namespace),
  )
  if (fitting) return null
  const where = ref.namespace === "" ? "of the whole cluster" : `in namespace ${ref.namespace}`
  const namespaces = ref.namespace === "" ? "*" : ref.namespace
  const line = `- { kinds: [${ref.kind}], verbs: [${verb}], namespaces: ["${namespaces}"] }`
  return `the cluster's policy does not allow ${verb} of ${ref.kind} ${where}; its owner would add under allow in the ConfigMap ${policyPlace.configMap}: ${line}`
}
