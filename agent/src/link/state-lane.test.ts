import { expect, test } from "vitest"
import { createCache } from "../cluster/cache.ts"
import { createStateLane } from "./state-lane.ts"

test("of more changes than a list should hold the sums are told, however long nobody listens", () => {
  let at = 1_000_000
  const now = () => at
  const cache = createCache(now)
  for (const { kind } of cache.kinds()) {
    cache.setState(kind, "live", "")
    cache.setKnown(kind, true)
  }
  const lane = createStateLane({ cache, now, wake: () => undefined })
  lane.begin()
  expect(lane.nextChange(2)?.type).toBe("hashes")
  const comeAndGo = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const metadata = { name: `job-${at}-${i}`, namespace: "shop" }
      cache.put("Pod", { apiVersion: "v1", kind: "Pod", metadata })
      cache.remove("Pod", "shop", metadata.name)
    }
  }
  comeAndGo(100)
  at += 10_000
  expect(lane.nextChange(3)?.type).toBe("delta")
  comeAndGo(25_000)
  at += 10_000
  expect(lane.nextChange(4)?.type).toBe("hashes")
  expect(lane.nextChange(5)).toBeUndefined()
  lane.close()
})
