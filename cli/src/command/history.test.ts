import { describe, expect, test } from "vitest"
import { smmOf } from "../testing.ts"
import { type Answers, change, changeId, kind, prod, serverOf, smm, step } from "../change/fixture.ts"

describe("smm history", () => {
  test("lists changes, ours and those from outside, and narrows them", async () => {
    const server = serverOf({
      listChanges: () =>
        ({
          items: [
            change(),
            change({ via: "outside", by: { kind: "outside", id: "argocd", name: "argocd-controller" } }),
          ],
          cursor: null,
        }) as never,
    })
    const { out } = await smmOf(
      server.fetch,
      [..."history bookinfo/reviews --via cli --since 2h -n bookinfo".split(" ")],
      { now: 10_000_000 },
    )
    expect(out).toContain("argocd-controller")
    expect(server.calls.at(-1)?.query).toMatchObject({
      service: "bookinfo/reviews",
      via: "cli",
      from: 2_800_000,
      namespace: ["bookinfo"],
    })
  })

  test("shows one change with its diff and the traffic around it", async () => {
    const { out } = await smm(`history ${changeId}`, {
      getChange: () => ({
        ...change({ steps: [{ ...step, outcome: null }] }),
        traffic: [
          {
            cluster: prod,
            service: "bookinfo/reviews",
            before: { requestsPerSecond: 10, errorRatio: 0, p95Ms: 20 },
            after: { requestsPerSecond: 10, errorRatio: 0.5, p95Ms: 20 },
          },
        ],
      }),
    })
    expect(out).toContain("-            host: reviews")
    expect(out).toContain("10 rps, 0.0 % errors, p95 20 ms -> 10 rps, 50.0 % errors, p95 20 ms")
  })
})

describe("smm access", () => {
  test("says what the caller may change, and what an admin would run", async () => {
    const answers: Answers = {
      listObjects: () =>
        ({
          items: [
            { cluster: prod, clusterName: "prod", object: { metadata: { name: "bookinfo" } } },
          ] as never,
          cursor: null,
          notices: [],
        }) as never,
      getAccess: () => ({
        cluster: prod,
        namespace: "bookinfo",
        mode: "mapped",
        as: { user: "ann", groups: [] },
        refused: null,
        checkedAt: 0,
        lines: [
          {
            verb: "patch",
            kind,
            namespace: "bookinfo",
            name: "",
            allowed: false,
            reason: "no role",
            grant: "kubectl create role x",
          },
        ],
      }),
    }
    const { out, err } = await smm("access -n bookinfo", answers)
    expect(out).toMatch(/KIND\s+CREATE\s+PATCH\s+DELETE\nVirtualService\s+-\s+no\s+-\n/)
    expect(err).toContain("no: no role\nan admin allows it with:\n  kubectl create role x\n")
    expect(err).toContain("# prod, as ann")
  })
})
