import { execFileSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { type Agent, startAgent } from "#agent/agent.ts"
import { systemClock } from "#agent/clock.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { installNames, manifest } from "#cloud/install/manifest.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import { auditOf } from "#test/real/kube/audit.ts"
import { type Plane, planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"

const act = { mode: "off" as const, users: [], groups: [] }
const account = `system:serviceaccount:${installNames.namespace}:${installNames.agent}`

describe.skipIf(skipNote("the agent under its manifest's rights", planeMissing()))(
  "an agent under the service account of its manifest, on a real API server",
  { timeout: 120_000 },
  () => {
    let plane: Plane
    let local: LocalCloud
    let made: ClusterInstall
    const agents: Agent[] = []

    beforeAll(async () => {
      plane = await startPlane({ audit: true })
      local = await startLocal({ port: 0, data: null })
      made = await api<ClusterInstall>("/clusters", {
        method: "POST",
        body: JSON.stringify({ name: "real" }),
      })
      const { token } = made
      const text = manifest({
        server: local.url,
        token,
        name: "real",
        image: "agent:test",
        write: [],
        act,
        policyFor: [],
      })
      kubectl(["apply", "--dry-run=server", "-f", "-"], text.split("---\n")[0])
      kubectl(["apply", "-f", "-"], text)
    }, 180_000)
    afterAll(async () => {
      for (const agent of agents) await agent.close()
      await local?.close()
      await plane?.stop()
    })

    const kubectl = (args: string[], input?: string): string =>
      execFileSync(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args], {
        encoding: "utf8",
        stdio: ["pipe", "pipe", "pipe"],
        ...(input === undefined ? {} : { input }),
      })
    async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
      const headers = { authorization: `Bearer ${local.owner.token}`, "content-type": "application/json" }
      return (await fetch(`${local.url}/api/v1${path}`, { ...init, headers })).json() as Promise<T>
    }
    const eventually = (check: () => void | Promise<void>) =>
      vi.waitFor(check, { timeout: 60_000, interval: 100 })

    async function start(pod: string, joinToken: string | undefined): Promise<Agent> {
      const token = kubectl(["-n", installNames.namespace, "create", "token", installNames.agent]).trim()
      const kubeconfig = await plane.writeKubeconfig(pod, token)
      const agent = await startAgent({
        placement: loadPlacement({ kubeconfig, namespace: installNames.namespace }),
        server: local.url,
        token: () => Promise.resolve(joinToken),
        pod,
        version: "0.1.0",
        log: silentLog,
        createTelemetry: (cluster) => createTelemetry({ cluster, clock: systemClock, log: silentLog }),
      })
      agents.push(agent)
      return agent
    }
    test("joins, keeps its key in its Secret, holds its Lease, and reads all kinds without one refusal", async () => {
      const agent = await start("agent-a", made.token)
      await eventually(() => expect(agent.state().link.state).toBe("connected"))
      await eventually(() =>
        expect(agent.state().kinds.filter(({ state }) => state !== "live" && state !== "absent")).toEqual([]),
      )
      await eventually(async () => {
        const info = await api<ClusterInfo>(`/clusters/${made.cluster.clusterId}`)
        expect(info.join.inventory.doneAt).not.toBeNull()
      })
      const secret = JSON.parse(
        kubectl(["-n", installNames.namespace, "get", "secret", installNames.identity, "-o", "json"]),
      ) as { data: Record<string, string> }
      expect(Object.keys(secret.data)).toEqual(["identity.json"])
      const lease = JSON.parse(
        kubectl(["-n", installNames.namespace, "get", "lease", installNames.lease, "-o", "json"]),
      ) as { spec: { holderIdentity: string; leaseTransitions: number } }
      expect(lease.spec.holderIdentity).toMatch(/^agent-a_/)
      expect(lease.spec.leaseTransitions).toBe(1)
    })

    test("a second one stands by while the first speaks, takes over when it stops, with a higher epoch and the same key", async () => {
      const second = await start("agent-b", undefined)
      await eventually(() => expect(second.state().kinds.some(({ state }) => state === "live")).toBe(true))
      expect(second.state().link.connections).toBe(0)
      await agents[0]?.close()
      await eventually(() => expect(second.state().link.state).toBe("connected"))
      expect(second.state().link.clusterId).toBe(made.cluster.clusterId)
    })

    test("applying the manifest again takes nothing away from the agent", async () => {
      const { token } = made
      kubectl(
        ["apply", "-f", "-"],
        manifest({
          server: local.url,
          token,
          name: "real",
          image: "agent:test",
          write: [],
          act,
          policyFor: [],
        }),
      )
      await agents[1]?.close()
      const third = await start("agent-c", made.token)
      await eventually(() => expect(third.state().link.state).toBe("connected"))
    })

    test("the audit log shows no forbidden call, none outside of the manifest, and no Secret but its own", async () => {
      const all = await auditOf(plane, account)
      expect(all.length).toBeGreaterThan(50)
      const refused = all.filter(({ responseStatus }) => [401, 403].includes(responseStatus?.code ?? 0))
      expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([])
      const writes = all.filter(({ verb }) => !["get", "list", "watch"].includes(verb))
      expect(
        new Set(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.name}`)),
      ).toEqual(new Set([`update leases ${installNames.lease}`, `update secrets ${installNames.identity}`]))
      const secrets = all.filter(({ objectRef }) => objectRef?.resource === "secrets")
      expect(new Set(secrets.map(({ objectRef }) => objectRef?.name))).toEqual(
        new Set([installNames.identity]),
      )
      expect(all.filter(({ objectRef }) => objectRef?.subresource !== undefined)).toEqual([])
    })
  },
)
