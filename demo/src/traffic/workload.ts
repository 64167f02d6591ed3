import type { Client } from "#shared/istio/client.ts"
import type { Instance } from "#shared/istio/instance.ts"
import type { Mesh } from "#shared/istio/mesh.ts"

/** The pods (or the entry) of one workload: what metrics speak of. */
export type Workload = {
  /** `namespace/name`. */
  key: string
  namespace: string
  name: string
  app: string
  version: string
  canonicalName: string
  canonicalRevision: string
  principal: string
  labels: Readonly<Record<string, string>>
  sidecar: boolean
  gateway: boolean
  /** Ready ones. */
  instances: readonly Instance[]
}

/** Source: istio.io, "Canonical service": labels, else app, else the workload's name. */
function workloadOf(instances: readonly Instance[], first: Instance, trustDomain: string): Workload {
  const { namespace, labels, workload } = first
  const app = labels["app"] ?? labels["app.kubernetes.io/name"]
  const version = labels["version"] ?? labels["app.kubernetes.io/version"]
  return {
    key: `${namespace}/${workload.name}`,
    namespace,
    name: workload.name,
    app: labels["app"] ?? "unknown",
    version: labels["version"] ?? "unknown",
    canonicalName: labels["service.istio.io/canonical-name"] ?? app ?? workload.name,
    canonicalRevision: labels["service.istio.io/canonical-revision"] ?? version ?? "latest",
    principal: `spiffe://${trustDomain}/ns/${namespace}/sa/${first.serviceAccount}`,
    labels,
    sidecar: first.sidecar,
    gateway: first.gateway,
    instances,
  }
}

/** Workloads with something ready behind them, by `namespace/name`. */
export function workloadsOf(mesh: Mesh): Map<string, Workload> {
  const grouped = new Map<string, Instance[]>()
  for (const instance of [...mesh.instances.values()].flat()) {
    if (!instance.ready) continue
    const key = `${instance.namespace}/${instance.workload.name}`
    const known = grouped.get(key)
    if (known) known.push(instance)
    else grouped.set(key, [instance])
  }
  return new Map(
    [...grouped].flatMap(([key, instances]) => {
      const first = instances[0]
      return first ? [[key, workloadOf(instances, first, mesh.settings.trustDomain)] as const] : []
    }),
  )
}

export const clientOf = (workload: Workload): Client => ({
  kind: workload.gateway ? "gateway" : "sidecar",
  namespace: workload.namespace,
  labels: workload.labels,
})
