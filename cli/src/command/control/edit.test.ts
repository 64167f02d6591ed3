import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { object, reading, smm } from "../../change/fixture.ts"

describe("a control that sets fields one by one", () => {
  const there = {
    connectionPool: { maxConnections: 5, maxRetries: 3 },
    outlierDetection: { interval: "30s" },
  }
  const getControl = () => reading(there, { control: "circuit-breaker" })
  const setOf = (body: unknown) => (body as { intent: { set: unknown } }).intent.set

  test("keeps what is not named, and is bound to what it was read from", async () => {
    const { bodyOf, calls } = await smm(
      "circuit-breaker set bookinfo/reviews --max-connections 10 --consecutive-5xx 3 --unset max-retries --yes",
      { getControl },
    )
    expect(setOf(bodyOf("createChange"))).toEqual({
      connectionPool: { maxConnections: 10 },
      outlierDetection: { interval: "30s", consecutive5xxErrors: 3 },
    })
    expect(bodyOf("createChange")).toMatchObject({ digest: "d1" })
    expect(calls.filter((name) => name === "getControl")).toHaveLength(2)
  })

  test("does not write over what somebody changed in between", async () => {
    let asked = 0
    const { code, err, calls } = await smm(
      "circuit-breaker set bookinfo/reviews --max-connections 10 --yes",
      {
        getControl: () => (asked++ === 0 ? getControl() : reading({}, { control: "circuit-breaker" })),
      },
    )
    expect(code).toBe(1)
    expect(err).toContain("somebody changed this in the meantime")
    expect(calls).not.toContain("createChange")
  })

  test("says the whole with --replace, and with -f what get printed", async () => {
    const replaced = await smm("circuit-breaker set bookinfo/reviews --max-connections 10 --replace --yes")
    expect(setOf(replaced.bodyOf("createChange"))).toEqual({ connectionPool: { maxConnections: 10 } })
    const printed = await smm("circuit-breaker get bookinfo/reviews -o yaml", { getControl })
    expect(parse(printed.out)).toMatchObject({ form: there, clusterName: "prod" })
    const from = await smm("circuit-breaker set bookinfo/reviews -f - --yes", {}, { input: printed.out })
    expect(setOf(from.bodyOf("createChange"))).toEqual(there)
  })

  test("takes one of two that exclude each other for the end of the other", async () => {
    const { bodyOf } = await smm("load-balancing set bookinfo/reviews --hash-header x-user --yes", {
      getControl: () =>
        reading(
          { simple: "RANDOM", consistentHash: { useSourceIp: true, ringHash: { minimumRingSize: 9 } } },
          { control: "load-balancing" },
        ),
    })
    expect(setOf(bodyOf("createChange"))).toEqual({
      consistentHash: { httpHeaderName: "x-user", ringHash: { minimumRingSize: 9 } },
    })
  })

  test("get prints what is set as the flags that set it, and what it cannot show", async () => {
    const { out, err } = await smm("circuit-breaker get bookinfo/reviews", {
      getControl: () =>
        reading(there, {
          control: "circuit-breaker",
          unshown: [{ object, path: "spec.trafficPolicy.tunnel" }],
        }),
    })
    expect(out.split("\n").map((row) => row.split(/\s+/))).toContainEqual(["--max-connections", "5"])
    expect(err).toContain("spec.trafficPolicy.tunnel is kept, but not shown here")
  })
})

describe("smm routing", () => {
  const jason = { headers: { "end-user": { exact: "jason" } } }
  const form = {
    http: [
      {
        origin: 0,
        matches: [{ origin: 0, ...jason }],
        action: { type: "route", destinations: [{ destination: { subset: "v2" } }] },
        timeout: "5s",
      },
      {
        origin: 1,
        matches: [],
        action: { type: "route", destinations: [{ destination: { subset: "v1" } }] },
      },
    ],
  }
  const getControl = () => reading(form)
  const httpOf = (body: unknown) => (body as { intent: { set: { http: unknown[] } | null } }).intent.set?.http

  test("changes the rule that takes everything, and keeps the others as they were", async () => {
    const { bodyOf } = await smm("routing set bookinfo/reviews --timeout 2s --retries 3 --yes", {
      getControl,
    })
    expect(httpOf(bodyOf("createChange"))).toEqual([
      form.http[0],
      { ...form.http[1], timeout: "2s", retries: { attempts: 3 } },
    ])
  })

  test("changes the rule of a match or a number", async () => {
    for (const which of ["-m header:end-user=jason", "--rule 1"]) {
      const { bodyOf } = await smm(`routing set bookinfo/reviews ${which} --to v3 --yes`, { getControl })
      expect(httpOf(bodyOf("createChange"))).toEqual([
        { ...form.http[0], action: { type: "route", destinations: [{ destination: { subset: "v3" } }] } },
        form.http[1],
      ])
    }
  })

  test("puts a new match before the others, and into an empty service with one that takes the rest", async () => {
    const set = "routing set bookinfo/reviews -m uri:prefix=/beta --to v1=50 --to v3=50 --yes"
    const rule = {
      matches: [{ uri: { prefix: "/beta" } }],
      action: {
        type: "route",
        destinations: [
          { destination: { subset: "v1" }, weight: 50 },
          { destination: { subset: "v3" }, weight: 50 },
        ],
      },
    }
    expect(httpOf((await smm(set, { getControl })).bodyOf("createChange"))).toEqual([rule, ...form.http])
    const empty = await smm(set, { getControl: () => reading(null) })
    expect(httpOf(empty.bodyOf("createChange"))).toEqual([
      rule,
      { matches: [], action: { type: "route", destinations: [{ destination: {} }] } },
    ])
  })

  test("deletes one rule, or all", async () => {
    const one = await smm("routing delete bookinfo/reviews --rule 1 --yes", { getControl })
    expect(httpOf(one.bodyOf("createChange"))).toEqual([form.http[1]])
    const all = await smm("routing delete bookinfo/reviews --yes", { getControl })
    expect(all.bodyOf("createChange")).toMatchObject({ intent: { set: null } })
    const none = await smm("routing delete bookinfo/reviews --rule 7 --yes", { getControl })
    expect(none).toMatchObject({ code: 4 })
    expect(none.err).toContain("there is no rule 7; there are 2")
  })

  test("get lists the rules, and marks those that nothing reaches", async () => {
    const { out } = await smm("routing get bookinfo/reviews", {
      getControl: () => reading(form, { shadowed: [{ rule: 1, by: 0, message: "rule 1 takes them" }] }),
    })
    expect(out.split("\n").map((row) => row.trim().split(/\s{2,}/))).toEqual([
      ["RULE", "MATCH", "DESTINATION", "ACTIONS", "REACHED"],
      ["1", "header:end-user:exact=jason", "v2", "timeout 5s", "yes"],
      ["2", "everything", "v1", "-", "never"],
      [""],
    ])
  })
})
