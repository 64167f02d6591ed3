import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { createCache } from "../cluster/cache.ts"
import { createIntake } from "./intake.ts"

const service = (name: string, app = ""): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { selector: { app } },
})

function start() {
  const cache = createCache(() => 1)
  const engine = new Engine({ families: [] })
  const changed: string[] = []
  let woken = 0
  const intake = createIntake({
    cache,
    engine,
    cluster: "",
    kinds: ["Service"],
    changed: ({ name }) => void changed.push(name),
    wake: () => void woken++,
  })
  const held = () => [...engine.cluster("").store("Service").objects()].map(({ metadata }) => metadata.name)
  return { cache, intake, held, changed: () => changed.splice(0), woken: () => woken }
}

const never = () => false

describe("what the engine is told", () => {
  test("is what changed, and nothing of kinds that no rule looks at", () => {
    const { cache, intake, held, changed, woken } = start()
    cache.put("Service", service("early"))
    for (const kind of ["Service", "ReplicaSet.apps"]) cache.setKnown(kind, true)
    intake.take(never)
    expect(changed()).toEqual(["early"])
    const before = woken()
    cache.put("ReplicaSet.apps", { ...service("web"), apiVersion: "apps/v1", kind: "ReplicaSet" })
    expect(woken()).toBe(before)
    cache.put("Service", service("cart"))
    cache.put("Service", service("early", "x"))
    cache.put("Service", service("brief"))
    cache.remove("Service", "shop", "brief")
    intake.take(never)
    expect([held(), changed()]).toEqual([
      ["early", "cart"],
      ["cart", "early"],
    ])
    cache.remove("Service", "shop", "cart")
    intake.take(never)
    expect(held()).toEqual(["early"])
  })

  test("is also what came and went while the kind could not be watched", () => {
    const { cache, intake, held, changed } = start()
    cache.setKnown("Service", true)
    for (const name of ["stays", "goes"]) cache.put("Service", service(name))
    intake.take(never)
    changed()
    cache.setKnown("Service", false)
    cache.remove("Service", "shop", "goes")
    cache.put("Service", service("comes"))
    cache.setKnown("Service", true)
    intake.take(never)
    expect([held(), changed()]).toEqual([
      ["stays", "comes"],
      ["goes", "comes"],
    ])
  })

  test("comes in slices, with what changes between them", () => {
    const { cache, intake, held } = start()
    for (const name of ["a", "b", "c"]) cache.put("Service", service(name))
    cache.setKnown("Service", true)
    expect(intake.take(() => true)).toBe(false)
    cache.remove("Service", "shop", "a")
    cache.put("Service", service("d"))
    while (!intake.take(() => true));
    expect(held()).toEqual(["b", "c", "d"])
  })
})
