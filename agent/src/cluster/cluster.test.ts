import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { kindOf } from "#shared/kube/kinds.ts"
import { startTestApiServer, type TestApiServer } from "../../test/api-server.ts"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { silentLog } from "../log.ts"
import { createKubeApi, type KubeApi } from "./api.ts"
import { createCache, type Cache } from "./cache.ts"
import { type ClusterWatch, watchCluster } from "./cluster.ts"

const specs = [kindOf("Pod")].filter((spec) => spec !== undefined)

describe("a kind of Kubernetes itself", () => {
  let server: TestApiServer
  let api: KubeApi
  let clock: TestClock
  let cache: Cache
  let stop: AbortController
  let watching: ClusterWatch

  beforeEach(async () => {
    server = await startTestApiServer()
    api = createKubeApi(server.config)
    clock = createTestClock()
    cache = createCache(() => clock.now(), specs)
    stop = new AbortController()
    for (const name of ["a", "b"]) server.put({ metadata: { name, namespace: "shop" } })
  })
  afterEach(async () => {
    stop.abort()
    await watching.done
    api.close()
    await server.close()
  })

  const begin = (): void => {
    watching = watchCluster({ api, cache, clock, signal: stop.signal, log: silentLog, specs })
  }
  const eventually = (check: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(1_000)
        check()
      },
      { timeout: 10_000, interval: 10 },
    )
  const seen = () => [cache.stateOf("Pod"), [...cache.objects("Pod")].length]

  test("that is answered with 404 by whoever stands before the API server is stale, and nothing of it is forgotten", async () => {
    begin()
    await eventually(() => expect(seen()).toEqual(["live", 2]))
    const page = { status: 404, body: { message: "default backend - 404" } }
    server.fail.push({ watch: true, ...page }, { watch: false, ...page })
    server.endWatches()
    await eventually(() => expect(seen()).toEqual(["stale", 2]))
    expect(cache.isKnown("Pod")).toBe(true)
    await eventually(() => expect(seen()).toEqual(["live", 2]))
  })

  test("that was never there is absent", async () => {
    server.fail.push({ watch: false, status: 404 })
    begin()
    await eventually(() => expect(seen()).toEqual(["absent", 0]))
  })
})
