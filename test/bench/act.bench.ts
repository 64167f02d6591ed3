import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Client, createClient } from "#shared/api/client.ts"
import type { ChangeRequestInput } from "#shared/api/change.ts"
import { createMesh, kubeWriter } from "../e2e/kube.ts"
import { fixturesMissing, startAgent, startCloud, until } from "../e2e/room.ts"
import { planeMissing, startPlane, type Plane } from "../real/kube/plane.ts"
import { type Row, loadNote, ms, notRun, progress, quantile, report, time } from "./report.ts"
import { startCloudProcess } from "./server.ts"
import { storeMesh } from "./stored-mesh.ts"

const runs = 60
const size = { services: 1_000, edges: 4_000, namespaces: 20 }

/** A change of each service in turn, so that no answer is the one of before. */
const shiftOf = (i: number): ChangeRequestInput["intent"] => ({
  control: "routing",
  service: {
    namespace: `team-${String(i % 20).padStart(2, "0")}`,
    name: `service-${String(i).padStart(4, "0")}`,
  },
  set: {
    http: [
      {
        matches: [{ uri: { prefix: `/v${i}` } }],
        action: { type: "route", destinations: [{ destination: {} }] },
        timeout: "3s",
      },
      { matches: [], action: { type: "route", destinations: [{ destination: {} }] } },
    ],
  },
})

async function previews(): Promise<Row> {
  progress(`previews of ${runs} changes at ${size.services} services`)
  const cloud = await startCloudProcess()
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const agent = await storeMesh(cloud.url, client, size)
  try {
    const [cluster] = (await client.call("listClusters")).items
    if (!cluster) throw new Error("no cluster")
    let next = 0
    const preview = () =>
      client.call("previewChange", {
        query: { check: "false" },
        body: { intent: shiftOf(next++), clusters: [cluster.clusterId] },
      })
    const empty = await time(runs, () => client.call("getSession"))
    const taken = await time(runs, preview)
    return {
      quantity: "preview of a change at 1,000 services, over HTTP",
      reach: "< 100 ms",
      measured: `p50 ${ms(quantile(taken, 0.5))}, p95 ${ms(quantile(taken, 0.95))}`,
      floor: `${ms(quantile(empty, 0.5))}: a request that reads a session`,
      note: `objects, findings and traffic; 4,000 edges${loadNote()}`,
    }
  } finally {
    agent.close()
    await cloud.close()
  }
}

const kubePath = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices/bench"
const virtualService = (number: number) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "bench", namespace: "bookinfo" },
  spec: {
    hosts: ["bench.example.com"],
    http: [{ timeout: `${number + 1}s`, route: [{ destination: { host: "reviews" } }] }],
  },
})

/** One server-side apply as the administrator: what the API server takes by itself. */
function plainApply(plane: Plane, number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${plane.server}${kubePath}?fieldManager=bench&force=true`,
      {
        method: "PATCH",
        ca: plane.caCert,
        headers: {
          authorization: `Bearer ${plane.adminToken}`,
          "content-type": "application/apply-patch+yaml",
        },
      },
      (answer) => {
        answer.resume()
        answer.on("end", () =>
          (answer.statusCode ?? 500) < 300
            ? resolve()
            : reject(new Error(`apply answered ${answer.statusCode}`)),
        )
      },
    )
    call.on("error", reject)
    call.end(JSON.stringify(virtualService(number)))
  })
}

const policy = `mode: anonymous
allow:
  - kinds: ["VirtualService.networking.istio.io"]
`

async function change(client: Client, cluster: string, number: number): Promise<void> {
  const made = await client.call("createChange", {
    body: {
      intent: { control: "objects", put: [virtualService(number)] },
      clusters: [cluster],
      conflicts: "take-over",
    },
  })
  if (made.state !== "applied")
    throw new Error(`change ${made.changeId} is ${made.state}: ${JSON.stringify(made.clusters)}`)
}

async function clicks(): Promise<Row> {
  const quantity = "click -> object changed on a real API server, less the API server's own time"
  const reach = "p50 < 150 ms"
  const missing = planeMissing() ?? fixturesMissing()
  if (missing !== null) return notRun(quantity, reach, missing)
  progress(`${runs} changes on a real API server`)
  const folder = await mkdtemp(join(tmpdir(), "smm-bench-act-"))
  const plane = await startPlane()
  const kube = kubeWriter(plane)
  await createMesh(kube)
  const cloud = await startCloud(folder)
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const made = await client.call("createCluster", { body: { name: "bench" } })
  const cluster = made.cluster.clusterId
  const policyFile = join(folder, "policy.yaml")
  await writeFile(policyFile, policy)
  const agent = await startAgent({
    kubeconfig: plane.kubeconfig,
    cloud,
    joinToken: made.token,
    folder,
    more: ["--policy", policyFile],
  })
  try {
    await until(
      "an agent that writes",
      async () => {
        const info = await client.call("getCluster", { params: { cluster } })
        return info.join.inventory.doneAt !== null && info.act?.mode === "anonymous" ? true : undefined
      },
      { room: agent },
    )
    let number = 0
    const own = await time(runs, () => plainApply(plane, number++))
    // What the agent needs of the API server for one change: a look at the object, the write, and the journal.
    const taken = await time(runs, () => change(client, cluster, number++))
    const p50 = quantile(taken, 0.5)
    const floor = quantile(own, 0.5)
    return {
      quantity,
      reach,
      measured: `p50 ${ms(p50 - floor)}, p95 ${ms(quantile(taken, 0.95) - floor)}`,
      floor: `${ms(floor)}: one server-side apply by itself`,
      note: `from the request to its answer, everything as own processes${loadNote()}`,
    }
  } finally {
    await agent.stop()
    await cloud.process.stop()
    await kube.close()
    await plane.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

report([await previews(), await clicks()])
