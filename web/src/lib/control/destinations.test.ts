import { describe, expect, test } from "vitest"
import {
  type Weighted,
  retargeted,
  targetOf,
  targetsFor,
  withDestination,
  withoutDestination,
} from "./destinations.ts"

const versions = [
  { subset: "v1", labels: { version: "v1" }, pods: 3, exists: true },
  { subset: "v2", labels: { version: "v2" }, pods: 1, exists: false },
]

describe("where requests go", () => {
  test("is a version, all of them, or another host", () => {
    expect(targetOf({ subset: "v1" })).toBe("version v1")
    expect(targetOf({ port: 80 })).toBe("all")
    expect(targetOf({ host: "other", subset: "v1" })).toBe("host")
  })

  test("offers the versions with their pods, and the present one where nothing is known of it", () => {
    expect(targetsFor({ subset: "v9" }, versions).map(({ label }) => label)).toEqual([
      "v1, 3 pods",
      "v2, 1 pod, new",
      "v9, no pod known",
      "All versions",
      "Another host",
    ])
    expect(targetsFor({ subset: "v1" }, versions)).toHaveLength(4)
  })

  test("keeps the port when the version changes, and forgets the version of another host", () => {
    expect(retargeted({ subset: "v1", port: 9080 }, "version v2")).toEqual({ subset: "v2", port: 9080 })
    expect(retargeted({ subset: "v1", port: 9080 }, "all")).toEqual({ port: 9080 })
    expect(retargeted({ subset: "v1" }, "host")).toEqual({ host: "" })
    expect(retargeted({ host: "other", subset: "x" }, "host")).toEqual({ host: "other", subset: "x" })
  })
})

describe("destinations of a rule", () => {
  const two: Weighted[] = [
    { origin: 0, destination: { subset: "v1" }, weight: 75 },
    { origin: 1, destination: { subset: "v2" }, weight: 25 },
  ]

  test("get one more that takes nothing yet", () => {
    expect(withDestination([{ destination: { subset: "v1" } }], { subset: "v2" })).toEqual([
      { destination: { subset: "v1" }, weight: 100 },
      { destination: { subset: "v2" }, weight: 0 },
    ])
    expect(withDestination([], {})).toEqual([{ destination: {} }])
  })

  test("share out what one of them had, and a lone one has no weight", () => {
    const three = [...two, { destination: { host: "other" }, weight: 0 }]
    expect(withoutDestination(three, 0).map(({ weight }) => weight)).toEqual([100, 0])
    expect(withoutDestination(two, 1)).toEqual([{ origin: 0, destination: { subset: "v1" } }])
  })
})
