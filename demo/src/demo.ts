import { type KubeApi, createKubeApi } from "#demo/kube/kube-api.ts"
import { StatusError } from "#demo/kube/status.ts"
import type { KubeStore, ObjectInput } from "#demo/kube/store.ts"
import { actingObjects, gitopsManager, isConfig, writerOf } from "./mesh/acting.ts"
import { bookinfo } from "./mesh/bookinfo.ts"
import { large } from "./mesh/large.ts"
import { shop } from "./mesh/shop.ts"
import { startControllers } from "./mesh/control/controllers.ts"
import { startGitOps } from "./mesh/control/gitops.ts"
import { clusterId } from "./mesh/control-plane.ts"
import { type DemoMesh, proxyImage } from "./mesh/parts.ts"
import { metricsPath, serveMetrics } from "./traffic/server.ts"
import { type Traffic, type TrafficStore, createTraffic } from "./traffic/traffic.ts"

export type MeshName = "bookinfo" | "shop" | "large"

export type DemoOptions = {
  mesh: MeshName
  /** Port of the Kubernetes API on loopback; 0 or none picks a free one. */
  port?: number
  /** Milliseconds since 1970. */
  now: () => number
  /** How often pods and traffic catch up with the objects, without being asked. */
  tickMs: number
  /** How far the load swings around its mean, 0..1; 0 keeps every rate constant. Default 0.15. */
  amplitude?: number
  /** The cluster's identity: the UID of kube-system. Absent: a new cluster each time. */
  clusterUid?: string
}

/** A cluster in memory: its Kubernetes API, and the proxies' metrics. */
export type Demo = {
  /** Text of a kubeconfig for the API. */
  kubeconfig: string
  /** The Kubernetes API. */
  url: string
  /** The metrics server: `/stats/prometheus/NAMESPACE/POD`, `/metrics/all`, and `/sd` for Prometheus' http_sd. */
  metricsUrl: string
  kube: KubeApi
  traffic: Traffic
  /** Prometheus text of a pod's proxy; undefined when it has none. */
  metrics(namespace: string, pod: string): string | undefined
  /** Lets pods, endpoints and rates follow the objects now. */
  settle(): void
  close(): Promise<void>
}

const meshes: Record<MeshName, () => DemoMesh> = { bookinfo, shop, large: () => large() }

/** A kind whose definition somebody removed has no objects. */
const trafficStore = ({ list, subscribe }: KubeStore): TrafficStore => ({
  subscribe,
  list: (kind) => {
    try {
      return list(kind)
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return []
      throw error
    }
  },
})

/** Seconds since 2020: higher than in any start before. */
const epochOf = (at: number): number => Math.max(0, Math.floor(at / 1000) - 1_577_836_800)

function fill(
  store: KubeStore,
  { objects, owned }: { objects: readonly ObjectInput[]; owned: boolean },
): void {
  for (const object of objects) {
    if (owned && isConfig(object)) store.create(object, { manager: writerOf(object) })
    else store.apply(object)
  }
}

/** Starts a demo cluster on loopback. @throws Error when the port is taken */
export async function startDemo({
  mesh: name,
  port = 0,
  now,
  tickMs,
  amplitude = 0.15,
  clusterUid,
}: DemoOptions): Promise<Demo> {
  const mesh = meshes[name]()
  const inGit = mesh.objects.filter((object) => isConfig(object) && writerOf(object) === gitopsManager)
  const kube = createKubeApi({ now, ...(clusterUid === undefined ? {} : { clusterUid }) })
  const traffic = createTraffic({
    store: trafficStore(kube.store),
    demand: mesh.demand,
    now,
    cluster: clusterId,
    amplitude,
  })
  const server = await serveMetrics(traffic)
  // Thousands of owners would cost more than they show.
  fill(kube.store, {
    objects: mesh.objects.filter((object) => !inGit.includes(object)),
    owned: name !== "large",
  })
  for (const object of actingObjects(mesh.objects, epochOf(now()))) kube.store.apply(object)
  const gitops = startGitOps({ store: kube.store, objects: inGit, manager: gitopsManager, now })
  const controllers = startControllers({
    store: kube.store,
    now,
    proxyImage,
    metrics: { port: server.port, path: metricsPath },
  })
  const settle = (): void => {
    gitops.run()
    controllers.run()
    traffic.advance()
  }
  settle()
  const timer = setInterval(settle, tickMs)
  const listening = await kube.listen(port).catch(async (error: unknown) => {
    clearInterval(timer)
    await server.close()
    throw error
  })
  return {
    kubeconfig: kube.kubeconfig(listening.url),
    url: listening.url,
    metricsUrl: server.url,
    kube,
    traffic,
    metrics: traffic.metrics,
    settle,
    close: async () => {
      clearInterval(timer)
      gitops.close()
      controllers.close()
      traffic.close()
      await Promise.all([listening.close(), server.close()])
    },
  }
}
