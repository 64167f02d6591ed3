import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { z } from "zod"
import type { Client } from "#shared/api/client.ts"
import { type Room, startRoom } from "./room.ts"

/** Which mesh the cluster `demo` was made for; another one is another cluster. */
const Marker = z.object({ mesh: z.string(), clusterId: z.string(), clusterUid: z.string() })
const DemoReady = z.object({ url: z.string() })

const clusterName = "demo"
/** What the demo cluster's own policy says (demo/src/mesh/acting.ts): a newcomer may act at once, as the owner. */
const rights = {
  write: ["traffic" as const, "security" as const],
  act: {
    mode: "mapped" as const,
    users: ["platform-admin", "mesh-operator"],
    groups: ["mesh-admins", "mesh-editors"],
  },
}
const joinPatienceMs = 30_000

export type DemoOptions = {
  root: string
  /** Folder for the agent's identity and the kubeconfig. */
  folder: string
  mesh: string
  server: string
  client: Client
  say: (line: string) => void
  log: (room: string) => (line: string) => void
  /** Called with each process, so that a start that is broken off can still end it. */
  started: (name: string, room: Room) => void
}

function readMarker(file: string): z.infer<typeof Marker> | undefined {
  if (!existsSync(file)) return undefined
  const marker = Marker.safeParse(JSON.parse(readFileSync(file, "utf8")))
  return marker.success ? marker.data : undefined
}

/** The demo's cluster in the cloud, and a join token when its agent has none of its own yet. */
async function demoCluster({
  client,
  folder,
  mesh,
}: DemoOptions): Promise<{ clusterId: string; clusterUid: string; token: string | null }> {
  const markerFile = join(folder, "demo.json")
  const marker = readMarker(markerFile)
  const { items } = await client.call("listClusters")
  const known = items.find(({ name }) => name === clusterName)
  const isSame = marker !== undefined && marker.clusterId === known?.clusterId && marker.mesh === mesh
  if (isSame && known && known.join.connectedAt !== null && known.link !== "revoked")
    return { clusterId: known.clusterId, clusterUid: marker.clusterUid, token: null }
  if (known) await client.call("removeCluster", { params: { cluster: known.clusterId } })
  rmSync(join(folder, "agent"), { recursive: true, force: true })
  const { cluster, token } = await client.call("createCluster", { body: { name: clusterName, ...rights } })
  const clusterUid = randomUUID()
  writeFileSync(markerFile, JSON.stringify({ mesh, clusterId: cluster.clusterId, clusterUid }))
  return { clusterId: cluster.clusterId, clusterUid, token }
}

/** Starts the demo cluster and its agent, each a process of its own, and waits until the agent has connected. */
export async function startDemo(options: DemoOptions): Promise<void> {
  const { root, folder, mesh, server, client, say, log, started } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const kubeconfig = join(folder, "kubeconfig")
  say(`Starting the demo cluster (${mesh})`)
  const { clusterId, clusterUid, token } = await demoCluster(options)
  const cluster = startRoom(
    join(root, "demo/src/main.ts"),
    ["--mesh", mesh, "--port", "0", "--kubeconfig-out", kubeconfig, "--cluster-uid", clusterUid],
    { log: log("demo") },
  )
  started("demo", cluster)
  DemoReady.parse(await cluster.ready)
  say("Connecting its agent")
  const agent = startRoom(
    join(root, "agent/src/main.ts"),
    [
      ...["--kubeconfig", kubeconfig, "--namespace", "smm-system", "--state", join(folder, "agent")],
      ...["--server", server, "--name", clusterName],
    ],
    { log: log("agent"), ...(token === null ? {} : { env: { SMM_TOKEN: token } }) },
  )
  started("agent", agent)
  const patience = AbortSignal.timeout(joinPatienceMs)
  const isLive = async (): Promise<boolean> => {
    const info = await client.call("getCluster", { params: { cluster: clusterId } })
    return info.link === "live"
  }
  const ended = agent.ended.then((code) => {
    throw new Error(
      `the demo's agent ended with ${code}; its log is ${join(folder, "..", "log", "agent.log")}`,
    )
  })
  ended.catch(() => undefined)
  while (!patience.aborted && !(await Promise.race([isLive(), ended]))) await delay(100)
  if (patience.aborted) say(`The agent has not connected in ${joinPatienceMs / 1000} s; it goes on trying`)
}
