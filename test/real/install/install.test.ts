import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { pino } from "pino"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { parseAllDocuments } from "yaml"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { type GuardedProcess, launchGuarded } from "#test/real/kube/guarded-process.ts"
import { auditOf } from "#test/real/kube/audit.ts"
import { kubectl } from "#test/real/kube/kubectl.ts"
import { type Plane, planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { api } from "#test/link/console.ts"
import { skipNote } from "#test/real/skip.ts"
import { isGiven, rulesOf } from "./rules.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const fixtures = process.env["SMM_FIXTURES"] ?? join(root, "../shared/fixtures")
const crds = ["istio", "gateway-api"].map((name) => join(fixtures, "crds", `${name}.yaml`)).filter(existsSync)
const account = "system:serviceaccount:smm-system:smm-agent"

describe.skipIf(skipNote("install manifest on a real API server", planeMissing()))(
  "the install manifest on a real API server",
  () => {
    let plane: Plane
    let cloud: LocalCloud
    let agent: GuardedProcess | undefined
    beforeAll(async () => {
      const log = pino({ level: "silent" })
      ;[plane, cloud] = await Promise.all([
        startPlane({ audit: true }),
        startLocal({ port: 0, data: null, log }),
      ])
    }, 120_000)
    afterAll(async () => {
      await agent?.stop()
      await Promise.all([cloud.close(), plane.stop()])
    })

    const call = <T>(method: string, path: string, body?: unknown) =>
      api<T>(cloud.url, cloud.owner.token, method, path, body)
    const add = async (name: string): Promise<ClusterInstall> =>
      (await call<ClusterInstall>("POST", "/clusters", { name })).body
    async function manifest(token: string, write = ""): Promise<string> {
      const answer = await fetch(`${cloud.url}/install${write}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(answer.status).toBe(200)
      return answer.text()
    }
    /** What the agent said, for the reader of a failure. */
    const agentLog = async (): Promise<string> =>
      agent ? (await readFile(agent.logFile, "utf8")).slice(-3000) : ""
    const audited = () => auditOf(plane, account)

    test.each(["", "?write=traffic", "?write=security", "?write=traffic,security"])(
      "is accepted by kubectl apply --dry-run=server with %j",
      async (write) => {
        const { token } = await add(`dry${write.replace(/[^a-z]/g, "-")}0`)
        const text = await manifest(token, write)
        // A namespace that is only pretended holds nothing: it has to be there before the rest can be checked.
        await kubectl(plane, ["create", "namespace", "smm-system"]).catch(() => "")
        const out = await kubectl(plane, ["apply", "--dry-run=server", "--validate=strict", "-f", "-"], text)
        const objects = parseAllDocuments(text).length
        expect(out.trim().split("\n")).toHaveLength(objects)
        expect(objects).toBe(13 + 2 * [...write.matchAll(/traffic|security/g)].length)
      },
    )

    test(
      "lets the agent do its work, and the agent asks for nothing else",
      { timeout: 120_000 },
      async () => {
        for (const file of crds) await kubectl(plane, ["apply", "--server-side", "-f", file])
        await kubectl(plane, ["create", "namespace", "shop"])
        await kubectl(plane, ["-n", "shop", "create", "service", "clusterip", "cart", "--tcp=80"])
        const { token, cluster } = await add("real")
        const text = await manifest(token)
        await kubectl(plane, ["apply", "-f", "-"], text)
        const accountToken = (
          await kubectl(plane, ["-n", "smm-system", "create", "token", "smm-agent"])
        ).trim()
        const kubeconfig = await plane.writeKubeconfig("agent", accountToken)
        agent = await launchGuarded({
          name: "agent",
          program: process.execPath,
          args: [
            join(root, "agent/src/main.ts"),
            ...["--kubeconfig", kubeconfig, "--namespace", "smm-system"],
            ...["--server", cloud.url, "--token", token],
          ],
          folder: plane.folder,
          env: { SMM_POD: "smm-agent-0" },
        })
        await vi.waitFor(
          async () => {
            const { body } = await call<ClusterInfo>("GET", `/clusters/${cluster.clusterId}`)
            expect(body.link, await agentLog()).toBe("live")
            expect(body.join.inventory.doneAt).not.toBeNull()
            expect(body.kinds.filter(({ state }) => state === "denied")).toEqual([])
          },
          { timeout: 60_000, interval: 250 },
        )
        await kubectl(plane, ["-n", "shop", "create", "service", "clusterip", "late", "--tcp=80"])
        await vi.waitFor(
          async () => {
            const { body } = await call<{ items: { object: { metadata: { name: string } } }[] }>(
              "GET",
              "/objects/Service?namespace=shop",
            )
            expect(body.items.map(({ object }) => object.metadata.name)).toEqual(["cart", "late"])
          },
          { timeout: 20_000, interval: 100 },
        )
        await agent.stop()
        const events = await audited()
        expect(events.length).toBeGreaterThan(20)
        expect(events.filter(({ responseStatus }) => [401, 403].includes(responseStatus?.code ?? 0))).toEqual(
          [],
        )
        const rules = rulesOf(parseAllDocuments(text).map((document) => document.toJS() as unknown))
        // Discovery and the version are open to everybody who is known; nobody has to be given them.
        const beyond = events.filter(
          (event) =>
            !isGiven(rules, event) &&
            !(
              event.objectRef === undefined &&
              /^\/(version|apis?(\/[\w.]+(\/\w+)?)?)(\?|$)/.test(event.requestURI)
            ),
        )
        expect(beyond.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([])
      },
    )

    test("with mapped users is accepted too, and gives Kubernetes' own users and groups to nobody", async () => {
      const act = { mode: "mapped", users: ["ana"], groups: ["mesh-editors"] }
      const made = await call<ClusterInstall>("POST", "/clusters", {
        name: "acting",
        write: ["traffic"],
        act,
      })
      const text = await manifest(made.body.token)
      await kubectl(plane, ["create", "namespace", "smm-system"]).catch(() => "")
      const out = await kubectl(plane, ["apply", "--validate=strict", "-f", "-"], text)
      expect(out).toContain("configmap/smm-agent-policy created")
      const may = (verb: string, resource: string, ...more: string[]): Promise<string> =>
        kubectl(plane, ["auth", "can-i", verb, resource, `--as=${account}`, ...more]).then(
          (answer) => answer.trim(),
          () => "no",
        )
      expect(await may("impersonate", "users/ana")).toBe("yes")
      expect(await may("impersonate", "groups/mesh-editors")).toBe("yes")
      expect(await may("impersonate", "users/bob")).toBe("no")
      expect(await may("impersonate", "groups/system:masters")).toBe("no")
      expect(await may("impersonate", "users")).toBe("no")
      expect(await may("impersonate", "serviceaccounts")).toBe("no")
      expect(await may("update", "configmaps/smm-agent-policy", "-n", "smm-system")).toBe("no")
      expect(await may("get", "configmaps/smm-agent-policy", "-n", "smm-system")).toBe("yes")
      expect(await may("update", "configmaps/smm-agent-journal", "-n", "smm-system")).toBe("yes")
    })
  },
)
