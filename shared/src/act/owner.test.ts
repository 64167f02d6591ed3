import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { differenceOf, leavesOf, written } from "./field-set.ts"
import { claimOf, contested, ownersOf, ownersOfAll } from "./owner.ts"

const entry = (manager: string, operation: "Apply" | "Update", fieldsV1: object, more: object = {}) => ({
  manager,
  operation,
  apiVersion: "networking.istio.io/v1",
  time: "2026-11-24T10:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1,
  ...more,
})

const route = (spec: object, managedFields: object[] = []): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", uid: "u", resourceVersion: "7", managedFields },
  spec,
})

describe("what becomes of a field taken from its owner", () => {
  test.each([
    ["service-mesh-manager", "Apply", "own"],
    ["service-mesh-manager", "Update", "own"],
    ["kubectl-client-side-apply", "Update", "yields"],
    ["kubectl", "Apply", "yields"],
    ["istioctl", "Update", "yields"],
    ["before-first-apply", "Update", "yields"],
    ["k9s", "Update", "yields"],
    ["some-script", "Update", "yields"],
    ["some-script", "Apply", "reverts"],
    ["argocd-controller", "Apply", "reverts"],
    ["argocd-application-controller", "Update", "reverts"],
    ["kustomize-controller", "Apply", "reverts"],
    ["helm-controller", "Update", "reverts"],
    ["flagger", "Update", "reverts"],
    ["my-operator", "Update", "reverts"],
    ["helm", "Update", "rewrites"],
    ["Terraform", "Update", "rewrites"],
  ] as const)("%s by %s: %s", (manager, operation, claim) => {
    expect(claimOf(manager, operation)).toBe(claim)
  })
})

describe("the owners of what a change touches", () => {
  const live = route({ hosts: ["reviews"], http: [{ route: [] }] }, [
    entry("argocd-controller", "Apply", { "f:spec": { "f:http": {} } }),
    entry("kubectl-edit", "Update", { "f:spec": { "f:hosts": {}, "f:http": {} } }),
    entry("pilot", "Update", { "f:status": { "f:x": {} } }, { subresource: "status" }),
  ])
  const change = (spec: object) => differenceOf(leavesOf(live), leavesOf(route(spec), live))

  test("are told once for each field, with the claim of each", () => {
    const { set, removed } = change({ hosts: ["reviews"], http: [{ route: [{ weight: 1 }] }] })
    expect(removed).toEqual([])
    expect(ownersOf(live, { set, removed })).toEqual([
      {
        object: { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" },
        path: "spec.http",
        manager: "argocd-controller",
        operation: "Apply",
        at: "2026-11-24T10:00:00Z",
        claim: "reverts",
      },
      expect.objectContaining({ manager: "kubectl-edit", path: "spec.http", claim: "yields" }),
    ])
  })

  test("a field that nobody has has no owner, and one of a person is not contested", () => {
    expect(ownersOf(live, change({ hosts: ["reviews"], http: [{ route: [] }], gateways: ["mesh"] }))).toEqual(
      [],
    )
    expect(contested(live, change({ hosts: ["ratings"], http: [{ route: [] }] })).size).toBe(0)
    expect(contested(live, change({ hosts: ["reviews"] })).size).toBe(1)
  })

  test("of an object that goes are all who have a field of its spec", () => {
    expect(ownersOfAll(live).map(({ manager, path }) => [manager, path])).toEqual([
      ["argocd-controller", "spec"],
      ["kubectl-edit", "spec"],
    ])
  })
})

describe("paths as people write them", () => {
  test.each([
    [["f:spec", "f:listeners", 'k:{"name":"web"}', "f:port"], "spec.listeners[name=web].port"],
    [["f:metadata", "f:annotations", "f:a.io/b"], 'metadata.annotations["a.io/b"]'],
    [["f:metadata", "f:finalizers", 'v:"x"'], 'metadata.finalizers["x"]'],
  ])("%j", (path, text) => {
    expect(written(path)).toBe(text)
  })
})
