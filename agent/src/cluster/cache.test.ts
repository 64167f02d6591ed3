import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { createCache, seenKey } from "./cache.ts"

const podOf = (namespace: string, name: string, node: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace, name },
  spec: { nodeName: node },
})

const change = fc.record({
  namespace: fc.constantFrom("a", "b"),
  name: fc.constantFrom("x", "y", "z"),
  node: fc.option(fc.constantFrom("n1", "n2"), { nil: undefined }),
})

describe("the cache", () => {
  test("sums of buckets and the root equal those of the objects after any changes", () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const cache = createCache(() => 0)
        cache.setKnown("Pod", true)
        for (const { namespace, name, node } of changes)
          if (node === undefined) cache.remove("Pod", namespace, name)
          else cache.put("Pod", podOf(namespace, name, node))
        let root = emptySum
        for (const object of cache.objects("Pod")) root = moveSum(root, undefined, objectHash(object))
        expect(cache.root()).toEqual(root)
        for (const { namespace, sum } of cache.sums()) {
          let own = emptySum
          for (const object of cache.objects("Pod"))
            if (object.metadata.namespace === namespace) own = moveSum(own, undefined, objectHash(object))
          expect(sum).toEqual(own)
        }
      }),
    )
  })

  test("tells each real change once, with the hash of before, and nothing of a kind that is not known yet", () => {
    const cache = createCache(() => 0)
    const told: (number | undefined)[] = []
    cache.listen({
      changed: (_key, before) => told.push(before),
      known: () => undefined,
      state: () => undefined,
    })
    cache.put("Pod", podOf("a", "x", "n1"))
    expect(told).toEqual([])
    cache.setKnown("Pod", true)
    cache.put("Pod", podOf("a", "x", "n1"))
    cache.put("Pod", podOf("a", "x", "n2"))
    cache.put("Pod", podOf("a", "y", "n1"))
    cache.remove("Pod", "a", "nothing")
    expect(told).toEqual([objectHash(podOf("a", "x", "n1")), undefined])
  })

  test("keeps the first words of a long reason", () => {
    const cache = createCache(() => 0)
    cache.setState("Pod", "denied", "no ".repeat(10_000))
    expect(cache.kinds().find(({ kind }) => kind === "Pod")?.reason).toHaveLength(500)
  })

  test("a finished list removes what it did not contain", () => {
    const cache = createCache(() => 0)
    for (const name of ["x", "y", "z"]) cache.put("Pod", podOf("a", name, "n1"))
    cache.keepOnly("Pod", new Set([seenKey("a", "y")]))
    expect([...cache.objects("Pod")].map(({ metadata }) => metadata.name)).toEqual(["y"])
  })

  test("counts what is known against what a running list announced", () => {
    const cache = createCache(() => 0)
    cache.put("Pod", podOf("a", "x", "n1"))
    cache.setExpected("Pod", 12)
    expect(cache.progress()).toEqual({ objects: 1, expected: 12 })
    cache.setState("Pod", "live", "")
    expect(cache.progress()).toEqual({ objects: 1, expected: 1 })
  })
})
