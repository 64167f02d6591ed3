import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ClusterInstall } from "#shared/api/cluster.ts"
import { type Identity, Cache, join, meet, pod } from "./agent.ts"
import { api } from "./console.ts"
import { type Stage, startLocalStage } from "./transport.ts"

describe("the local server ends a connection as API Gateway does", () => {
  let stage: Stage
  let identity: Identity
  beforeAll(async () => {
    stage = await startLocalStage()
    const { body } = await api<ClusterInstall>(stage.server, stage.tenant.tokens.owner, "POST", "/clusters", {
      name: "prod",
    })
    identity = await join(stage.server, body.token)
  })
  afterAll(() => stage.close())

  test("with 1009 for a frame above 32 KB", async () => {
    const peer = await meet(stage.server, identity)
    peer.raw("x".repeat(33 * 1024))
    expect((await peer.closed).code).toBe(1009)
  })

  test("with 1009 for a message above 128 KB, in frames however small", async () => {
    const peer = await meet(stage.server, identity)
    const piece = "x".repeat(30 * 1024)
    for (let i = 0; i < 5; i++) peer.socket.send(piece, { fin: i === 4 })
    expect((await peer.closed).code).toBe(1009)
  })

  test("with 1003 for a binary frame", async () => {
    const peer = await meet(stage.server, identity)
    peer.socket.send(Buffer.from("binary"))
    expect((await peer.closed).code).toBe(1003)
  })

  test("and takes the agent back, which converges", async () => {
    const peer = await meet(stage.server, identity)
    expect(await new Cache().put(pod("a")).sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
    await peer.close()
  })
})
