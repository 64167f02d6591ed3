import { type KubeObject, kindKeyOf } from "../kube/object.ts"
import { configFact } from "./fact/config.ts"
import { externalFact, namespaceFact, serviceFact } from "./fact/service.ts"
import { workloadFact } from "./fact/workload.ts"
import type { TopologyFact } from "./fact.ts"

type FactMaker = (object: KubeObject, id: string) => TopologyFact | undefined

const istio = "networking.istio.io"
const security = "security.istio.io"
const gateway = "gateway.networking.k8s.io"

const makers: Record<string, FactMaker> = {
  Namespace: namespaceFact,
  Service: serviceFact,
  Pod: workloadFact,
  "Deployment.apps": workloadFact,
  "ReplicaSet.apps": workloadFact,
  "StatefulSet.apps": workloadFact,
  "DaemonSet.apps": workloadFact,
  "Job.batch": workloadFact,
  [`WorkloadEntry.${istio}`]: workloadFact,
  [`ServiceEntry.${istio}`]: externalFact,
  [`VirtualService.${istio}`]: configFact,
  [`DestinationRule.${istio}`]: configFact,
  [`AuthorizationPolicy.${security}`]: configFact,
  [`PeerAuthentication.${security}`]: configFact,
  [`RequestAuthentication.${security}`]: configFact,
  [`HTTPRoute.${gateway}`]: configFact,
  [`GRPCRoute.${gateway}`]: configFact,
}

/** Kinds that leave a fact: changes of others never touch the graph. */
export const factKinds: readonly string[] = Object.keys(makers)

/** The id of an object's fact: `kind key/namespace/name`. */
export const factId = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`

/** What the graph needs to know about an object: nothing for most kinds, and nothing for pods and replica sets that belong to a controller. */
export function factsOf(object: KubeObject): TopologyFact[] {
  const kind = kindKeyOf(object)
  const fact = makers[kind]?.(object, factId(kind, object.metadata.namespace ?? "", object.metadata.name))
  return fact ? [fact] : []
}
