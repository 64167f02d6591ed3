import type { Client } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { type FakeAgent, connectFakeAgent } from "./fake-agent.ts"
import { type MeshSize, tickOf } from "./mesh.ts"

const nameOf = (i: number): string => `service-${String(i).padStart(4, "0")}`
const namespaceName = (i: number): string => `team-${String(i).padStart(2, "0")}`

function objectsOf({ services, namespaces }: MeshSize): KubeObject[] {
  const own = Array.from({ length: namespaces }, (_, i) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespaceName(i), labels: { "istio-injection": "enabled" } },
  }))
  const parts = Array.from({ length: services }, (_, i) => {
    const name = nameOf(i)
    const namespace = namespaceName(i % namespaces)
    const labels = { app: name, version: "v1" }
    return [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace, labels: { app: name } },
        spec: { selector: { app: name }, ports: [{ name: "http", port: 8080 }] },
      },
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: `${name}-v1`, namespace, labels },
        spec: { replicas: 10, selector: { matchLabels: labels }, template: { metadata: { labels } } },
        status: { readyReplicas: 10 },
      },
    ]
  })
  return [...own, ...parts.flat()]
}

const atOnce = 100

/** A cluster whose services, deployments and newest tick are in the cloud, and which says nothing more. */
export async function storeMesh(server: string, client: Client, size: MeshSize): Promise<FakeAgent> {
  const { token } = await client.call("createCluster", { body: { name: "bench" } })
  const agent = await connectFakeAgent(server, token)
  await agent.send({ type: "hashes", part: 0, parts: 1, buckets: [], unknown: [] })
  const objects = objectsOf(size)
  for (let from = 0; from < objects.length; from += atOnce)
    await agent.send({ type: "delta", put: objects.slice(from, from + atOnce), remove: [] })
  await agent.send({ type: "tick", late: false, tick: packTick(tickOf(size, 1, Date.now())) })
  return agent
}
