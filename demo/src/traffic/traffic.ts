import { type MeshSettings, defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Demand } from "./behaviour.ts"
import { Counters } from "./counters.ts"
import { type Series, exposition } from "./exposition.ts"
import type { Flow } from "./flow.ts"
import { type Plan, planTraffic } from "./plan.ts"

/** What the traffic needs of the demo's Kubernetes API. */
export type TrafficStore = {
  list(kind: string): readonly KubeObject[]
  subscribe(listener: () => void, kinds: readonly string[]): () => void
}

export type TrafficOptions = {
  store: TrafficStore
  demand: Demand
  /** Milliseconds since 1970. */
  now: () => number
  /** Istio's id of the cluster. */
  cluster: string
  /** How far the load swings around its mean, 0..1; 0 keeps every rate constant. */
  amplitude: number
  settings?: MeshSettings
}

/** Kinds that change who talks to whom, how, and with what success. */
export const trafficKinds: readonly string[] = [
  "Pod",
  "Service",
  ...["VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "WorkloadEntry"].map(
    (kind) => `${kind}.networking.istio.io`,
  ),
  ...["PeerAuthentication", "AuthorizationPolicy"].map((kind) => `${kind}.security.istio.io`),
  ...["Gateway", "HTTPRoute"].map((kind) => `${kind}.gateway.networking.k8s.io`),
]

/** The traffic of a demo mesh: it follows the live objects, and counts as the proxies would. */
export type Traffic = {
  /** Works out the rates anew when an object changed since. Every read does it too. */
  advance(): void
  /** Prometheus text of one pod's proxy; undefined when there is no such pod or it has no proxy. */
  metrics(namespace: string, pod: string): string | undefined
  /** The text of all proxies, each series with `namespace` and `pod` of its proxy. */
  allMetrics(): string
  /** Pods whose proxies can be scraped. */
  pods(): { namespace: string; pod: string }[]
  /** Rates right now, before the swing of the load. */
  flows(): readonly Flow[]
  close(): void
}

/** A pod with a proxy that counts. */
type Proxy = { key: string; namespace: string; pod: string; workload: string; active: boolean }

function proxiesOf(plan: Plan): Map<string, Proxy> {
  const proxies = new Map<string, Proxy>()
  for (const workload of plan.workloads.values()) {
    if (!workload.sidecar) continue
    const active = new Set(workload.active)
    for (const instance of workload.instances) {
      const { namespace, name } = instance
      const key = `${namespace}/${name}`
      if (instance.object.kind === "Pod")
        proxies.set(key, { key, namespace, pod: name, workload: workload.key, active: active.has(instance) })
    }
  }
  return proxies
}

export function createTraffic(options: TrafficOptions): Traffic {
  const { store, demand, now, cluster, amplitude, settings = defaultSettings } = options
  const counters = new Counters(amplitude)
  let plan: Plan = { flows: [], workloads: new Map() }
  let proxies: ReadonlyMap<string, Proxy> = new Map()
  let stale = true
  let latest = now()

  /** A clock that is set back stands still here: counters never fall. */
  const time = (): number => (latest = Math.max(latest, now()))
  const advance = (): void => {
    if (!stale) return
    stale = false
    const mesh = indexMesh(
      trafficKinds.flatMap((kind) => store.list(kind)),
      settings,
    )
    plan = planTraffic(mesh, demand, cluster)
    counters.follow(plan, time())
    proxies = proxiesOf(plan)
  }
  const stop = store.subscribe(() => {
    stale = true
  }, trafficKinds)

  const seriesOf = ({ key, workload, active }: Proxy, prefix: string): Series[] =>
    active ? counters.of(workload, key, time()).map((counter) => ({ prefix, counter })) : []

  return {
    advance,
    metrics: (namespace, pod) => {
      advance()
      const proxy = proxies.get(`${namespace}/${pod}`)
      return proxy && exposition(seriesOf(proxy, ""))
    },
    allMetrics: () => {
      advance()
      return exposition(
        [...proxies.values()].flatMap((proxy) =>
          seriesOf(proxy, `namespace="${proxy.namespace}",pod="${proxy.pod}",`),
        ),
      )
    },
    pods: () => {
      advance()
      return [...proxies.values()].map(({ namespace, pod }) => ({ namespace, pod }))
    },
    flows: () => {
      advance()
      return plan.flows
    },
    close: stop,
  }
}
