import { describe, expect, test } from "vitest"
import type { ControlReading } from "#shared/api/change.ts"
import { FaultControlForm, RoutingForm, ShiftForm } from "#shared/edit/form.ts"
import { formControls } from "#shared/edit/intent.ts"
import { expiryOptions, lengthText } from "./expiry.ts"
import { faultOf, newAbort, newDelay, withAnswer } from "./fault.ts"
import { intentOf, isSame, policyScope, readForm, serviceOf, withKey } from "./form-value.ts"
import { issuesOf, problemAt } from "./issues.ts"
import { levelOf, scopeAt, scopeText } from "./mtls.ts"
import { controlIcons, forms, inRules } from "./registry.ts"

const reading = (form: unknown): ControlReading => ({
  control: "shift",
  cluster: "cl_1",
  form,
  api: "istio",
  objects: [],
  unshown: [],
  versions: [],
  shadowed: [],
  warnings: [],
})

describe("what is wrong with a form", () => {
  const routing = (rule: object): unknown => ({
    http: [
      { matches: [], action: { type: "route", destinations: [] } },
      { matches: [], action: { type: "route", destinations: [] }, ...rule },
    ],
  })

  test("stands at the field that says it, however deep", () => {
    const issues = issuesOf(RoutingForm, routing({ timeout: "3x", retries: { attempts: -1 } }))
    expect(issues.map(({ path }) => path)).toEqual(["http.1.timeout", "http.1.retries.attempts"])
    expect(problemAt(issues, "http.1.timeout")).toContain("duration")
    expect(problemAt(issues, "http.0.timeout")).toBeUndefined()
    expect(problemAt(issues, "http.1.retries")).toBe(problemAt(issues, "http.1.retries.attempts"))
  })

  test("of a text that is compared in one of three ways is said once, for the way that was meant", () => {
    const issues = issuesOf(RoutingForm, routing({ matches: [{ uri: { prefix: "" } }] }))
    expect(issues.map(({ path }) => path)).toEqual(["http.1.matches.0.uri.prefix"])
    expect(problemAt(issues, "http.1.matches.0.uri")).toBeDefined()
  })

  test("does not belong to a field whose name only begins the same", () => {
    expect(problemAt([{ path: "http.10.timeout", message: "no" }], "http.1")).toBeUndefined()
    expect(issuesOf(ShiftForm, { weights: { v1: 100 } })).toEqual([])
  })
})

describe("a form", () => {
  test("is read from what is there; nothing, and what another server means by it, is none", () => {
    expect(readForm(ShiftForm, reading({ weights: { v1: 100 } }))).toEqual({ weights: { v1: 100 } })
    expect(readForm(ShiftForm, reading(null))).toBeUndefined()
    expect(readForm(ShiftForm, reading({ shares: {} }))).toBeUndefined()
  })

  test("is the same whatever the order of its keys; a key that says nothing is none", () => {
    expect(isSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1, e: undefined })).toBe(true)
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
    expect(isSame(undefined, {})).toBe(false)
    expect(withKey({ a: 1, b: 2 } as { a?: number; b?: number }, "a", undefined)).toEqual({ b: 2 })
  })

  test("takes only the intent of its own control from the draft", () => {
    const intent = { control: "shift", service: { namespace: "a", name: "b" }, set: null } as const
    expect(intentOf({ intent }, "shift")).toBe(intent)
    expect(intentOf({ intent }, "fault")).toBeUndefined()
    expect(intentOf({ intent: null }, "shift")).toBeUndefined()
  })

  test("knows what it is about", () => {
    const query = { namespace: "a", service: "b", subset: "v1" }
    expect(serviceOf({ query })).toEqual({ namespace: "a", name: "b" })
    expect(policyScope({ query })).toEqual({ subset: "v1" })
    expect(policyScope({ query: { port: 80 } })).toEqual({ port: 80 })
  })

  test("stands in the registry, with an icon", () => {
    expect(Object.keys(forms).sort()).toEqual([...formControls].sort())
    expect(Object.keys(controlIcons).sort()).toEqual([...formControls].sort())
    expect([...inRules].sort()).toEqual(["fault", "mirror", "shift"])
  })
})

describe("a fault", () => {
  test("begins with something that the server takes, and answers one way", () => {
    expect(FaultControlForm.safeParse({ delay: newDelay, abort: newAbort }).success).toBe(true)
    expect(withAnswer({ percent: 5, httpStatus: 503 }, { grpcStatus: "UNAVAILABLE" })).toEqual({
      percent: 5,
      grpcStatus: "UNAVAILABLE",
    })
    expect(faultOf({ rule: 2, delay: newDelay } as FaultControlForm)).toEqual({ delay: newDelay })
  })
})

describe("how long a change stays", () => {
  test("is said in whole units, also when nobody offers it", () => {
    expect([600_000, 3_600_000, 90_000, 86_400_000, 7_200_000, 5].map(lengthText)).toEqual([
      "10 minutes",
      "1 hour",
      "90 seconds",
      "1 day",
      "2 hours",
      "5 ms",
    ])
    const offered = expiryOptions(null).length
    expect(expiryOptions(600_000)).toHaveLength(offered)
    expect(expiryOptions(90_000).at(-1)).toEqual({ value: "90000", label: "90 seconds" })
  })
})

describe("where mTLS is said", () => {
  const place = { namespace: "a", service: "b", port: 80 }

  test("is the mesh, a namespace, a service or a port of it", () => {
    expect(scopeAt("mesh", place)).toEqual({})
    expect(scopeAt("namespace", place)).toEqual({ namespace: "a" })
    expect(scopeAt("service", place)).toEqual(place)
    expect(scopeAt("service", { ...place, port: undefined })).toEqual({ namespace: "a", service: "b" })
    for (const level of ["mesh", "namespace", "service"] as const)
      expect(levelOf(scopeAt(level, place))).toBe(level)
  })

  test("is said in words", () => {
    expect([{}, { namespace: "a" }, place].map(scopeText)).toEqual([
      "the mesh",
      "namespace a",
      "b in a, port 80",
    ])
  })
})
