import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createClient, type Client } from "#shared/api/client.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { planeMissing, startPlane, type Plane } from "#test/real/kube/plane.ts"
import { history, istioCounters } from "#test/real/prometheus/istio-series.ts"
import { prometheusMissing, startPrometheus, type PrometheusServer } from "#test/real/prometheus/server.ts"
import { skipNote } from "#test/real/skip.ts"
import { smm } from "./command.ts"
import { differences } from "./compare.ts"
import { createMesh, kubeWriter, load } from "./kube.ts"
import { fixturesMissing, startAgent, startCloud, until, type CloudRoom } from "./room.ts"
import { fed, fedEdges } from "./traffic.ts"

const missing = [planeMissing(), prometheusMissing(), fixturesMissing()].filter((note) => note !== null)

describe.skipIf(skipNote("e2e on a real API server", missing.length > 0 ? missing.join("; ") : null))(
  "Bookinfo and 300 pods on a real API server, known telemetry in a real Prometheus",
  () => {
    let folder: string
    let plane: Plane
    let prometheus: PrometheusServer
    let cloud: CloudRoom
    let agent: GuardedProcess
    let client: Client
    let cluster: string

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "smm-e2e-"))
      ;[plane, prometheus, cloud] = await Promise.all([startPlane(), startPrometheus(), startCloud(folder)])
      const now = Date.now()
      const kube = kubeWriter(plane)
      await Promise.all([
        createMesh(kube),
        prometheus.remoteWrite(history(istioCounters(fed), { from: now - 600_000, to: now + 1_800_000 })),
      ])
      await kube.close()
      client = createClient({ server: cloud.url, fetch, token: cloud.token })
      const made = await client.call("createCluster", { body: { name: "e2e" } })
      cluster = made.cluster.clusterId
      agent = await startAgent({
        kubeconfig: plane.kubeconfig,
        cloud,
        joinToken: made.token,
        folder,
        more: ["--prometheus", prometheus.url],
      })
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
    })

    afterAll(async () => {
      await agent?.stop()
      await cloud?.process.stop()
      await prometheus?.stop()
      await plane?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    test("the cluster is live, and its inventory is whole", async () => {
      const info = await until("kinds that are all read", async () => {
        const now = await client.call("getCluster", { params: { cluster } })
        const bad = now.kinds.filter(({ state }) => ["syncing", "denied", "stale"].includes(state))
        if (bad.length > 0) throw new Error(JSON.stringify(bad))
        return now
      })
      expect(info).toMatchObject({ link: "live", telemetry: { source: "prometheus", state: "live" } })
      const pods = info.kinds.find(({ kind }) => kind === "Pod")
      expect(pods).toMatchObject({ state: "live", count: load.services * load.pods + 8 })
    })

    test.each(["service", "workload"] as const)(
      "the API shows every node and edge as it was fed, by %s",
      async (view) => {
        const document = await client.call("getTopology", { query: { view } })
        expect(differences(document, fedEdges(cluster, view))).toEqual([])
      },
    )

    test("services stand on their workloads and pods", async () => {
      const document = await client.call("getTopology", { query: { idle: "true" } })
      const node = (id: string) => document.nodes.find((each) => each.id === id)
      expect(node(`svc/${cluster}/${load.namespace}/svc-0`)).toMatchObject({
        kind: "service",
        clusterName: "e2e",
        pods: { ready: load.pods, total: load.pods },
      })
      expect(node(`svc/${cluster}/istio-system/istio-ingressgateway`)).toMatchObject({ kind: "gateway" })
      expect(node(`ext/www.googleapis.com`)).toMatchObject({ kind: "external" })
      const reviews = node(`svc/${cluster}/bookinfo/reviews`)
      expect(reviews?.versions.map(({ version }) => version).sort()).toEqual(["v1", "v2", "v3"])
    })

    test("the CLI prints the same document", async () => {
      const printed = JSON.parse(await smm(cloud, "topology", "-o", "json")) as TopologyDocument
      expect(differences(printed, fedEdges(cluster, "service"))).toEqual([])
      expect(printed.notices).toEqual([])
    })
  },
)
