import { describe, expect, test, vi } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { record } from "#shared/topology/fact/read.ts"
import type { Check } from "#shared/validation/check.ts"
import { rule } from "#shared/validation/rule.ts"
import { systemClock } from "../clock.ts"
import { createCache } from "../cluster/cache.ts"
import { silentLog } from "../log.ts"
import { startValidation } from "./validation.ts"

const lonely = rule({
  code: "service.lonely",
  aliases: [],
  level: "warning",
  title: "No pod of its name",
  effect: "Nothing answers",
  remedy: "Add one",
})

const check: Check = {
  name: "service/lonely",
  subject: "Service",
  reads: ["Pod"],
  rules: [lonely],
  run: ({ metadata }, view, report) => {
    if (view.get("Pod", metadata.namespace ?? "", metadata.name) === undefined)
      report(lonely, { path: "metadata.name", message: `no pod ${metadata.name}` })
  },
}

const object = (kind: string, name: string, annotations?: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "shop", ...(annotations ? { annotations } : {}) },
})

const stop = new AbortController()

function start() {
  const cache = createCache(() => 1)
  for (const { kind } of cache.kinds()) {
    if (kind === "Finding.smm.io") continue
    cache.setKnown(kind, true)
    cache.setState(kind, "live", "")
  }
  const families = [{ rules: [lonely], checks: [check] }]
  const { done } = startValidation({
    cache,
    clock: systemClock,
    signal: stop.signal,
    log: silentLog,
    families,
  })
  const said = () =>
    [...cache.objects("Finding.smm.io")].map(({ spec }) => {
      const { message, suppression } = record(spec)
      return suppression === null ? message : [message, record(suppression)["by"]]
    })
  return { cache, said, done }
}

describe("the agent's validation", () => {
  test("keeps the findings of the live cluster among its objects: they come and go with what they are about", async () => {
    const { cache, said } = start()
    await vi.waitFor(() => expect(cache.stateOf("Finding.smm.io")).toBe("live"))
    cache.put("Service", object("Service", "cart"))
    cache.put("Service", object("Service", "api", { "smm.io/suppress": "service.lonely" }))
    await vi.waitFor(() => expect(said()).toEqual([["no pod api", "annotation"], "no pod cart"]))
    cache.put("Pod", object("Pod", "cart"))
    await vi.waitFor(() => expect(said()).toEqual([["no pod api", "annotation"]]))
    cache.remove("Service", "shop", "api")
    await vi.waitFor(() => expect(said()).toEqual([]))
  })

  test("takes back what it can no longer know", async () => {
    const { cache, said } = start()
    cache.put("Service", object("Service", "cart"))
    await vi.waitFor(() => expect(said()).toEqual(["no pod cart"]))
    cache.setState("Pod", "denied", "pods is forbidden")
    await vi.waitFor(() => expect(said()).toEqual([]))
  })

  test("ends when the agent does", async () => {
    const { done } = start()
    stop.abort()
    await done
  })
})
