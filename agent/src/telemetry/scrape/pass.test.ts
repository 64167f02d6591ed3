import { describe, expect, test } from "vitest"
import type { Clock } from "#agent/clock.ts"
import { createPass } from "./pass.ts"
import type { ScrapeTarget } from "./targets.ts"

describe("a read of all proxies", () => {
  const signal = new AbortController().signal
  const targets = ["a", "b", "c", "d", "e"].map((id): ScrapeTarget => ({
    id,
    urls: [],
    isZtunnel: false,
    isShared: false,
  }))

  /** Each read takes a second. */
  function start({ concurrency = 1, maxMs = 60_000 } = {}) {
    let at = 0
    const clock: Clock = { now: () => at, random: () => 0, sleep: () => Promise.resolve() }
    const pass = createPass({ clock, concurrency, maxMs })
    const failing = new Set<string>()
    return {
      failing,
      read: async () => {
        const asked: string[] = []
        const missed = await pass(
          targets,
          ({ id }) => {
            asked.push(id)
            at += 1_000
            return failing.has(id) ? Promise.reject(new Error(`${id} is down`)) : Promise.resolve()
          },
          signal,
        )
        return { asked: asked.join(""), ...missed }
      },
    }
  }

  test("asks those that failed last the next time, and tells why they did", async () => {
    const { failing, read } = start()
    failing.add("a").add("c")
    const failures = [
      { id: "a", reason: "a is down" },
      { id: "c", reason: "c is down" },
    ]
    expect(await read()).toEqual({ asked: "abcde", failures, unasked: 0 })
    failing.delete("a")
    expect(await read()).toEqual({ asked: "bdeac", failures: failures.slice(1), unasked: 0 })
    expect((await read()).asked).toBe("abdec")
  })

  test("that takes too long leaves the rest for the next time, which begins with them", async () => {
    const { failing, read } = start({ maxMs: 3_000 })
    expect(await read()).toEqual({ asked: "abc", failures: [], unasked: 2 })
    failing.add("e")
    expect((await read()).asked).toBe("dea")
    expect((await read()).asked).toBe("bca")
    expect((await read()).asked).toBe("dab")
  })

  test("asks no more at once than it may", async () => {
    let now = 0
    let most = 0
    const clock: Clock = { now: () => 0, random: () => 0, sleep: () => Promise.resolve() }
    const readOne = async () => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now--
    }
    await createPass({ clock, concurrency: 2, maxMs: 1 })(targets, readOne, signal)
    expect(most).toBe(2)
  })

  test("ends when nobody waits for it, whatever was under way", async () => {
    const stop = new AbortController()
    const clock: Clock = { now: () => 0, random: () => 0, sleep: () => Promise.resolve() }
    let asked = 0
    const reading = createPass({ clock, concurrency: 2, maxMs: 1 })(
      targets,
      () => {
        asked++
        stop.abort(new Error("the tick is over"))
        return Promise.reject(new Error("cut"))
      },
      stop.signal,
    )
    await expect(reading).rejects.toThrow("the tick is over")
    expect(asked).toBe(1)
  })
})
