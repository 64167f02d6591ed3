import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type ActingAgent, clientOf, joinActing } from "#test/link/acting.ts"
import { type Stage, transports } from "#test/link/transport.ts"
import { deployment, pod, service } from "./mesh.ts"

const kind = "VirtualService.networking.istio.io"
const routeTo = (host: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: {
    name: "cart",
    namespace: "shop",
    uid: "11111111-1111-4111-8111-111111111111",
    resourceVersion: "7",
  },
  spec: { hosts: ["cart"], http: [{ route: [{ destination: { host } }] }] },
})
const objects = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  ...["cart", "db"].flatMap((name) => [service(name), deployment(name), pod(name)]),
  routeTo("cart"),
]
const put = (host: string) => ({ control: "objects" as const, put: [routeTo(host)] })
const destination = (agent: ActingAgent): unknown =>
  JSON.stringify(agent.cache.objects.get(`${kind}/shop/cart`)?.["spec"])

describe.each(transports)("a change over %s", (_name, start) => {
  let stage: Stage
  let operator: Client
  let viewer: Client
  beforeAll(async () => {
    stage = await start()
    operator = clientOf(stage.server, stage.tenant.tokens.operator)
    viewer = clientOf(stage.server, stage.tenant.tokens.viewer)
  })
  afterAll(() => stage.close())

  test("is previewed, carried out by the agent as the caller, and kept with what became of it", async () => {
    const agent = await (await joinActing(stage, "first", objects)).connect()
    const clusters = [agent.clusterId]
    const body = { clusters, intent: put("db"), via: "cli" as const }
    const preview = await viewer.call("previewChange", { query: {}, body })
    expect(preview).toMatchObject({
      refused: [],
      blockers: [],
      steps: [{ verb: "patch", object: { kind, namespace: "shop", name: "cart" }, resourceVersion: "7" }],
      clusters: [{ clusterName: "first", link: "live", mode: "mapped", check: { as: { user: "ann" } } }],
    })
    expect(agent.commands.map(({ action }) => action.type)).toEqual(["check"])

    const { digest } = preview
    const change = await operator.call("createChange", { body: { ...body, digest } })
    expect(change).toMatchObject({
      state: "applied",
      via: "cli",
      by: { kind: "token", name: "operator" },
      clusters: [{ state: "done", as: { user: "ann", groups: ["mesh"] } }],
      steps: [{ outcome: { state: "applied", resourceVersion: "101" } }],
    })
    expect(destination(agent)).toContain('"host":"db"')
    const asked = agent.commands.at(-1) ?? expect.unreachable()
    expect(asked.caller).toMatchObject({ kind: "token", name: "operator", role: "operator" })
    expect(asked.expiresAt - asked.issuedAt).toBe(120_000)
    expect((await viewer.call("getChange", { params: { change: change.changeId } })).state).toBe("applied")
    const { items } = await viewer.call("listChanges", { query: { cluster: agent.clusterId } })
    expect(items).toEqual([change])
    await agent.disconnect()
  })
})
