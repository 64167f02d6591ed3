import { describe, expect, test } from "vitest"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { record } from "#shared/topology/fact/read.ts"
import { bookinfo } from "./bookinfo.ts"
import { large, largeSize } from "./large.ts"
import type { DemoMesh } from "./parts.ts"
import { shop } from "./shop.ts"

const count = (mesh: DemoMesh, kind: string): number =>
  mesh.objects.filter((object) => object.kind === kind).length

describe.each([bookinfo(), shop(), large()])("the mesh $name", (mesh) => {
  test("names no object twice and puts every object into a namespace that comes before it", () => {
    const known = new Set<string>(["kube-system", "default"])
    const seen = new Set<string>()
    for (const { apiVersion, kind, metadata } of mesh.objects) {
      if (kind === "Namespace") known.add(metadata.name)
      const key = `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`
      expect(seen.has(key), key).toBe(false)
      seen.add(key)
      if (metadata.namespace !== undefined) expect(known.has(metadata.namespace), key).toBe(true)
    }
  })

  test("calls only hosts that it has, on ports that they have", () => {
    const index = indexMesh(mesh.objects as readonly KubeObject[], defaultSettings)
    for (const { calls } of mesh.demand.behaviours.values())
      for (const { host, port } of calls)
        expect(
          index.services.get(host)?.[0]?.ports.some(({ number }) => number === port),
          `${host}:${port}`,
        ).toBe(true)
  })
})

describe("the shop", () => {
  test("has about forty services beside Bookinfo, over seven namespaces", () => {
    const services = shop().objects.filter(
      ({ kind, metadata }) =>
        kind === "Service" && !["bookinfo", "istio-system"].includes(metadata.namespace ?? ""),
    )
    expect(services.length).toBeGreaterThanOrEqual(38)
    expect(new Set(services.map(({ metadata }) => metadata.namespace)).size).toBe(7)
    expect(services.some((object) => record(object["spec"])["clusterIP"] === "None")).toBe(true)
    expect(count(shop(), "WorkloadEntry")).toBe(1)
    expect(count(shop(), "ServiceEntry")).toBe(3)
  })
})

describe("the large mesh", () => {
  test("has the size it says, the same for the same seed and another for another", () => {
    const mesh = large()
    const deployments = mesh.objects.filter(
      ({ kind, metadata }) => kind === "Deployment" && metadata.namespace !== "istio-system",
    )
    expect(deployments).toHaveLength(largeSize.services)
    expect(deployments.reduce((sum, { spec }) => sum + Number(record(spec)["replicas"]), 0)).toBe(
      largeSize.pods,
    )
    const edges = [...mesh.demand.behaviours.values()].reduce(
      (sum, { calls }) => sum + calls.length,
      mesh.demand.origins.length,
    )
    expect(edges).toBe(largeSize.edges)
    expect(JSON.stringify(large())).toBe(JSON.stringify(mesh))
    expect(JSON.stringify(large(8))).not.toBe(JSON.stringify(mesh))
  })
})
