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
  /** Those of them that have the traffic. */
  active: readonly Instance[]
}

/** Source: istio.io, "Canonical service": labels, else app, else the workload's name. */
type Options = { trustDomain: string; activePods: number }

function workloadOf(instances: readonly Instance[], first: Instance, options: Options): Workload {
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
    principal: `spiffe://${options.trustDomain}/ns/${namespace}/sa/${first.serviceAccount}`,
    labels,
    sidecar: first.sidecar,
    gateway: first.gateway,
    instances,
    active: instances.slice(0, options.activePods),
  }
}

/** Workloads with something ready behind them, by `namespace/name`. */
export function workloadsOf(mesh: Mesh, activePods = Infinity): Map<string, Workload> {
  const options = { trustDomain: mesh.settings.trustDomain, activePods }
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
      return first ? [[key, workloadOf(instances, first, options)] as const] : []
    }),
  )
}

export const clientOf = (workload: Workload): Client => ({
  kind: workload.gateway ? "gateway" : "sidecar",
  namespace: workload.namespace,
  labels: workload.labels,
})
