import { describe, expect, test } from "vitest"
import { faultSentence, faultTexts, serviceOfHost } from "./faults.ts"

const object = (...faults: unknown[]) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "ratings", namespace: "bookinfo" },
  spec: { http: faults.map((fault) => ({ fault })) },
})

describe("a fault that is on", () => {
  test.each([
    [[{ delay: { fixedDelay: "2s", percentage: { value: 10 } } }], ["delay 2 s on 10 %"]],
    [[{ delay: { fixedDelay: "1m30s", percent: 5 } }], ["delay 1 m 30 s on 5 %"]],
    [[{ abort: { httpStatus: 503, percentage: { value: 0.1 } } }], ["abort 503 on 0.1 %"]],
    [[{ abort: { grpcStatus: "UNAVAILABLE" } }], ["abort UNAVAILABLE on 100 %"]],
    [
      [{ delay: { fixedDelay: "2s" }, abort: { httpStatus: 500, percent: 1 } }, {}],
      ["delay 2 s on 100 %", "abort 500 on 1 %"],
    ],
    [[{}], []],
  ])("is told in words", (faults, texts) => expect(faultTexts(object(...faults))).toEqual(texts))

  test("names the service and when it ends", () => {
    expect(faultSentence(["delay 2 s on 10 %"], "ratings", Date.UTC(2026, 0, 1, 15, 10))).toBe(
      "delay 2 s on 10 % of ratings until 15:10",
    )
    expect(faultSentence([], "ratings", null)).toBe("fault injection on ratings")
  })
  test("is of a service of the mesh, or of none", () => {
    expect(serviceOfHost("ratings.bookinfo.svc.cluster.local")).toEqual({
      namespace: "bookinfo",
      name: "ratings",
    })
    expect(serviceOfHost("api.example.com")).toBeUndefined()
  })
})
