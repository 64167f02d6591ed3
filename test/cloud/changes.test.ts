import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Change, ChangeRequestInput } from "#shared/api/change.ts"
import { ChangeRequest } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { createChange } from "#cloud/change/create.ts"
import { historyPage } from "#cloud/change/history.ts"
import { previewChange } from "#cloud/change/preview.ts"
import { viewOf } from "#cloud/change/view.ts"
import { Changes } from "#cloud/store/change.ts"
import { Tokens } from "#cloud/store/token.ts"
import { type ActingAgent, clientOf, joinActing } from "#test/link/acting.ts"
import { view } from "#test/link/console.ts"
import { type Stage, startLocalStage, transports } from "#test/link/transport.ts"
import { deployment, edge, pod, putTick, service } from "./mesh.ts"

const kind = "VirtualService.networking.istio.io"
const routeTo = (host: string, name = "cart"): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace: "shop", uid: "11111111-1111-4111-8111-111111111111", resourceVersion: "7" },
  spec: { hosts: [name], http: [{ route: [{ destination: { host } }] }] },
})
const objects = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  ...["cart", "db"].flatMap((name) => [service(name), deployment(name), pod(name)]),
  routeTo("cart"),
  routeTo("db", "db"),
]
const intentOf = (...put: KubeObject[]) => ({ control: "objects" as const, put })
const specOf = (agent: ActingAgent, name = "cart"): string =>
  JSON.stringify(agent.cache.objects.get(`${kind}/shop/${name}`)?.["spec"])
const isOver = ({ state }: Change): boolean => state !== "running" && state !== "queued"

async function until<T>(read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read()
    if (fits(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

let stage: Stage
let operator: Client
let viewer: Client
async function begin(start: () => Promise<Stage>): Promise<void> {
  stage = await start()
  operator = clientOf(stage.server, stage.tenant.tokens.operator)
  viewer = clientOf(stage.server, stage.tenant.tokens.viewer)
}
let made = 0
const join = async (): Promise<ActingAgent> => joinActing(stage, `c-${++made}`, objects)
const connected = async (): Promise<ActingAgent> => (await join()).connect()
const create = (body: ChangeRequestInput): Promise<Change> => operator.call("createChange", { body })
/** Without the API, which counts calls by a clock that stands still. */
const ended = (changeId: string, fits: (change: Change) => boolean = isOver): Promise<Change> =>
  until(async () => {
    const entry = await Changes.read(stage.cloud, stage.tenant.organizationId, changeId)
    return viewOf(entry ?? expect.unreachable(), stage.clock.at)
  }, fits)
const get = (changeId: string) => viewer.call("getChange", { params: { change: changeId } })
const newest = async (agent: ActingAgent): Promise<Change> => {
  const { items } = await viewer.call("listChanges", { query: { cluster: agent.clusterId, limit: 1 } })
  return items[0] ?? expect.unreachable()
}
const events = async (agent: ActingAgent): Promise<string[]> => {
  const params = { cluster: agent.clusterId }
  return (await viewer.call("listClusterEvents", { params })).items.map(({ message }) => message)
}
const toCart = (agent: ActingAgent, host: string, more: Partial<ChangeRequestInput> = {}) => ({
  clusters: [agent.clusterId],
  intent: intentOf(routeTo(host)),
  ...more,
})

describe.each(transports)("a change over %s", (_name, start) => {
  beforeAll(() => begin(start))
  afterAll(() => stage.close())

  test("is previewed, carried out by the agent as the caller, and kept with what became of it", async () => {
    const agent = await connected()
    const body = toCart(agent, "db", { via: "cli" })
    const preview = await viewer.call("previewChange", { query: {}, body })
    expect(preview).toMatchObject({
      refused: [],
      blockers: [],
      steps: [{ verb: "patch", object: { kind, namespace: "shop", name: "cart" }, resourceVersion: "7" }],
      clusters: [{ link: "live", mode: "mapped", check: { as: { user: "ann" } } }],
    })
    expect(agent.commands.map(({ action }) => action.type)).toEqual(["check"])

    const change = await create({ ...body, digest: preview.digest })
    expect(change).toMatchObject({
      state: "applied",
      via: "cli",
      by: { kind: "token", name: "operator" },
      clusters: [{ state: "done", as: { user: "ann", groups: ["mesh"] } }],
      steps: [{ outcome: { state: "applied", resourceVersion: "101" } }],
    })
    expect(specOf(agent)).toContain('"host":"db"')
    const asked = agent.commands.at(-1) ?? expect.unreachable()
    expect(asked.caller).toMatchObject({ kind: "token", name: "operator", role: "operator" })
    expect(asked.expiresAt - asked.issuedAt).toBe(120_000)
    expect((await get(change.changeId)).state).toBe("applied")
    const { items } = await viewer.call("listChanges", { query: { cluster: agent.clusterId } })
    expect(items).toEqual([change])
    await agent.disconnect()
  })

  test("goes through however its handler and its agent's are spread over processes", async () => {
    const agent = await connected()
    const request = ChangeRequest.parse(toCart(agent, "db"))
    const change = await createChange(stage.otherProcess(), stage.tenant.owner, request)
    expect(change.state).toBe("applied")
    await agent.disconnect()
  })

  test("that was just made is what the next one is planned on, before the agent's watch has told of it", async () => {
    const agent = await connected()
    await create(toCart(agent, "db"))
    const again = await create(toCart(agent, "cart"))
    expect(again).toMatchObject({ state: "applied", steps: [{ resourceVersion: "101" }] })
    await expect(create(toCart(agent, "cart"))).rejects.toMatchObject({ code: "change.empty" })
    await agent.disconnect()
  })
})

describe("a change over several clusters", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("goes to them one after the other, in the order asked for", async () => {
    const [a, b] = [await connected(), await connected()]
    const seen: string[] = []
    for (const agent of [a, b])
      agent.answer = (payload) => {
        seen.push(agent.clusterId)
        return agent.carryOut(payload)
      }
    const clusters = [b.clusterId, a.clusterId]
    const change = await create({ clusters, intent: intentOf(routeTo("db")) })
    expect(change.state).toBe("applied")
    expect(seen).toEqual(clusters)
  })

  test("stops at the first failure, and says what was done and what was not", async () => {
    const [a, b] = [await connected(), await connected()]
    a.answer = ({ action }) => (action.type === "apply" ? a.fail(action, 1) : "silent")
    const clusters = [a.clusterId, b.clusterId]
    const change = await create({ clusters, intent: intentOf(routeTo("db"), routeTo("cart", "db")) })
    expect(change).toMatchObject({
      state: "partly",
      clusters: [
        { state: "failed", failure: { code: "refused", message: "admission said no" } },
        { state: "skipped", failure: null },
      ],
    })
    const outcomes = change.steps.map(({ outcome }) => outcome?.state)
    expect(outcomes).toEqual(["applied", "failed", undefined, undefined])
    expect(b.commands).toEqual([])
    a.answer = ({ action }) => (action.type === "apply" ? a.fail(action, 0) : "silent")
    expect((await create({ clusters, intent: intentOf(routeTo("y", "new")) })).state).toBe("failed")
  })

  test("is refused as a whole when one of them is not there for the caller, and for a token that is limited to the other", async () => {
    const [a, b] = [await connected(), await connected()]
    const clusters = [a.clusterId, b.clusterId]
    const nobody = "cls_01J9Z3QK5V8E2M7C4T6B1N0PXA"
    const missing = create({ clusters: [a.clusterId, nobody], intent: intentOf(routeTo("db")) })
    await expect(missing).rejects.toMatchObject({ code: "cluster.not_found" })
    const input = { name: "one", role: "operator" as const, expiresInDays: 1, createdBy: "ann" }
    const token = await Tokens.create(stage.cloud, stage.tenant.organizationId, {
      ...input,
      clusters: [a.clusterId],
    })
    const limited = clientOf(stage.server, token.secret)
    const body = { clusters, intent: intentOf(routeTo("db")) }
    await expect(limited.call("createChange", { body })).rejects.toMatchObject({ code: "cluster.not_found" })
    expect([...a.commands, ...b.commands]).toEqual([])

    const change = await create(body)
    const params = { change: change.changeId }
    const part = await limited.call("getChange", { params })
    expect(part.clusters.map(({ cluster }) => cluster)).toEqual([a.clusterId])
    expect([part.intent, part.steps.length]).toEqual([null, 1])
    const undo = { intent: { control: "undo" as const, changeId: change.changeId } }
    await expect(limited.call("createChange", { body: undo })).rejects.toMatchObject({
      code: "change.not_undoable",
    })
    const intent = intentOf(routeTo("cart"))
    const elsewhere = await create({ clusters: [b.clusterId], intent })
    const hidden = limited.call("getChange", { params: { change: elsewhere.changeId } })
    await expect(hidden).rejects.toMatchObject({ code: "change.not_found" })
  })
})

describe("an agent", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("that is away is not asked: the change is refused at once, and nothing is kept", async () => {
    const agent = await connected()
    await agent.disconnect()
    await expect(create(toCart(agent, "db"))).rejects.toMatchObject({ code: "agent.away" })
    expect((await viewer.call("listChanges", { query: { cluster: agent.clusterId } })).items).toEqual([])
    const preview = await viewer.call("previewChange", { query: {}, body: toCart(agent, "db") })
    expect(preview.blockers.map(({ code }) => code)).toEqual(["agent.away"])
    expect(preview.clusters[0]?.check).toBeNull()
  })

  test("that is away gets what was queued when it comes, and nothing whose time is over", async () => {
    const agent = await connected()
    await agent.disconnect()
    const queueUntil = stage.clock.at + 3_600_000
    const change = await create(toCart(agent, "db", { queueUntil }))
    expect(change).toMatchObject({ state: "queued", clusters: [{ state: "queued", expiresAt: queueUntil }] })
    const late = await create({
      clusters: [agent.clusterId],
      intent: intentOf(routeTo("cart", "db")),
      queueUntil: stage.clock.at + 600_000,
    })
    stage.clock.at += 1_200_000
    await agent.connect("two")
    expect((await ended(change.changeId)).state).toBe("applied")
    expect(await get(late.changeId)).toMatchObject({
      state: "expired",
      clusters: [
        { state: "expired", failure: { message: expect.stringContaining("nothing was done") as string } },
      ],
    })
    expect(agent.commands).toHaveLength(1)
    expect(specOf(agent, "db")).toContain('"host":"db"')
  })

  test.each([
    [-1, "is over"],
    [25 * 3_600_000, "more than 24 h"],
  ])("is not queued for until %d ms from now", async (ms, message) => {
    const agent = await join()
    const queued = create(toCart(agent, "db", { queueUntil: stage.clock.at + ms }))
    await expect(queued).rejects.toMatchObject({
      code: "input.invalid",
      message: expect.stringContaining(message) as string,
    })
  })

  test("that only reads, or whose owner has switched writing off, is not asked", async () => {
    const agent = await join()
    agent.act = { ...agent.act, mode: "off", reason: "no policy" }
    await agent.connect()
    await expect(create(toCart(agent, "db"))).rejects.toMatchObject({
      code: "acting.off",
      message: expect.stringContaining("no policy") as string,
    })
    const { mode, refused, lines } = await viewer.call("getAccess", {
      params: { cluster: agent.clusterId },
      query: { namespace: "shop" },
    })
    expect([mode, lines]).toEqual(["off", []])
    expect(refused).toContain("smm-agent-policy")
  })

  test("is asked for access once in 10 s for each caller and namespace", async () => {
    const agent = await connected()
    const params = { cluster: agent.clusterId }
    const ask = (client: Client, namespace: string) =>
      client.call("getAccess", { params, query: { namespace } })
    const first = await ask(operator, "shop")
    expect(first).toMatchObject({ as: { user: "ann" }, refused: null, mode: "mapped" })
    expect(await ask(operator, "shop")).toEqual(first)
    await ask(operator, "other")
    await ask(viewer, "shop")
    expect(agent.commands).toHaveLength(3)
    stage.clock.at += 10_001
    await ask(operator, "shop")
    expect(agent.commands).toHaveLength(4)
  })

  test("that answers in its next connection has answered; what comes twice changes nothing", async () => {
    const agent = await connected()
    agent.answer = () => "silent"
    const asked = create(toCart(agent, "db"))
    await until(
      () => Promise.resolve(agent.commands.length),
      (count) => count > 0,
    )
    const payload = agent.commands[0] ?? expect.unreachable()
    const outcome = agent.carryOut(payload)
    agent.done.set(payload.id, outcome)
    await agent.disconnect()
    await agent.connect("two")
    const change = await asked
    expect(change.state).toBe("applied")
    // It was asked again at the hello, and did nothing again.
    expect(agent.commands.map(({ id }) => id)).toEqual([payload.id, payload.id])
    expect(agent.cache.objects.get(`${kind}/shop/cart`)?.metadata.resourceVersion).toBe("101")

    const other = { code: "internal" as const, message: "another answer" }
    const seq = agent.result(payload.id, { type: "apply", as: null, failure: other, steps: [] })
    await agent.peer?.next("ack", (ack) => ack.seq >= (seq ?? 0))
    expect({ ...(await get(change.changeId)), traffic: undefined }).toEqual({ ...change, traffic: undefined })
  })

  test("has answered once the inventory has what it made: the next change is planned on it", async () => {
    const agent = await connected()
    const { table } = stage.cloud
    const states: string[] = []
    stage.cloud.table = {
      ...table,
      put: async (item, condition) => {
        if (item.sk.startsWith("object#")) states.push((await newest(agent)).state)
        return table.put(item, condition)
      },
    }
    expect((await create(toCart(agent, "db"))).state).toBe("applied")
    stage.cloud.table = table
    expect(states).toEqual(["running"])
    const { steps } = await viewer.call("previewChange", {
      query: { check: "false" },
      body: toCart(agent, "cart"),
    })
    expect(steps).toMatchObject([{ resourceVersion: "101" }])
  })

  test("does not answer for another cluster", async () => {
    const [agent, thief] = [await connected(), await connected()]
    agent.answer = () => "silent"
    const asked = create(toCart(agent, "db"))
    await until(
      () => Promise.resolve(agent.commands.length),
      (count) => count > 0,
    )
    const { id } = agent.commands[0] ?? expect.unreachable()
    await thief.peer?.store({
      type: "result",
      commandId: id,
      at: stage.clock.at,
      outcome: { type: "apply", as: null, failure: null, steps: [] },
    })
    expect((await newest(agent)).state).toBe("running")
    expect((await events(thief)).join()).toContain(`this cluster was not asked for ${id}`)
    const wrong = { type: "release" as const, failure: null }
    await agent.peer?.store({ type: "result", commandId: id, at: stage.clock.at, outcome: wrong })
    expect((await newest(agent)).state).toBe("running")
    stage.clock.at += 121_000
    expect(await asked).toMatchObject({
      state: "expired",
      clusters: [{ failure: { message: expect.stringContaining("did not answer in time") as string } }],
    })
    // Late is better than never: it was carried out before its time was over.
    agent.result(id, agent.carryOut(agent.commands[0] ?? expect.unreachable()))
    await ended((await newest(agent)).changeId, ({ state }) => state === "applied")
  })
})

describe("a cloud that dies", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("between keeping and sending has not lost the change: the agent gets it when it next says something", async () => {
    const agent = await connected()
    const cloud = {
      ...stage.otherProcess(),
      sockets: { ...stage.cloud.sockets, send: () => Promise.reject(new Error("killed")) },
    }
    const request = ChangeRequest.parse(toCart(agent, "db"))
    await expect(createChange(cloud, stage.tenant.owner, request)).rejects.toThrow("killed")
    expect((await newest(agent)).state).toBe("running")
    stage.clock.at += 10_000
    await agent.peer?.store({ type: "ping" })
    const change = await ended((await newest(agent)).changeId)
    expect(change.state).toBe("applied")
    expect(agent.commands).toHaveLength(1)
  })

  test("at any write of the change leaves either nothing, or a change that comes to its end once", async () => {
    const kept: string[] = []
    for (let at = 1; at < 40; at++) {
      const agent = await connected()
      let writes = 0
      const cloud = stage.otherProcess()
      const dying =
        <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (++writes === at) throw new Error("killed")
          return write(...args)
        }
      const { put, update, remove } = stage.cloud.table
      cloud.table = { ...cloud.table, put: dying(put), update: dying(update), remove: dying(remove) }
      const request = ChangeRequest.parse(toCart(agent, "db"))
      const answer = await createChange(cloud, stage.tenant.owner, request).catch((error: unknown) => error)
      stage.clock.at += 10_000
      await agent.peer?.store({ type: "ping" })
      const query = { cluster: agent.clusterId }
      const { items } = await viewer.call("listChanges", { query })
      if (items.length === 0) expect(specOf(agent)).not.toContain("db")
      else {
        const change = await ended((await newest(agent)).changeId)
        expect([at, change.state]).toEqual([at, "applied"])
        expect([...agent.done.keys()]).toHaveLength(1)
      }
      kept.push(items.length === 0 ? "nothing" : "applied")
      await agent.disconnect()
      if (!(answer instanceof Error)) break
    }
    expect(new Set(kept)).toEqual(new Set(["nothing", "applied"]))
    expect(kept.length).toBeLessThan(39)
  }, 60_000)

  test("while it keeps a result has not acknowledged it: the agent says it again, and it counts once", async () => {
    for (const dies of [1, 2, 3, 4, 5]) {
      const agent = await connected()
      const { table } = stage.cloud
      let writes = 0
      const isOwn = (item: { pk: string }): boolean =>
        item.pk.includes("#change") || item.pk.includes(agent.clusterId)
      agent.answer = (payload) => {
        stage.cloud.table = {
          ...table,
          put: (item, condition) =>
            isOwn(item) && ++writes === dies ? Promise.reject(new Error("down")) : table.put(item, condition),
          update: (key, set, options) =>
            isOwn(key) && ++writes === dies
              ? Promise.reject(new Error("down"))
              : table.update(key, set, options),
        }
        return agent.carryOut(payload)
      }
      const asked = create(toCart(agent, "db")).catch((error: unknown) => error)
      await until(
        () => Promise.resolve(writes),
        (count) => count >= dies,
      )
      stage.cloud.table = table
      await agent.disconnect()
      const [[id, outcome] = expect.unreachable()] = [...agent.done]
      await agent.connect("two")
      const seq = agent.result(id, outcome)
      await agent.peer?.next("ack", (ack) => ack.seq >= (seq ?? 0))
      expect((await newest(agent)).state).toBe("applied")
      const { items } = await viewer.call("listChanges", { query: { cluster: agent.clusterId } })
      expect(items).toHaveLength(1)
      await asked
      await agent.disconnect()
    }
  }, 60_000)
})

describe("a change that is looked at again", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("is refused when what it was previewed on has changed since", async () => {
    const agent = await connected()
    const body = toCart(agent, "db")
    const { digest } = await viewer.call("previewChange", { query: { check: "false" }, body })
    expect(agent.commands).toEqual([])
    const meanwhile = routeTo("elsewhere")
    agent.cache.put({ ...meanwhile, metadata: { ...meanwhile.metadata, resourceVersion: "8" } })
    await agent.sync()
    await expect(create({ ...body, digest })).rejects.toMatchObject({ code: "change.outdated" })
    expect((await create(body)).state).toBe("applied")
  })

  test("has the equal lines, and what the cluster has against it", async () => {
    const agent = await connected()
    agent.answer = ({ action }) =>
      action.type !== "check"
        ? "silent"
        : {
            type: "check",
            as: { user: "ann", groups: [] },
            failure: null,
            steps: action.steps.map(({ verb, object }) => ({
              live: null,
              access: { ...object, verb, allowed: false, reason: "no rule", grant: "kubectl create role" },
              owners: [
                {
                  object,
                  path: "spec.http",
                  manager: "argocd-controller",
                  operation: "Apply",
                  at: null,
                  claim: "reverts",
                },
              ],
              dryRun: { state: "refused", code: "refused", message: "webhook said no", after: null },
            })),
          }
    const body = toCart(agent, "db")
    const preview = await viewer.call("previewChange", { query: {}, body })
    expect(preview.blockers.map(({ code }) => code)).toEqual([
      "access.denied",
      "change.conflict",
      "dry_run.refused",
    ])
    expect(preview.commands.kubectl).toContain(
      "kubectl patch virtualservices.networking.istio.io cart -n shop",
    )
    expect(preview.commands.curl).toContain("/api/v1/changes")
    const taken = { ...body, conflicts: "take-over" as const }
    const again = await viewer.call("previewChange", { query: {}, body: taken })
    expect(again.blockers.map(({ code }) => code)).toEqual(["access.denied", "dry_run.refused"])
  })

  test("tells the findings that appear, and keeps them with the change", async () => {
    const agent = await connected()
    const body = toCart(agent, "nowhere")
    const preview = await viewer.call("previewChange", { query: { check: "false" }, body })
    expect(preview.findings.added.map(({ object }) => object.name)).toContain("cart")
    const { findings } = await create(body)
    expect(findings.added.join()).toContain("VirtualService shop/cart")
    expect(findings.removed).toEqual([])
  })

  test("has the traffic five minutes before and after", async () => {
    const agent = await connected()
    const owner = { organizationId: stage.tenant.organizationId, clusterId: agent.clusterId }
    await putTick(stage.cloud, owner, stage.clock.at - 60_000, [edge("web", "cart", 10)])
    await agent.peer?.store({
      type: "observed",
      lost: 0,
      items: [
        {
          id: "uid/9",
          at: stage.clock.at,
          verb: "patch",
          object: { kind, namespace: "shop", name: "cart" },
          manager: "kubectl",
          patch: null,
        },
      ],
    })
    const { changeId } = await newest(agent)
    expect((await get(changeId)).traffic).toMatchObject([
      { service: "shop/cart", before: { errorRatio: 0 }, after: { requestsPerSecond: null } },
    ])
    expect((await get(changeId)).traffic[0]?.before.requestsPerSecond).toBeCloseTo(10, 0)
    stage.clock.at += 120_000
    await putTick(stage.cloud, owner, stage.clock.at, [edge("web", "cart", 20, 0.5)])
    const [traffic] = (await get(changeId)).traffic
    expect(traffic?.after.requestsPerSecond).toBeCloseTo(20, 0)
    expect(traffic?.after.errorRatio).toBeCloseTo(0.5, 1)
  })
})

describe("undo", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())
  const undo = (changeId: string) => create({ intent: { control: "undo", changeId } })

  test("takes a change back on the object as it is now, once, and both say so", async () => {
    const agent = await connected()
    const change = await create(toCart(agent, "db"))
    const back = await undo(change.changeId)
    expect(back).toMatchObject({ state: "applied", undoOf: change.changeId })
    expect(back.title).toContain(change.title)
    expect(specOf(agent)).toBe(JSON.stringify(routeTo("cart")["spec"]))
    expect(await get(change.changeId)).toMatchObject({ state: "undone", undoneBy: back.changeId })
    await expect(undo(change.changeId)).rejects.toMatchObject({
      code: "change.not_undoable",
      message: expect.stringContaining(back.changeId) as string,
    })
    const forth = await undo(back.changeId)
    expect(forth.state).toBe("applied")
    expect(specOf(agent)).toContain('"host":"db"')
  })

  test("of two that come at once one is made", async () => {
    const agent = await connected()
    const { changeId } = await create(toCart(agent, "db"))
    const answers = await Promise.allSettled([undo(changeId), undo(changeId)])
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "change.not_undoable" },
    })
  })

  test("that failed may be tried again", async () => {
    const agent = await connected()
    const { changeId } = await create(toCart(agent, "db"))
    agent.answer = ({ action }) => (action.type === "apply" ? agent.fail(action, 0) : "silent")
    expect((await undo(changeId)).state).toBe("failed")
    expect((await get(changeId)).state).toBe("applied")
    agent.answer = (payload) => agent.carryOut(payload)
    expect((await undo(changeId)).state).toBe("applied")
    expect((await get(changeId)).state).toBe("undone")
  })

  test("of what changed nothing, or came from outside, is refused", async () => {
    const agent = await connected()
    agent.answer = ({ action }) => (action.type === "apply" ? agent.fail(action, 0) : "silent")
    const { changeId } = await create(toCart(agent, "db"))
    await expect(undo(changeId)).rejects.toMatchObject({
      code: "change.not_undoable",
      message: expect.stringContaining("changed nothing") as string,
    })
    await expect(undo("chg_01J9Z3QK5V8E2M7C4T6B1N0PXA")).rejects.toMatchObject({ code: "change.not_found" })
  })
})

describe("a guard", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())
  const guard = { errorsPercent: 2, p95Ms: null, forMs: 120_000, withinMs: 1_800_000 }

  test("that fired makes the change undone, with an entry of the agent's, however often it is told", async () => {
    const agent = await connected()
    const change = await create(toCart(agent, "db", { guard, expiresInMs: 600_000 }))
    expect(change).toMatchObject({ watch: { state: "watching" }, revertAt: stage.clock.at + 600_000 })
    const message = {
      type: "watched",
      changeId: change.changeId,
      at: stage.clock.at,
      end: "undone",
      why: "guard",
      reason: "errors 4.1 % for 2 min, bound 2 %",
      outcome: null,
    }
    await agent.peer?.store(message)
    stage.clock.at += 1_000
    await agent.peer?.store(message)
    const now = await get(change.changeId)
    expect(now).toMatchObject({ state: "undone", watch: { state: "undone", reason: message.reason } })
    const { items } = await viewer.call("listChanges", { query: { via: "agent", cluster: agent.clusterId } })
    expect(items).toMatchObject([
      { changeId: now.undoneBy, by: { kind: "agent" }, undoOf: change.changeId, state: "applied" },
    ])
    expect(items[0]?.title).toContain("errors 4.1 %")
    expect(items[0]?.steps).toMatchObject([{ verb: "patch", after: { spec: routeTo("cart")["spec"] } }])
  })

  test("that could not undo says so, and the change stays", async () => {
    const agent = await connected()
    const { changeId } = await create(toCart(agent, "db", { guard }))
    const reason = "admission said no"
    const at = stage.clock.at
    await agent.peer?.store({
      type: "watched",
      changeId,
      at,
      end: "failed",
      why: "guard",
      reason,
      outcome: null,
    })
    expect(await get(changeId)).toMatchObject({ state: "applied", watch: { state: "failed", reason } })
    const { items } = await viewer.call("listChanges", { query: { via: "agent", cluster: agent.clusterId } })
    expect(items).toMatchObject([{ state: "failed", steps: [] }])
  })

  test("of another cluster's change is not believed", async () => {
    const [agent, thief] = [await connected(), await connected()]
    const { changeId } = await create(toCart(agent, "db", { guard }))
    const at = stage.clock.at
    const message = { type: "watched", changeId, at, end: "undone", why: "guard", reason: "x", outcome: null }
    await thief.peer?.store(message)
    expect((await get(changeId)).state).toBe("applied")
  })

  test("is let go with the change that somebody undoes", async () => {
    const agent = await connected()
    const { changeId } = await create(toCart(agent, "db", { guard }))
    expect((await create({ intent: { control: "undo", changeId } })).state).toBe("applied")
    await ended(changeId, ({ watch }) => watch?.state === "released")
    expect(agent.commands.map(({ action }) => action.type)).toEqual(["apply", "apply", "release"])
  })

  test("is let go when somebody says so; what the change did stays", async () => {
    const agent = await connected()
    const { changeId } = await create(toCart(agent, "db", { guard }))
    const params = { change: changeId }
    await expect(viewer.call("releaseChange", { params, body: {} })).rejects.toMatchObject({
      code: "auth.denied",
    })
    const released = await operator.call("releaseChange", { params, body: {} })
    expect(released).toMatchObject({ state: "applied", watch: { state: "released" } })
    expect(agent.commands.at(-1)?.action).toEqual({ type: "release", changeId })
    expect(await operator.call("releaseChange", { params, body: {} })).toEqual(released)
    expect(agent.commands.filter(({ action }) => action.type === "release")).toHaveLength(1)
  })
})

describe("the history", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  const item = (id: string, more: Record<string, unknown> = {}) => ({
    id,
    at: stage.clock.at,
    verb: "patch",
    object: { kind, namespace: "shop", name: "cart" },
    manager: "argocd-controller",
    patch: [{ op: "replace", path: "/spec/http/0/route/0/destination/host", value: "db" }],
    ...more,
  })
  const observe = (agent: ActingAgent, ...items: unknown[]) =>
    agent.peer?.store({ type: "observed", lost: 0, items })

  test("has what others changed, each once, with its field manager and what it was and became", async () => {
    const agent = await connected()
    const remove = item("u/9", {
      verb: "delete",
      object: { kind, namespace: "shop", name: "db" },
      manager: "",
    })
    await observe(agent, item("u/8"), remove)
    await observe(agent, item("u/8"), remove)
    const odd = item("u/10", { at: stage.clock.at + 3_600_000_000 })
    await observe(agent, odd)
    stage.clock.at += 5_000
    await observe(agent, odd)
    const list = async (query: object) =>
      (await viewer.call("listChanges", { query: { cluster: agent.clusterId, ...query } })).items
    const all = await list({})
    expect(all).toHaveLength(3)
    expect(await list({ by: "argo" })).toHaveLength(2)
    expect(await list({ kind: "vs", name: "db" })).toMatchObject([
      { title: "Removed VirtualService shop/db", steps: [{ verb: "delete", after: null }] },
    ])
    const [changed] = await list({ by: "argo", service: "shop/cart" })
    expect(changed).toMatchObject({
      by: { kind: "outside", name: "argocd-controller" },
      via: "outside",
      state: "applied",
      intent: null,
      steps: [{ before: { spec: routeTo("cart")["spec"] }, after: { spec: routeTo("db")["spec"] } }],
    })
    expect(await list({ namespace: ["other"] })).toEqual([])
    expect(await list({ via: "cli" })).toEqual([])
    expect(await list({ to: stage.clock.at - 1_000_000 })).toEqual([])
    await expect(list({ kind: "Nothing" })).rejects.toMatchObject({ code: "kind.not_found" })
    expect(changed?.changeId).toBeDefined()
    await expect(
      create({ intent: { control: "undo", changeId: changed?.changeId ?? "" } }),
    ).rejects.toMatchObject({ code: "change.not_undoable" })
  })

  test("is paged newest first, and exported a line for each change", async () => {
    const agent = await connected()
    for (let i = 0; i < 7; i++) {
      stage.clock.at += 1_000
      await observe(agent, item(`p/${i}`, { manager: `m-${i}` }))
    }
    const query = { cluster: agent.clusterId, limit: 3 }
    const seen: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await viewer.call("listChanges", { query: { ...query, ...(cursor ? { cursor } : {}) } })
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ by }) => by.name))
      cursor = page.cursor
    } while (cursor !== null)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((i) => `m-${i}`))

    const headers = {
      authorization: `Bearer ${stage.tenant.tokens.viewer}`,
      accept: "application/x-ndjson",
    }
    const url = `${stage.server}/api/v1/changes?cluster=${agent.clusterId}&limit=3`
    const response = await fetch(url, { headers })
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    const lines = (await response.text()).trim().split("\n")
    expect(lines.map((line) => (JSON.parse(line) as Change).by.name)).toEqual(["m-6", "m-5", "m-4"])
    expect(response.headers.get("smm-cursor")).toMatch(/\./)
  })
})

describe("a console that follows changes", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("sees each as it goes on, those of its organization and its clusters only", async () => {
    const agent = await connected()
    const input = { name: "x", role: "viewer" as const, expiresInDays: 1, createdBy: "ann" }
    const elsewhere = await connected()
    const limited = await Tokens.create(stage.cloud, stage.tenant.organizationId, {
      ...input,
      clusters: [elsewhere.clusterId],
    })
    const [mine, other, blind] = await Promise.all([
      view(stage.server, stage.tenant.tokens.viewer),
      view(stage.server, stage.other.tokens.owner),
      view(stage.server, limited.secret),
    ])
    for (const console of [mine, other, blind]) await console.watch("w", { type: "changes" })
    const { changeId } = await create(toCart(agent, "db"))
    const states: string[] = []
    while (states.at(-1) !== "applied") {
      const { put } = await mine.next("changes")
      states.push(...put.filter((change) => change.changeId === changeId).map(({ state }) => state))
    }
    expect(states[0]).toBe("running")
    for (const console of [other, blind]) {
      await console.settled()
      expect(console.received.filter(({ type }) => type === "changes")).toEqual([])
      await console.close()
    }
    await mine.close()
  })
})

describe("a caller", () => {
  beforeAll(() => begin(startLocalStage))
  afterAll(() => stage.close())

  test("who is a viewer previews, and changes nothing", async () => {
    const agent = await connected()
    const body = toCart(agent, "db")
    await expect(viewer.call("createChange", { body })).rejects.toMatchObject({ code: "auth.denied" })
    expect((await viewer.call("previewChange", { query: { check: "false" }, body })).steps).toHaveLength(1)
    expect(agent.commands).toEqual([])
  })

  test.each(["Impersonate-User", "impersonate-group", "Impersonate-Extra-Scopes", "Impersonate-Uid"])(
    "who sends %s is refused, at every operation, and never passed over",
    async (name) => {
      for (const [method, path] of [
        ["GET", "/changes"],
        ["POST", "/changes"],
        ["POST", "/session"],
      ]) {
        const headers = {
          authorization: `Bearer ${stage.tenant.tokens.owner}`,
          "content-type": "application/json",
          [name]: "system:admin",
        }
        const init = { method, headers, ...(method === "POST" ? { body: "{}" } : {}) }
        const response = await fetch(`${stage.server}/api/v1${path}`, init as RequestInit)
        expect(response.status).toBe(400)
        expect(await response.json()).toMatchObject({
          code: "input.invalid",
          detail: expect.stringContaining(name.toLowerCase()) as string,
        })
      }
    },
  )

  test("who does not read a namespace neither previews, makes, nor sees a change in it", async () => {
    const agent = await connected()
    const blind = { ...stage.tenant.owner, sight: ["elsewhere"] }
    const body = ChangeRequest.parse(toCart(agent, "db"))
    const denied = { code: "access.denied", message: expect.stringContaining("shop") as string }
    await expect(createChange(stage.cloud, blind, body)).rejects.toMatchObject(denied)
    await expect(previewChange(stage.cloud, blind, body, "know")).rejects.toMatchObject(denied)
    const { changeId } = await create(toCart(agent, "db"))
    const query = { clusters: undefined, limit: 100, after: undefined }
    const { items } = await historyPage(stage.cloud, blind, query)
    expect(items.map((change) => change.changeId)).not.toContain(changeId)
    expect(agent.commands).toHaveLength(1)
  })

  test("who names no cluster, or nothing to change, is told", async () => {
    const agent = await connected()
    await expect(create({ intent: intentOf(routeTo("db")) })).rejects.toMatchObject({
      code: "input.invalid",
      detail: { issues: [{ path: "clusters" }] },
    })
    await expect(create(toCart(agent, "cart"))).rejects.toMatchObject({ code: "change.empty" })
  })
})
