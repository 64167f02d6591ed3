import { describe, expect, test } from "vitest"
import type { HttpRule } from "#shared/edit/form.ts"
import { sharesOf, versionNotes, weightsOf, writtenWeights } from "./shift.ts"

const versions = [
  { subset: "v1", labels: { version: "v1" }, pods: 3, exists: true },
  { subset: "v2", labels: { version: "v2" }, pods: 0, exists: true },
  { subset: "v3", labels: { version: "v3" }, pods: 1, exists: false },
]
const rule: HttpRule = {
  matches: [],
  action: {
    type: "route",
    destinations: [
      { destination: { subset: "v1" }, weight: 80 },
      { destination: { subset: "v2" }, weight: 20 },
    ],
  },
}

describe("a shift over the versions of a service", () => {
  test("starts from what is written, with the versions that nothing is said of at 0", () => {
    expect(writtenWeights(rule)).toEqual({ v1: 80, v2: 20 })
    const shares = sharesOf(writtenWeights(rule), undefined, versions)
    expect(shares.map(({ name, weight, was }) => [name, weight, was])).toEqual([
      ["v1", 80, 80],
      ["v2", 20, 20],
      ["v3", 0, 0],
    ])
  })

  test("starts from the pods where nothing is written, and was nothing before", () => {
    const shares = sharesOf({}, undefined, versions)
    expect(shares.map(({ weight, was }) => [weight, was])).toEqual([
      [75, undefined],
      [0, undefined],
      [25, undefined],
    ])
  })

  test("takes a lone destination for all, and other hosts and answers for none of its own", () => {
    const only: HttpRule = {
      matches: [],
      action: { type: "route", destinations: [{ destination: { subset: "v1" } }] },
    }
    expect(writtenWeights(only)).toEqual({ v1: 100 })
    expect(writtenWeights({ matches: [], action: { type: "direct", status: 200 } })).toEqual({})
    expect(writtenWeights(undefined)).toEqual({})
  })

  test("keeps a version that was written at 0, and leaves out one that never was", () => {
    const shares = sharesOf({ v1: 80, v2: 20 }, undefined, versions)
    expect(weightsOf(shares, [100, 0, 0], { v1: 80, v2: 20 })).toEqual({ v1: 100, v2: 0 })
  })

  test("says what is made, and what would fail", () => {
    const texts = (weights: Record<string, number>) =>
      versionNotes(sharesOf({ v1: 100 }, weights, versions)).map(({ text, bad }) => [text, bad])
    expect(texts({ v1: 90, v3: 10 })).toEqual([
      ["Subset v3 is new, made from label version=v3, 1 pod.", false],
    ])
    expect(texts({ v1: 90, v2: 10 })).toEqual([
      ["Subset v2 has no ready pod: its requests would fail.", true],
    ])
    expect(texts({ v1: 90, v9: 10 })).toEqual([["No pod is known of v9, and no subset of that name.", true]])
    expect(texts({ v1: 100 })).toEqual([])
  })
})
