import type { KindState } from "#shared/protocol/message/status.ts"

/** What telemetry may read of the cluster: always the present content of the cache, nothing is copied before it is asked for. */

export type PodView = {
  namespace: string
  name: string
  /** `status.podIP`; empty before the pod has one. */
  ip: string
  phase: string
  ready: boolean
  node: string
  serviceAccount: string
  labels: Readonly<Record<string, string>>
  /** Only those of Istio, Prometheus and the sidecar. */
  annotations: Readonly<Record<string, string>>
  /** Containers and restartable init containers (native sidecars); `ports` are the declared ones. */
  containers: readonly {
    name: string
    image: string
    ports: readonly { name: string; port: number; protocol: string }[]
  }[]
}

export type ServiceView = {
  namespace: string
  name: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** `None` for a headless service, empty for an ExternalName. */
  clusterIp: string
  selector: Readonly<Record<string, string>>
  /** `targetPort` as text: a number or the name of a container's port; the port itself when none is given. */
  ports: readonly { name: string; port: number; targetPort: string; protocol: string }[]
}

/** The controller that made a pod (Deployment rather than its ReplicaSet, CronJob's Job as Job), or the pod itself. */
export type WorkloadView = { kind: string; namespace: string; name: string }

export type ClusterView = {
  /** UID of the namespace kube-system; empty before it was read. */
  uid(): string
  pods(): Iterable<PodView>
  services(): Iterable<ServiceView>
  workloadOf(pod: Pick<PodView, "namespace" | "name">): WorkloadView
  /** Whether the content is known: `live` or `stale`, not `syncing`, `denied` or `absent`. Keys as in shared/kube/kinds.ts. */
  stateOf(kind: "Pod" | "Service"): KindState["state"]
}
