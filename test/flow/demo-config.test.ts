import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Agent, startAgent } from "#agent/agent.ts"
import { type Clock, systemClock } from "#agent/clock.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { type Demo, startDemo } from "#demo/demo.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { TopologyDocument, TopologyEdge } from "#shared/topology/document.ts"
import { kubectlPath } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"

const kubectlProgram = kubectlPath()
const missing =
  kubectlProgram === null
    ? "no kubectl; run test/real/kube/build.sh (needs Go) or set KUBEBUILDER_ASSETS"
    : null

const demoTickMs = 100
/** A tick each second: an agent waits a minute for the next one when nobody watches. Its connections live as long as ever. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms <= 60_000 ? Math.min(ms, 1_000) : ms, signal),
}

/** A person changes the mesh with kubectl; the graph that the API shows follows with the next tick, through agent, link and store. */
describe.skipIf(skipNote("config of the demo by kubectl, seen in the topology", missing))(
  "traffic of the demo, changed with a stock kubectl",
  { timeout: 90_000 },
  () => {
    let folder: string
    let local: LocalCloud
    let demo: Demo
    let agent: Agent
    let client: Client
    let clusterId: string

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "smm-demo-config-"))
      local = await startLocal({ port: 0, data: null })
      demo = await startDemo({ mesh: "shop", now: Date.now, tickMs: demoTickMs, amplitude: 0 })
      const kubeconfig = join(folder, "kubeconfig")
      await writeFile(kubeconfig, demo.kubeconfig)
      client = createClient({ server: local.url, token: local.owner.token, fetch })
      const { cluster, token } = await client.call("createCluster", { body: { name: "demo" } })
      clusterId = cluster.clusterId
      agent = await startAgent({
        clock: hasty,
        placement: loadPlacement({ kubeconfig }),
        server: local.url,
        token: () => Promise.resolve(token),
        stateFolder: join(folder, "state"),
        pod: "",
        version: "0.1.0",
        log: silentLog,
        createTelemetry: (cluster) =>
          createTelemetry({ cluster, clock: hasty, log: silentLog, floorMs: 1_000 }),
      })
    }, 90_000)
    afterAll(async () => {
      await agent.close()
      await demo.close()
      await local.close()
      await rm(folder, { recursive: true, force: true })
    })

    async function kubectl(...args: string[]): Promise<string> {
      const all = ["--kubeconfig", join(folder, "kubeconfig"), "--cache-dir", join(folder, "cache"), ...args]
      return (await promisify(execFile)(kubectlProgram ?? "kubectl", all)).stdout
    }

    async function apply(object: {
      kind: string
      metadata: object
      [field: string]: unknown
    }): Promise<void> {
      const file = join(folder, "object.json")
      await writeFile(file, JSON.stringify(object))
      await kubectl("apply", "-f", file)
    }

    const virtualService = (name: string, http: unknown[]) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name, namespace: "bookinfo" },
      spec: { hosts: [name], http },
    })

    /** The graph of the first tick that lies, as a whole, after now: what is not in it did not follow within one tick. */
    async function nextTick(view: "service" | "workload" = "service"): Promise<TopologyDocument> {
      const changedAt = Date.now() + 2 * demoTickMs
      for (;;) {
        const document = await client.call("getTopology", { query: { view } })
        if (document.at !== null && document.at - document.window * 1000 >= changedAt) return document
        await systemClock.sleep(100, AbortSignal.timeout(60_000))
      }
    }

    const edgesTo = ({ edges }: TopologyDocument, namespace: string, name: string): TopologyEdge[] =>
      edges.filter(({ target }) => target.endsWith(`/${clusterId}/${namespace}/${name}`))
    const rate = (edges: readonly TopologyEdge[]): number =>
      edges.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
    const flagsOf = (edges: readonly TopologyEdge[]): string[] =>
      [...new Set(edges.flatMap(({ responses }) => responses.map(({ flags }) => flags)))].sort()
    /** Nodes that nobody has: a service without a namespace. */
    const phantoms = ({ nodes }: TopologyDocument): string[] =>
      nodes.filter(({ kind, namespace }) => kind === "service" && namespace === "").map(({ id }) => id)

    afterEach(async () => {
      await kubectl("delete", "virtualservice", "ratings", "-n", "bookinfo", "--ignore-not-found")
    })

    test("weights of a route shift the share of each version", async () => {
      const before = await nextTick("workload")
      expect(rate(edgesTo(before, "bookinfo", "reviews-v3"))).toBeGreaterThan(0)
      const split = [1, 3].map((v) => ({
        destination: { host: "reviews", subset: `v${v}` },
        weight: v === 1 ? 20 : 80,
      }))
      await kubectl(
        ...["-n", "bookinfo", "patch", "virtualservice", "reviews", "--type", "merge", "-p"],
        JSON.stringify({ spec: { http: [{ route: split }] } }),
      )
      const after = await nextTick("workload")
      const [v1, v2, v3] = ["v1", "v2", "v3"].map((version) =>
        rate(edgesTo(after, "bookinfo", `reviews-${version}`)),
      )
      expect(v2).toBe(0)
      expect((v3 ?? 0) / ((v1 ?? 0) + (v3 ?? 0))).toBeCloseTo(0.8, 2)
    })

    test("a fault injected is the caller's error, on the edge to the service that it is for", async () => {
      const abort = { httpStatus: 500, percentage: { value: 40 } }
      await apply(
        virtualService("ratings", [{ fault: { abort }, route: [{ destination: { host: "ratings" } }] }]),
      )
      const document = await nextTick()
      const edges = edgesTo(document, "bookinfo", "ratings")
      expect(edges).toHaveLength(1)
      expect(edges[0]?.errorRatio).toBeCloseTo(0.4, 2)
      expect(flagsOf(edges)).toEqual(["", "FI"])
      expect(edges[0]?.health).toBe("failing")
      expect(phantoms(document)).toEqual([])
    })

    test("a host that is not there fails all calls to it", async () => {
      await apply(virtualService("ratings", [{ route: [{ destination: { host: "nowhere" } }] }]))
      const document = await nextTick()
      const broken = document.edges.filter(({ responses }) => responses.some(({ flags }) => flags === "NC"))
      expect(
        broken.map(({ source, errorRatio, health }) => [source.split("/").at(-1), errorRatio, health]),
      ).toEqual([["reviews", 1, "failing"]])
      expect(broken.map(({ target }) => target)).toEqual([`svc/${clusterId}/bookinfo/ratings`])
      expect(phantoms(document)).toEqual([])
    })

    test("a deployment scaled to nothing leaves its service failing, and back", async () => {
      await kubectl("-n", "bookinfo", "scale", "deployment", "ratings-v1", "--replicas=0")
      const document = await nextTick()
      const edges = edgesTo(document, "bookinfo", "ratings")
      expect(edges.map(({ errorRatio, health }) => [errorRatio, health])).toEqual([[1, "failing"]])
      expect(flagsOf(edges)).toEqual(["UH"])
      expect(phantoms(document)).toEqual([])
      expect(document.nodes.find(({ id }) => id === `svc/${clusterId}/bookinfo/ratings`)?.health.state).toBe(
        "failing",
      )

      await kubectl("-n", "bookinfo", "scale", "deployment", "ratings-v1", "--replicas=1")
      expect(flagsOf(edgesTo(await nextTick(), "bookinfo", "ratings"))).toEqual([""])
    })

    test("mutual TLS demanded shuts out a client without a sidecar", async () => {
      const before = await nextTick()
      const plain = before.edges.filter(
        ({ source, mtlsRatio }) => source.startsWith("unknown/") && mtlsRatio === 0,
      )
      expect(plain.length).toBeGreaterThan(0)
      const [, , namespace = ""] = plain[0]?.target.split("/") ?? []
      await apply({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "strict", namespace },
        spec: { mtls: { mode: "STRICT" } },
      })
      const { edges } = await nextTick()
      const inNamespace = edges.filter(({ target }) => target.split("/")[2] === namespace)
      expect(inNamespace.filter(({ source }) => source.startsWith("unknown/"))).toEqual([])
      expect(rate(inNamespace)).toBeGreaterThan(0)
    })

    test("kubectl explains, describes and tells rights", async () => {
      expect(await kubectl("explain", "virtualservice.spec.http.fault")).toMatch(/abort\s+<Object>/)
      expect(await kubectl("-n", "bookinfo", "describe", "deployment", "reviews-v1")).toMatch(
        /Replicas:\s+1 desired \| 1 updated \| 1 total \| 1 available/,
      )
      expect(await kubectl("auth", "can-i", "delete", "virtualservices", "-n", "bookinfo")).toBe("yes\n")
      expect(await kubectl("-n", "bookinfo", "get", "vs,dr,deploy", "-o", "name")).toContain(
        "virtualservice.networking.istio.io/reviews\n",
      )
    })
  },
)
