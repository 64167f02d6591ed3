import { describe, expect, test } from "vitest"
import type { ClusterInfo, JoinProgress } from "#shared/api/cluster.ts"
import { healthCount, linkText } from "./link.ts"
import { countsOf, helpFor, joinOf, lastProgress, stagesOf } from "./join.ts"
import { deniedText, familiesOf, nameProblem, permissionsText } from "./rights.ts"
import { actOf, groupsProblem, subjectProblem } from "./who-writes.ts"

const cluster = (join: Partial<JoinProgress>, change: Partial<ClusterInfo> = {}): ClusterInfo => ({
  clusterId: "c",
  name: "staging-eu",
  createdAt: 1000,
  createdBy: "someone",
  write: [],
  link: "waiting",
  linkSince: 0,
  lastSeenAt: null,
  clusterUid: null,
  agentVersion: null,
  kubernetesVersion: null,
  istioVersions: [],
  nodes: null,
  objects: 0,
  tickMs: 60_000,
  act: null,
  lastTickAt: null,
  kinds: [],
  telemetry: null,
  process: null,
  ...change,
  join: {
    tokenExpiresAt: null,
    manifestFetchedAt: null,
    connectedAt: null,
    identifiedAt: null,
    inventory: { objects: 0, expected: 0, doneAt: null },
    firstMetricsAt: null,
    ...join,
  },
})
const current = (info: ClusterInfo) => stagesOf(info).find((stage) => stage.state === "current")

describe("a join", () => {
  test("begins by waiting for the manifest", () => {
    const stage = current(cluster({}))
    expect(stage?.name).toBe("waiting")
    expect(stage && helpFor(stage, cluster({}), "https://mesh.example").title).toContain(
      "fetched the manifest",
    )
  })

  test("waits for the pod when the manifest was fetched", () => {
    const info = cluster({ manifestFetchedAt: 2000 })
    const stage = current(info)
    expect(stage?.text).toBe("manifest fetched, for the pod to start")
    expect(stage && helpFor(stage, info, "x").command).toContain("get pods")
    expect(lastProgress(info)).toBe(2000)
  })

  test("shows how much of the inventory is there", () => {
    const stage = current(
      cluster({
        manifestFetchedAt: 2000,
        connectedAt: 11_000,
        identifiedAt: 12_000,
        inventory: { objects: 8412, expected: 12_340, doneAt: null },
      }),
    )
    expect(stage).toMatchObject({ name: "inventory", text: "8,412 of 12,340 objects" })
    expect(stage?.share).toBeCloseTo(0.68, 2)
  })

  test("is done with inventory and metrics, each with its moment", () => {
    const stages = stagesOf(
      cluster({
        manifestFetchedAt: 2000,
        connectedAt: 11_000,
        identifiedAt: 12_000,
        inventory: { objects: 5, expected: 5, doneAt: 20_000 },
        firstMetricsAt: 30_000,
      }),
    )
    expect(stages.map((stage) => stage.at)).toEqual([2000, 11_000, 12_000, 20_000, 30_000, 30_000])
    expect(stages.every((stage) => stage.state === "done")).toBe(true)
    expect(stages[0]?.text).toBe("manifest fetched, then 9 s to the pod")
  })

  test("starts anew for a revoked cluster: what its earlier join reached does not count", () => {
    const reached = {
      manifestFetchedAt: 2000,
      connectedAt: 11_000,
      identifiedAt: 12_000,
      inventory: { objects: 5, expected: 5, doneAt: 20_000 },
      firstMetricsAt: 30_000,
    }
    expect(current(cluster(reached, { link: "revoked" }))).toMatchObject({
      name: "waiting",
      text: "for kubectl to fetch the manifest",
    })
    const again = cluster({ ...reached, tokenExpiresAt: 2_000_000 }, { link: "revoked" })
    expect(joinOf(again)).toMatchObject({ manifestFetchedAt: 2000, connectedAt: null })
    expect(lastProgress(again)).toBe(1_100_000)
  })

  test("counts objects as a reader calls them", () => {
    const kind = (name: string, count: number) => ({
      kind: name,
      state: "live" as const,
      since: 0,
      count,
      reason: "",
    })
    const counts = countsOf(
      cluster(
        {},
        {
          kinds: [kind("Pod", 5), kind("VirtualService.networking.istio.io", 2), kind("Deployment.apps", 3)],
        },
      ),
    )
    expect(counts.filter(({ count }) => count > 0)).toEqual([
      { name: "Pods", count: 5 },
      { name: "Istio", count: 2 },
      { name: "Workloads", count: 3 },
    ])
  })
})

describe("rights", () => {
  const kinds = [
    { kind: "Pod", state: "live" as const, since: 1, count: 5, reason: "" },
    { kind: "Node", state: "denied" as const, since: 7, count: 0, reason: "nodes is forbidden" },
    { kind: "VirtualService.networking.istio.io", state: "absent" as const, since: 1, count: 0, reason: "" },
  ]
  test("a family is as bad as its worst kind", () =>
    expect(
      familiesOf(kinds).map(({ family, state, count, since }) => ({ family, state, count, since })),
    ).toEqual([
      { family: "core", state: "denied", count: 5, since: 7 },
      { family: "istio", state: "absent", count: 0, since: 1 },
      { family: "gateway", state: "absent", count: 0, since: 0 },
    ]))

  test("are told in words", () => {
    expect(permissionsText(["traffic", "security"])).toBe("Read, traffic, security")
    expect(permissionsText([])).toBe("Read")
    expect(deniedText({ kinds })).toBe("may not list nodes")
  })

  test.each<[string, string | undefined]>([
    ["", undefined],
    ["staging-eu", undefined],
    ["Staging", "Lower case letters, digits and -, starting and ending with a letter or digit"],
    ["prod", "There is a cluster prod already"],
    ["a".repeat(64), "At most 63 characters, these are 64"],
  ])("the name %j", (name, problem) => expect(nameProblem(name, ["prod"])).toBe(problem))
})

describe("the health of a cluster", () => {
  test.each<[Parameters<typeof healthCount>[0], ReturnType<typeof healthCount>]>([
    [[], { worst: "unknown", text: "", more: "" }],
    [["ok", "idle"], { worst: "ok", text: "", more: "" }],
    [
      ["ok", "failing", "watch", "degraded", "degraded"],
      { worst: "failing", text: "1 failing", more: "2 degraded" },
    ],
  ])("of %j", (states, count) => expect(healthCount(states)).toEqual(count))
})

describe("the link in words", () => {
  const now = Date.UTC(2026, 10, 24, 12, 30)
  test.each<[Partial<ClusterInfo>, string, string]>([
    [{ link: "live", lastTickAt: now - 4000 }, "live, 4 s", "tick 1 min"],
    [{ link: "live" }, "live, 28 min", "no metrics yet"],
    [{ link: "late", lastTickAt: now - 41_000 }, "late, 41 s", "tick 1 min"],
    [{ link: "stale", lastSeenAt: now - 28 * 60_000 }, "since 12:02", "last seen 28 min ago"],
    [{ link: "revoked" }, "revoked", "since 12:02"],
  ])("%j", (change, text, more) =>
    expect(linkText(cluster({}, { linkSince: now - 28 * 60_000, ...change }), now)).toMatchObject({
      text,
      more,
    }),
  )

  test("a token that nobody used in time is told", () =>
    expect(linkText(cluster({ tokenExpiresAt: now - 1 }), now).text).toBe("token expired"))
})

describe("who writes, when a cluster is added", () => {
  test.each([
    [
      { mode: "off", user: "ana", groups: "sre" },
      { mode: "off", users: [], groups: [] },
    ],
    [
      { mode: "anonymous", user: "ana", groups: "" },
      { mode: "anonymous", users: [], groups: [] },
    ],
    [
      { mode: "mapped", user: " ana ", groups: "sre, mesh-editors  sre" },
      { mode: "mapped", users: ["ana"], groups: ["sre", "mesh-editors"] },
    ],
    [{ mode: "mapped", user: "", groups: "sre" }, undefined],
    [{ mode: "mapped", user: "system:admin", groups: "" }, undefined],
    [{ mode: "mapped", user: "ana", groups: "sre,system:masters" }, undefined],
  ] as const)("%j is sent as %j", (draft, act) => {
    expect(actOf(draft)).toEqual(act)
  })

  test("names what is Kubernetes' own", () => {
    expect(groupsProblem("sre, system:masters")).toMatch(/^system:masters is Kubernetes' own/)
    expect(subjectProblem("ana")).toBeUndefined()
  })
})
