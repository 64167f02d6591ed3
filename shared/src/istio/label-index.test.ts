import { describe, expect, test } from "vitest"
import { Tracker } from "../incremental/tracker.ts"
import type { KubeObject } from "../kube/object.ts"
import { defaultSettings } from "./mesh.ts"
import { MeshModel } from "./model.ts"

const pod = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", labels },
})

describe("instances by label", () => {
  const names = (mesh: MeshModel, key: string) => mesh.byLabel.get(key)?.map(({ name }) => name)

  test("are found by a label that is asked for before and after they come, and not once they are gone", () => {
    const mesh = new MeshModel(defaultSettings)
    mesh.put(pod("b", { app: "cart", "istio.io/rev": "stable" }))
    expect(names(mesh, "shop/app=cart")).toEqual(["b"])
    mesh.put(pod("a", { app: "cart" }))
    expect(names(mesh, "shop/app=cart")).toEqual(["a", "b"])
    expect(names(mesh, "shop/istio.io/rev=stable")).toEqual(["b"])
    mesh.put(pod("b", { app: "till" }))
    expect(names(mesh, "shop/app=cart")).toEqual(["a"])
    expect(names(mesh, "shop/istio.io/rev=stable")).toBeUndefined()
    mesh.remove("Pod", "shop", "a")
    expect(names(mesh, "shop/app=cart")).toBeUndefined()
    expect(names(mesh, "shop/app=till")).toEqual(["b"])
  })

  test("tell who looked when one comes and when the last one goes, also where nothing was", () => {
    const tracker = new Tracker()
    const mesh = new MeshModel(defaultSettings, tracker)
    let told = 0
    const look = () =>
      tracker.run({ alive: true, invalidate: () => told++ }, () => mesh.byLabel.get("shop/app=cart"))
    look()
    mesh.put(pod("a", { app: "cart" }))
    expect(told).toBe(1)
    look()
    mesh.remove("Pod", "shop", "a")
    expect(told).toBe(2)
    look()
    mesh.put(pod("a", { app: "cart" }))
    expect(told).toBe(3)
  })
})
