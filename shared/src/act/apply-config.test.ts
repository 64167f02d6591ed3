import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { writeOf } from "./apply-config.ts"
import { fieldManager } from "./owner.ts"

const owned = (manager: string, operation: "Apply" | "Update", fieldsV1: object) => ({
  manager,
  operation,
  apiVersion: "networking.istio.io/v1",
  fieldsType: "FieldsV1",
  fieldsV1,
})
const rule = (spec: object, managedFields: object[] = [], labels?: Record<string, string>): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: {
    name: "details",
    namespace: "bookinfo",
    uid: "u1",
    resourceVersion: "7",
    managedFields,
    ...(labels ? { labels } : {}),
  },
  spec,
})
const identity = { name: "details", namespace: "bookinfo", uid: "u1", resourceVersion: "7" }

describe("the write that makes one state of another", () => {
  test("applies just what changes, with the precondition in it", () => {
    const live = rule({ host: "details", trafficPolicy: { tls: { mode: "DISABLE" } } }, [
      owned("kubectl", "Update", {
        "f:spec": { "f:host": {}, "f:trafficPolicy": { "f:tls": { "f:mode": {} } } },
      }),
    ])
    const after = rule({
      host: "details",
      trafficPolicy: { tls: { mode: "DISABLE" }, connectionPool: { tcp: { maxConnections: 10 } } },
    })
    expect(writeOf(live, after)).toEqual({
      how: "apply",
      body: {
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        metadata: identity,
        spec: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } } },
      },
    })
  })

  test("keeps what our entry holds, so that it does not go, and leaves out what is to go", () => {
    const mine = {
      "f:spec": { "f:trafficPolicy": { "f:tls": { "f:mode": {} }, "f:loadBalancer": { "f:simple": {} } } },
    }
    const live = rule(
      { host: "details", trafficPolicy: { tls: { mode: "DISABLE" }, loadBalancer: { simple: "RANDOM" } } },
      [owned(fieldManager, "Apply", mine), owned("kubectl", "Update", { "f:spec": { "f:host": {} } })],
    )
    const after = rule({ host: "other", trafficPolicy: { loadBalancer: { simple: "RANDOM" } } })
    expect(writeOf(live, after)).toMatchObject({
      how: "apply",
      body: {
        metadata: identity,
        spec: { host: "other", trafficPolicy: { loadBalancer: { simple: "RANDOM" } } },
      },
    })
  })

  test.each([
    ["a person has", [owned("kubectl", "Update", { "f:spec": { "f:host": {}, "f:exportTo": {} } })]],
    [
      "we and another have",
      [
        owned(fieldManager, "Apply", { "f:spec": { "f:exportTo": {} } }),
        owned("kubectl", "Update", { "f:spec": { "f:exportTo": {} } }),
      ],
    ],
    ["nobody is noted for", []],
  ])("removes what %s by a patch that holds only for what was seen", (_, managed) => {
    const live = rule({ host: "details", exportTo: ["."] }, managed)
    expect(writeOf(live, rule({ host: "details" }))).toEqual({
      how: "json-patch",
      body: [
        { op: "test", path: "/metadata/resourceVersion", value: "7" },
        { op: "test", path: "/metadata/uid", value: "u1" },
        { op: "remove", path: "/spec/exportTo" },
      ],
    })
  })

  test("is none where nothing but the server's own fields differ", () => {
    const live = rule({ host: "details" }, [owned("kubectl", "Update", { "f:spec": { "f:host": {} } })])
    const after = { ...rule({ host: "details" }), status: { x: 1 } }
    expect(writeOf(live, after)).toEqual({ how: "none" })
  })

  test("an empty block that gets content is no removal", () => {
    const live = rule({ host: "details", trafficPolicy: {} }, [
      owned("kubectl", "Update", { "f:spec": { "f:host": {}, "f:trafficPolicy": {} } }),
    ])
    const after = rule({ host: "details", trafficPolicy: { tls: { mode: "SIMPLE" } } })
    expect(writeOf(live, after)).toMatchObject({
      how: "apply",
      body: { spec: { trafficPolicy: { tls: { mode: "SIMPLE" } } } },
    })
  })

  test("edits one item of a list that is merged by keys, with its keys", () => {
    const gateway = (port: number, more: object[] = []): KubeObject => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "g", namespace: "n", uid: "u", resourceVersion: "1" },
      spec: { listeners: [{ name: "a", port: 1 }, { name: "b", port }, ...more] },
    })
    const write = writeOf(gateway(2), gateway(3, [{ name: "c", port: 4 }]))
    expect(write).toMatchObject({
      how: "apply",
      body: {
        spec: {
          listeners: [
            { name: "b", port: 3 },
            { name: "c", port: 4 },
          ],
        },
      },
    })
  })

  test("a label is applied alone", () => {
    const write = writeOf(
      rule({ host: "d" }, [], { a: "1", b: "2" }),
      rule({ host: "d" }, [], { a: "1", b: "3" }),
    )
    expect(write).toMatchObject({ how: "apply", body: { metadata: { ...identity, labels: { b: "3" } } } })
    expect(write).not.toHaveProperty("body.spec")
  })
})
