import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { type Agent, startAgent } from "#agent/agent.ts"
import { systemClock } from "#agent/clock.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { installNames } from "#cloud/install/manifest.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import type { Change } from "#shared/api/change.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import { auditOf } from "#test/real/kube/audit.ts"
import { type Plane, planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const fixtures = process.env["SMM_FIXTURES"] ?? join(root, "../shared/fixtures")
const near = [fixtures, join(root, "../../shared/fixtures")].find(existsSync) ?? fixtures
const crds = ["istio", "gateway-api"].map((name) => join(near, "crds", `${name}.yaml`))
const missing = planeMissing() ?? (crds.every(existsSync) ? null : `definitions in ${join(near, "crds")}`)
const account = `system:serviceaccount:${installNames.namespace}:${installNames.agent}`

const route = (namespace: string, timeout: string) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace },
  spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews" } }], timeout }] },
})

describe.skipIf(skipNote("the agent acting on a real API server", missing))(
  "an agent that was installed for mapped users, on a real API server",
  { timeout: 120_000 },
  () => {
    let plane: Plane
    let local: LocalCloud
    let client: Client
    let agent: Agent
    let clusterId: string

    const kubectl = (args: string[], input?: string): string =>
      execFileSync(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args], {
        encoding: "utf8",
        stdio: ["pipe", "pipe", "pipe"],
        ...(input === undefined ? {} : { input }),
      })

    beforeAll(async () => {
      plane = await startPlane({ audit: true })
      local = await startLocal({ port: 0, data: null })
      const { token, organizationId } = local.owner
      client = createClient({ server: local.url, fetch, token, organizationId })
      for (const file of crds) kubectl(["apply", "--server-side", "-f", file])
      for (const name of ["bookinfo", "payments"]) {
        kubectl(["create", "namespace", name])
        kubectl(["-n", name, "create", "service", "clusterip", "reviews", "--tcp=9080"])
      }
      kubectl(["wait", "--for=condition=Established", "crd/virtualservices.networking.istio.io"])
      for (const name of ["bookinfo", "payments"])
        kubectl(["apply", "-f", "-"], JSON.stringify(route(name, "1s")))
      kubectl(
        "-n bookinfo create role edit --verb=get,create,patch,delete --resource=virtualservices.networking.istio.io".split(
          " ",
        ),
      )
      kubectl("-n bookinfo create rolebinding edit --role=edit --group=mesh-editors".split(" "))

      const act = { mode: "mapped" as const, users: ["ana"], groups: ["mesh-editors"] }
      const made = await client.call("createCluster", { body: { name: "real", write: ["traffic"], act } })
      clusterId = made.cluster.clusterId
      const text = await fetch(made.manifestUrl, { headers: { authorization: `Bearer ${made.token}` } })
      kubectl(["apply", "-f", "-"], await text.text())
      const accountToken = kubectl(["-n", "smm-system", "create", "token", "smm-agent"]).trim()
      const kubeconfig = await plane.writeKubeconfig("agent", accountToken)
      agent = await startAgent({
        placement: loadPlacement({ kubeconfig, namespace: installNames.namespace }),
        server: local.url,
        token: () => Promise.resolve(made.token),
        pod: "agent-a",
        version: "0.1.0",
        log: silentLog,
        createTelemetry: (cluster) => createTelemetry({ cluster, clock: systemClock, log: silentLog }),
      })
      await vi.waitFor(
        async () => {
          const info = await client.call("getCluster", { params: { cluster: clusterId } })
          expect([info.link, info.act?.mode, info.act?.reason]).toEqual(["live", "mapped", ""])
          expect(info.join.inventory.doneAt).not.toBeNull()
        },
        { timeout: 60_000, interval: 200 },
      )
    }, 180_000)
    afterAll(async () => {
      await agent?.close()
      await local?.close()
      await plane?.stop()
    })

    const apply = (namespace: string, timeout: string): Promise<Change> =>
      client.call("createChange", {
        body: { intent: { control: "objects", put: [route(namespace, timeout)] }, clusters: [clusterId] },
      })
    const timeoutIn = (namespace: string): string =>
      kubectl(["-n", namespace, "get", "virtualservice", "reviews", "-o", "jsonpath={.spec.http[0].timeout}"])
    const events = async () =>
      (await auditOf(plane, account)).filter(({ stage }) => stage === "ResponseComplete")

    test("changes an object as the user and groups of the policy, which the server's audit log shows", async () => {
      const change = await apply("bookinfo", "2s")
      expect(change).toMatchObject({
        state: "applied",
        clusters: [{ as: { user: "ana", groups: ["mesh-editors"] }, failure: null }],
      })
      expect(timeoutIn("bookinfo")).toBe("2s")
      const write = await vi.waitFor(async () => {
        const found = (await events()).find(
          ({ verb, objectRef, responseStatus }) =>
            verb === "patch" && objectRef?.namespace === "bookinfo" && responseStatus?.code === 200,
        )
        expect(found).toBeDefined()
        return found
      })
      expect(write?.impersonatedUser?.username).toBe("ana")
      expect(write?.impersonatedUser?.groups).toContain("mesh-editors")
    })

    test("is refused by Kubernetes, not by us, where the user has no right", async () => {
      const change = await apply("payments", "2s")
      expect(change.state).toBe("failed")
      expect(change.steps[0]?.outcome).toMatchObject({
        code: "forbidden",
        message: expect.stringContaining('User "ana" cannot') as string,
      })
      expect(timeoutIn("payments")).toBe("1s")
      const refused = (await events()).filter(({ responseStatus }) => responseStatus?.code === 403)
      expect(new Set(refused.map(({ impersonatedUser }) => impersonatedUser?.username))).toEqual(
        new Set(["ana"]),
      )
    })

    test("has no right to write with its own account, to be anybody else, or to write its policy", () => {
      const may = (...args: string[]): string => {
        try {
          return kubectl(["auth", "can-i", `--as=${account}`, ...args]).trim()
        } catch {
          return "no"
        }
      }
      expect(may("patch", "virtualservices.networking.istio.io", "-n", "bookinfo")).toBe("no")
      expect(may("impersonate", "users/root")).toBe("no")
      expect(may("impersonate", "groups/system:masters")).toBe("no")
      expect(may("patch", "configmaps/smm-agent-policy", "-n", "smm-system")).toBe("no")
      expect(may("impersonate", "users/ana")).toBe("yes")
    })

    test("stops at once when the cluster's owner says so", async () => {
      kubectl(
        "-n smm-system patch configmap smm-agent-policy --type merge -p"
          .split(" ")
          .concat([JSON.stringify({ data: { "policy.yaml": "mode: off" } })]),
      )
      await vi.waitFor(
        async () => {
          const info = await client.call("getCluster", { params: { cluster: clusterId } })
          expect(info.act?.reason).toMatch(/owner switched it off/)
        },
        { timeout: 20_000, interval: 200 },
      )
      await expect(apply("bookinfo", "3s")).rejects.toMatchObject({ code: "acting.off" })
      expect(timeoutIn("bookinfo")).toBe("2s")
    })
  },
)
