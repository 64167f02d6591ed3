import type { Mesh } from "../istio/mesh.ts"
import type { KubeObject, ObjectRef } from "../kube/object.ts"

/** What an intent is held against: one cluster as it is now. */
export type World = {
  object(ref: ObjectRef): KubeObject | undefined
  /** Objects of a kind, of one namespace or of all, in order of namespace and name. */
  list(kind: string, namespace?: string): readonly KubeObject[]
  /** What the objects mean (shared/src/istio). */
  mesh: Mesh
  /** Whether the cluster serves the kind. */
  serves(kind: string): boolean
  /** Who has called a service in the last minutes, by workload; absent or undefined: nothing was measured. */
  callers?(service: { namespace: string; name: string }): readonly Caller[] | undefined
}

/** A workload (empty: unknown) that calls a service, as its proxies measured it. */
export type Caller = {
  name: string
  namespace: string
  /** Whether its calls come by mutual TLS. */
  mtls: boolean
  requestsPerSecond: number
}
