import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { type Plane, planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"
import { systemClock } from "../clock.ts"
import { silentLog } from "../log.ts"
import { createKubeApi } from "./api.ts"
import { type Cache, createCache } from "./cache.ts"
import { watchCluster } from "./cluster.ts"
import { loadPlacement } from "./config.ts"

const definitions = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures", "crds/istio.yaml")
const missing = planeMissing() ?? (existsSync(definitions) ? null : `no ${definitions}; set SMM_FIXTURES`)

const virtualService = "VirtualService.networking.istio.io"

const route = (name: string) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "default" },
    spec: { hosts: [name] },
  })

describe.skipIf(skipNote("the agent's watch on a real kube-apiserver", missing))(
  "watching a real API server",
  { timeout: 90_000 },
  () => {
    let plane: Plane
    const ends: (() => Promise<void>)[] = []

    beforeAll(async () => {
      plane = await startPlane()
    }, 120_000)
    afterEach(async () => {
      for (const end of ends.splice(0)) await end()
    })
    afterAll(() => plane?.stop())

    const kubectl = (args: string[], input?: string): string =>
      execFileSync(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args], {
        encoding: "utf8",
        stdio: ["pipe", "pipe", "pipe"],
        ...(input === undefined ? {} : { input }),
      })

    function watch(kubeconfig = plane.kubeconfig): Cache {
      const stop = new AbortController()
      const api = createKubeApi(loadPlacement({ kubeconfig }).config)
      const cache = createCache(systemClock.now)
      const cluster = watchCluster({ api, cache, clock: systemClock, signal: stop.signal, log: silentLog })
      ends.push(async () => {
        stop.abort()
        await cluster.done
        api.close()
      })
      return cache
    }
    const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 50 })
    const namesOf = (cache: Cache, kind: string): string[] =>
      [...cache.objects(kind)].map(({ metadata }) => metadata.name).sort()

    test("finds core kinds, says absent of what is not installed, and follows definitions that come, go and come back", async () => {
      const cache = watch()
      await eventually(() => expect(cache.stateOf(virtualService)).toBe("absent"))
      await eventually(() => expect(cache.stateOf("Pod")).toBe("live"))
      expect(namesOf(cache, "Namespace")).toContain("kube-system")

      kubectl(["apply", "-f", definitions])
      await eventually(() => expect(cache.stateOf(virtualService)).toBe("live"))
      kubectl(["apply", "-f", "-"], route("reviews"))
      await eventually(() => expect(namesOf(cache, virtualService)).toEqual(["reviews"]))

      kubectl(["delete", "crd", "virtualservices.networking.istio.io"])
      await eventually(() => expect(cache.stateOf(virtualService)).toBe("absent"))
      expect(namesOf(cache, virtualService)).toEqual([])
      // Its first list may still be on its way: a definition and its API arrive one after the other.
      await eventually(() => expect(cache.stateOf("DestinationRule.networking.istio.io")).toBe("live"))

      kubectl(["apply", "-f", definitions])
      await eventually(() => expect(cache.stateOf(virtualService)).toBe("live"))
      kubectl(["apply", "-f", "-"], route("ratings"))
      await eventually(() => expect(namesOf(cache, virtualService)).toEqual(["ratings"]))
    })

    test("keeps its content while the API server is down, says stale, and catches up when it is back", async () => {
      kubectl(["apply", "-f", definitions])
      const cache = watch()
      await eventually(() => expect(cache.stateOf(virtualService)).toBe("live"))
      kubectl(["create", "namespace", "before"])
      await eventually(() => expect(namesOf(cache, "Namespace")).toContain("before"))
      const gone: string[] = []
      cache.listen({
        changed: (key) => {
          if (!cache.get(key)) gone.push(key.name)
        },
        known: () => undefined,
        state: () => undefined,
      })
      await plane.kill()
      await eventually(() => expect(cache.stateOf("Namespace")).toBe("stale"))
      expect(namesOf(cache, "Namespace")).toContain("before")
      await plane.restart()
      kubectl(["create", "namespace", "after"])
      await eventually(() => expect(namesOf(cache, "Namespace")).toContain("after"))
      await eventually(() => expect(cache.kinds().filter(({ state }) => state === "stale")).toEqual([]))
      expect(gone).toEqual([])
    })

    test("says denied of what it may not read, in the server's words, and lives on with the rest", async () => {
      kubectl(["create", "serviceaccount", "narrow"])
      kubectl(["create", "clusterrole", "narrow", "--verb=get,list,watch", "--resource=namespaces,services"])
      kubectl([
        "create",
        "clusterrolebinding",
        "narrow",
        "--clusterrole=narrow",
        "--serviceaccount=default:narrow",
      ])
      const token = kubectl(["create", "token", "narrow"]).trim()
      const cache = watch(await plane.writeKubeconfig("narrow", token))
      await eventually(() => expect(cache.stateOf("Service")).toBe("live"))
      await eventually(() => expect(cache.stateOf("Pod")).toBe("denied"))
      const pods = cache.kinds().find(({ kind }) => kind === "Pod")
      expect(pods?.reason).toContain(
        'User "system:serviceaccount:default:narrow" cannot list resource "pods"',
      )
      expect(cache.unknown()).toContain("Pod")
      expect(cache.unknown()).not.toContain("Service")
    })

    test("keeps sums that equal those of its objects through creation, change and removal", async () => {
      const cache = watch()
      await eventually(() => expect(cache.stateOf("Deployment.apps")).toBe("live"))
      kubectl(["create", "namespace", "sums"])
      for (const name of ["a", "b", "c"]) kubectl(["-n", "sums", "create", "deployment", name, "--image=x:1"])
      await eventually(() => expect(namesOf(cache, "Deployment.apps")).toEqual(["a", "b", "c"]))
      kubectl(["-n", "sums", "set", "image", "deployment/b", "x=x:2"])
      kubectl(["-n", "sums", "delete", "deployment", "c"])
      await eventually(() => {
        expect(namesOf(cache, "Deployment.apps")).toEqual(["a", "b"])
        expect(JSON.stringify([...cache.objects("Deployment.apps")])).toContain("x:2")
      })
      const fresh = createCache(systemClock.now)
      for (const object of cache.objects("Deployment.apps")) fresh.put("Deployment.apps", object)
      fresh.setKnown("Deployment.apps", true)
      expect(cache.sums().filter(({ kind }) => kind === "Deployment.apps")).toEqual(fresh.sums())
    })
  },
)
