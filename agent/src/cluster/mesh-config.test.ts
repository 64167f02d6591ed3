import { afterEach, describe, expect, test, vi } from "vitest"
import type { Clock } from "../clock.ts"
import { systemClock } from "../clock.ts"
import { silentLog } from "../log.ts"
import { type KubeApi, KubeError } from "./api.ts"
import { createCache } from "./cache.ts"
import { markEarlyRefusals } from "./early-refusal.ts"
import { followMeshConfig } from "./mesh-config.ts"

let stop = new AbortController()
afterEach(() => {
  stop.abort()
  stop = new AbortController()
})

const hasty: Clock = { ...systemClock, sleep: (_, signal) => systemClock.sleep(1, signal) }

function follow(answer: () => unknown, clock = hasty) {
  const cache = createCache(() => 1)
  const calls: KubeApi = {
    server: "test",
    json: () => {
      try {
        return Promise.resolve(answer())
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
    lines: () => Promise.reject(new Error("nothing is watched here")),
    close: () => undefined,
  }
  const api = markEarlyRefusals(calls, clock)
  const done = followMeshConfig({ api, cache, clock, signal: stop.signal, log: silentLog })
  return { cache, done, specs: () => [...cache.objects("MeshConfig")].map(({ spec }) => spec) }
}

const configMap = (mesh: string) => ({ kind: "ConfigMap", data: { mesh } })

describe("the settings of the mesh", () => {
  test("are read out of istiod's ConfigMap, and follow it", async () => {
    let mesh = "rootNamespace: config\nenableAutoMtls: false\n"
    const { specs, cache } = follow(() => configMap(mesh))
    await vi.waitFor(() => expect(specs()).toEqual([{ rootNamespace: "config", enableAutoMtls: false }]))
    expect(cache.stateOf("MeshConfig")).toBe("live")
    mesh = "rootNamespace: other"
    await vi.waitFor(() => expect(specs()).toEqual([{ rootNamespace: "other" }]))
  })

  test("are Istio's defaults when there is no such ConfigMap", async () => {
    const { specs, cache } = follow(() => {
      throw new KubeError(404, "NotFound", "not found")
    })
    await vi.waitFor(() => expect(cache.stateOf("MeshConfig")).toBe("live"))
    expect(specs()).toEqual([])
  })

  test("are not known when they may not be read, and stale when they no longer can be", async () => {
    const denied = follow(() => {
      throw new KubeError(403, "Forbidden", "configmaps is forbidden")
    })
    await vi.waitFor(() => expect(denied.cache.stateOf("MeshConfig")).toBe("denied"))
    let fails = false
    const failing = follow(() => {
      if (fails) throw new Error("connection refused")
      return configMap("rootNamespace: config")
    })
    await vi.waitFor(() => expect(failing.specs()).toHaveLength(1))
    fails = true
    await vi.waitFor(() => expect(failing.cache.stateOf("MeshConfig")).toBe("stale"))
    expect(failing.specs()).toHaveLength(1)
  })

  test("are stale, and not denied, while a server that comes back refuses everybody", async () => {
    let now = 1
    let answer = (): unknown => configMap("rootNamespace: config")
    const { cache, specs } = follow(() => answer(), { ...hasty, now: () => now })
    const becomes = (state: string, reason: string) =>
      vi.waitFor(() =>
        expect(cache.kinds().find(({ kind }) => kind === "MeshConfig")).toMatchObject({ state, reason }),
      )
    await becomes("live", "")
    answer = () => {
      throw new Error("connection refused")
    }
    await becomes("stale", "connection refused")
    answer = () => {
      throw new KubeError(403, "Forbidden", "configmaps is forbidden")
    }
    await becomes("stale", "configmaps is forbidden")
    expect(specs()).toHaveLength(1)
    now += 60_000
    await becomes("denied", "configmaps is forbidden")
  })

  test("that are no YAML of an object are said to be so", async () => {
    const { cache } = follow(() => configMap("- a list"))
    await vi.waitFor(() =>
      expect(cache.kinds().find(({ kind }) => kind === "MeshConfig")?.reason).toContain("not an object"),
    )
  })
})
