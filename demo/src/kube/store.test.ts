import { describe, expect, test } from "vitest"
import { watchedKinds } from "#shared/kube/kinds.ts"
import { createKubeApi } from "./kube-api.ts"
import type { ObjectInput } from "./store.ts"

const newStore = () => createKubeApi({ now: () => Date.parse("2026-11-24T10:00:00Z") }).store

const service = (name: string, labels: Record<string, string> = {}): ObjectInput => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default", labels },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }] },
})

const virtualService = (hosts: string[]): ObjectInput => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web", namespace: "default" },
  spec: { hosts },
})

describe("the store of the demo cluster", () => {
  test.each(watchedKinds.map(({ key }) => key))("knows the kind %s", (key) => {
    expect(newStore().list(key)).toBeInstanceOf(Array)
  })

  test("does not know a kind without a definition", () => {
    expect(() => newStore().list("Unicorn.example.com")).toThrow('no kind "Unicorn.example.com"')
  })

  test("defaults what it creates, and keeps the status an in-process writer gives", () => {
    const store = newStore()
    const created = store.create(service("web"))
    expect(created["spec"]).toMatchObject({ type: "ClusterIP", ports: [{ protocol: "TCP", targetPort: 80 }] })
    const pod = store.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a" },
      spec: { containers: [] },
      status: { phase: "Running" },
    })
    expect(pod).toMatchObject({ metadata: { namespace: "default" }, status: { phase: "Running" } })
  })

  test("applies without a manager as a whole, and owns nothing", () => {
    const store = newStore()
    store.apply(virtualService(["a", "b"]))
    const again = store.apply(virtualService(["c"]))
    expect(again).toMatchObject({ spec: { hosts: ["c"] }, metadata: { generation: 2 } })
    expect(again.metadata["managedFields"]).toBeUndefined()
  })

  test("applies with a manager field by field", () => {
    const store = newStore()
    store.apply(service("web", { a: "1" }))
    const applied = store.apply(
      { apiVersion: "v1", kind: "Service", metadata: { name: "web", labels: { b: "2" } } },
      { manager: "demo" },
    )
    expect(applied.metadata.labels).toEqual({ a: "1", b: "2" })
  })

  test("lists by namespace and label", () => {
    const store = newStore()
    for (const [name, tier] of [
      ["b", "front"],
      ["a", "front"],
      ["c", "back"],
    ] as const)
      store.create(service(name, { tier }))
    const found = store.list("Service", { namespace: "default", labelSelector: "tier=front" })
    expect(found.map(({ metadata }) => metadata.name)).toEqual(["a", "b"])
    expect(store.list("Service", { namespace: "elsewhere" })).toEqual([])
  })

  test("tells a listener the changes of its kinds until it stops", () => {
    const store = newStore()
    const seen: string[] = []
    const stop = store.subscribe(
      ({ type, object }) => seen.push(`${type} ${object.metadata.name}`),
      ["Service"],
    )
    store.create(service("web"))
    store.create(virtualService(["web"]))
    store.apply(service("web", { a: "b" }))
    store.apply(service("web", { a: "b" }))
    store.remove("Service", "web", "default")
    stop()
    store.create(service("web"))
    expect(seen).toEqual(["ADDED web", "MODIFIED web", "DELETED web"])
  })

  test("removing says whether it was there", () => {
    const store = newStore()
    store.create(service("web"))
    expect([store.remove("Service", "web", "default"), store.remove("Service", "web", "default")]).toEqual([
      true,
      false,
    ])
  })

  test("a namespace goes with all that is in it", () => {
    const store = newStore()
    store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } })
    store.create({ ...service("web"), metadata: { name: "web", namespace: "shop" } })
    store.remove("Namespace", "shop")
    expect(store.list("Service", { namespace: "shop" })).toEqual([])
  })

  test("checks objects against the schema of their kind", () => {
    expect(() =>
      newStore().create({
        ...virtualService([]),
        spec: { hosts: ["a"], http: [{ route: [{ weight: 1 }] }] },
      }),
    ).toThrow("spec.http[0].route[0].destination: Required value")
  })
})
