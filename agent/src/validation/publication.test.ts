import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { record } from "#shared/topology/fact/read.ts"
import type { Finding } from "#shared/validation/finding.ts"
import { findingKind } from "#shared/validation/finding-object.ts"
import { createCache } from "../cluster/cache.ts"
import { createPublication } from "./publication.ts"

const finding = (name: string, over: Partial<Finding> = {}): Finding => ({
  code: "test.wrong",
  level: "warning",
  message: `${name} is wrong`,
  cluster: "",
  object: { kind: "Service", namespace: "shop", name },
  path: "spec",
  references: [],
  fix: null,
  ...over,
})

function start(most = 1_000) {
  const cache = createCache(() => 1)
  const publication = createPublication({ cache, rules: new Map(), most })
  return {
    cache,
    publication,
    say(came: Finding[], gone: Finding[] = []) {
      publication.move({ gone, came })
      publication.publish(() => false)
    },
    messages: () => [...cache.objects(findingKind)].map(({ spec }) => record(spec)["message"]).sort(),
  }
}

const service = (name: string, annotations: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop", annotations },
})

describe("findings among the objects of the cache", () => {
  test("come, change in place and go, and the same said by two checks is one", () => {
    const { cache, say, messages } = start()
    const [first, again] = [finding("a"), finding("a")]
    say([first, again, finding("b")])
    expect(messages()).toEqual(["a is wrong", "b is wrong"])
    const [before] = cache.names(findingKind, "shop")
    say([], [again])
    expect(messages()).toEqual(["a is wrong", "b is wrong"])
    const other = finding("a", { references: [{ object: first.object, path: "", cluster: "" }] })
    say([other], [first])
    expect(cache.names(findingKind, "shop")).toContain(before)
    say([], [other])
    expect(messages()).toEqual(["b is wrong"])
  })

  test("stand beside each other when they are of one place", () => {
    const { say, messages } = start()
    const both = [finding("a", { message: "one" }), finding("a", { message: "two" })]
    say(both)
    expect(messages()).toEqual(["one", "two"])
    say([], both.slice(0, 1))
    expect(messages()).toEqual(["two"])
  })

  test("follow the annotations of their object", () => {
    const { cache, publication, say } = start()
    cache.put("Service", service("a", {}))
    const found = finding("a")
    say([found])
    const by = () =>
      [...cache.objects(findingKind)].map(({ spec }) => record(record(spec)["suppression"])["by"])
    expect(by()).toEqual([undefined])
    cache.put("Service", service("a", { "smm.io/suppress": "test.wrong" }))
    publication.touch(found.object)
    publication.publish(() => false)
    expect(by()).toEqual(["annotation"])
  })

  test("are published in slices", () => {
    const { publication, messages } = start()
    publication.move({ gone: [], came: ["a", "b", "c"].map((name) => finding(name)) })
    let slices = 1
    while (!publication.publish(() => true)) slices++
    expect(slices).toBeGreaterThan(3)
    expect(messages()).toHaveLength(3)
  })
})

describe("a storm of findings", () => {
  const storm = Array.from({ length: 10 }, (_, i) => finding(`s${i}`))
  const words = (total: number) =>
    `${total - 4} more findings of test.wrong are not listed: 4 of ${total} are`

  test("is sent up to a number of each code, and what is kept back is said", () => {
    const { cache, say, messages } = start(4)
    say([...storm, finding("other", { code: "test.other" })])
    expect(messages()).toEqual([
      words(10),
      "other is wrong",
      ...["s0", "s1", "s2", "s3"].map((name) => `${name} is wrong`),
    ])
    const [said] = [...cache.objects(findingKind)].filter(({ metadata }) => metadata.namespace === undefined)
    expect(said?.spec).toMatchObject({ code: "engine.withheld", level: "warning" })
    expect(said?.metadata.name).toMatch(/^engine\.withheld\.[0-9a-z]+$/)
  })

  test("is counted as it passes, until all are shown again", () => {
    const { say, messages } = start(4)
    say(storm)
    say([], storm.slice(0, 3))
    expect(messages()).toEqual([words(7), ...["s3", "s4", "s5", "s6"].map((name) => `${name} is wrong`)])
    say([], storm.slice(3, 7))
    expect(messages()).toEqual(["s7 is wrong", "s8 is wrong", "s9 is wrong"])
    say([], storm.slice(7))
    expect(messages()).toEqual([])
  })

  test("is cut within an object that has all of it", () => {
    const { say, messages } = start(4)
    const all = storm.map((_, i) => finding("bad", { path: `spec.ports[${i}]`, message: `port ${i}` }))
    say(all)
    expect(messages()).toEqual([words(10), "port 0", "port 1", "port 2", "port 3"])
  })

  test("leaves, whatever came and went before, what would be sent of the present alone", () => {
    const place = fc.record({
      name: fc.constantFrom("a", "b", "c"),
      code: fc.constantFrom("x.y", "x.z"),
      path: fc.constantFrom("p", "q"),
      message: fc.constantFrom("m", "n"),
    })
    const step = fc.array(
      place.map(({ name, ...rest }) => finding(name, rest)),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.integer({ min: 1, max: 4 }), (steps, most) => {
        const kept = start(most)
        let before: Finding[] = []
        for (const now of steps) {
          kept.say(now, before)
          before = now
        }
        const fresh = start(most)
        fresh.say(before)
        const all = ({ cache }: typeof kept) =>
          [...cache.objects(findingKind)].map((object) => JSON.stringify(object)).sort()
        expect(all(kept)).toEqual(all(fresh))
      }),
    )
  })
})
