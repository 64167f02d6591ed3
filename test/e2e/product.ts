import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient, type Client } from "#shared/api/client.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { planeMissing, startPlane, type Plane } from "#test/real/kube/plane.ts"
import { history, istioCounters } from "#test/real/prometheus/istio-series.ts"
import { prometheusMissing, startPrometheus, type PrometheusServer } from "#test/real/prometheus/server.ts"
import { createMesh, kubeWriter, type KubeWriter } from "./kube.ts"
import { fixturesMissing, startAgent, startCloud, until, type CloudRoom } from "./room.ts"
import { fed } from "./traffic.ts"

/** What the whole product needs and has not; null when nothing. */
export const productMissing = (): string | null => {
  const missing = [planeMissing(), prometheusMissing(), fixturesMissing()].filter((note) => note !== null)
  return missing.length > 0 ? missing.join("; ") : null
}

/** Everything as own processes: a real API server with Bookinfo and 300 pods, a real Prometheus with known telemetry, cloud and agent. */
export type Product = {
  folder: string
  plane: Plane
  kube: KubeWriter
  prometheus: PrometheusServer
  cloud: CloudRoom
  agent: GuardedProcess
  client: Client
  /** Id of the one cluster, which is named `e2e`. */
  cluster: string
  stop(): Promise<void>
}

/** Resolves when the cluster's whole inventory and its first tick are in the cloud. */
export async function startProduct(): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), "smm-e2e-"))
  const ends: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of ends.toReversed()) await end()
    await rm(folder, { recursive: true, force: true })
  }
  const ending = async <T>(part: Promise<T>, end: (part: T) => Promise<unknown>): Promise<T> => {
    const started = await part
    ends.push(() => end(started))
    return started
  }
  try {
    const [plane, prometheus, cloud] = await Promise.all([
      ending(startPlane(), (part) => part.stop()),
      ending(startPrometheus(), (part) => part.stop()),
      ending(startCloud(folder), (part) => part.process.stop()),
    ])
    const now = Date.now()
    const kube = await ending(Promise.resolve(kubeWriter(plane)), (part) => part.close())
    await Promise.all([
      createMesh(kube),
      prometheus.remoteWrite(history(istioCounters(fed), { from: now - 600_000, to: now + 1_800_000 })),
    ])
    const client = createClient({ server: cloud.url, fetch, token: cloud.token })
    const made = await client.call("createCluster", { body: { name: "e2e" } })
    const cluster = made.cluster.clusterId
    const agent = await ending(
      startAgent({
        kubeconfig: plane.kubeconfig,
        cloud,
        joinToken: made.token,
        folder,
        more: ["--prometheus", prometheus.url],
      }),
      (part) => part.stop(),
    )
    await until(
      "the first edges",
      async () => {
        const { edges, notices } = await client.call("getTopology", {})
        const info = await client.call("getCluster", { params: { cluster } })
        if (edges.length > 0 && info.join.inventory.doneAt !== null) return true
        throw new Error(JSON.stringify({ notices, join: info.join, telemetry: info.telemetry }))
      },
      { room: agent, seconds: 120 },
    )
    return { folder, plane, kube, prometheus, cloud, agent, client, cluster, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
