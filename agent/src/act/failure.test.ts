import { describe, expect, test } from "vitest"
import { KubeError } from "../cluster/api.ts"
import { failureOf, isUncertain } from "./failure.ts"

const ref = { kind: "Sidecar.networking.istio.io", namespace: "bookinfo", name: "default" }

/** Answers as a kube-apiserver 1.36 words them. */
describe("what an answer of the API server to a write means", () => {
  test.each([
    [404, "", "answer 404: 404 page not found\n", "kind_gone", "does not serve Sidecar.networking.istio.io"],
    [
      405,
      "MethodNotAllowed",
      "create not allowed while custom resource definition is terminating",
      "kind_gone",
      "does not serve",
    ],
    [
      404,
      "NotFound",
      'sidecars.networking.istio.io "default" not found',
      "gone",
      "Sidecar bookinfo/default is not there",
    ],
    [404, "NotFound", 'namespaces "bookinfo" not found', "gone", 'namespaces "bookinfo" not found'],
    [
      409,
      "AlreadyExists",
      'sidecars.networking.istio.io "default" already exists',
      "exists",
      "is there already",
    ],
    [409, "Conflict", "the object has been modified", "outdated", "was changed in the meantime"],
    [
      403,
      "Forbidden",
      'sidecars is forbidden: User "bob" cannot create resource "sidecars"',
      "forbidden",
      'User "bob"',
    ],
    [
      403,
      "Forbidden",
      'users "root" is forbidden: User "agent" cannot impersonate resource "users"',
      "not_allowed",
      "install manifest",
    ],
    [
      403,
      "Forbidden",
      'admission webhook "no.example.com" denied the request: never',
      "refused",
      "no.example.com refuses it: never",
    ],
    [422, "Invalid", 'ValidatingAdmissionPolicy "p" denied request: no', "refused", "denied request: no"],
    [
      500,
      "InternalError",
      'Internal error occurred: failed calling webhook "slow.example.com": context deadline exceeded',
      "unavailable",
      "slow.example.com did not answer",
    ],
    [429, "TooManyRequests", "later", "unavailable", "answered 429"],
  ])("%i %s: %s", (status, reason, message, code, words) => {
    const failure = failureOf(new KubeError(status, reason, message), ref)
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(words)
  })

  test("what a webhook did not answer was not done; what broke off may have been", () => {
    const called = new KubeError(500, "InternalError", 'failed calling webhook "slow.example.com": EOF')
    expect(isUncertain(called)).toBe(false)
    expect(isUncertain(new KubeError(500, "InternalError", "etcdserver: request timed out"))).toBe(true)
    expect(isUncertain(new Error("read ECONNRESET"))).toBe(true)
    expect(isUncertain(new KubeError(429, "TooManyRequests", "storage is (re)initializing"))).toBe(true)
    expect(isUncertain(new KubeError(409, "Conflict", "the object has been modified"))).toBe(false)
  })
})
