import { expect, test } from "vitest"
import { createBackoff } from "./backoff.ts"

const signal = new AbortController().signal

function rig() {
  const slept: number[] = []
  const clock = {
    now: () => 0,
    random: () => 0.5,
    sleep: (ms: number) => {
      slept.push(ms)
      return Promise.resolve()
    },
  }
  return { slept, backoff: createBackoff(clock, { minMs: 1_000, maxMs: 60_000 }) }
}

test("delays double up to the longest, and begin anew after a success", async () => {
  const { slept, backoff } = rig()
  for (let i = 0; i < 8; i++) await backoff.wait(signal)
  backoff.reset()
  await backoff.wait(signal)
  expect(slept).toEqual([1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500, 30_500, 1_500])
})

test("what the other side asks for is the least; failures that go on make it longer", async () => {
  const { slept, backoff } = rig()
  for (let i = 0; i < 5; i++) await backoff.wait(signal, 5_000)
  expect(slept).toEqual([5_500, 5_500, 5_500, 8_500, 16_500])
})

test("nobody is asked away for a month", async () => {
  const { slept, backoff } = rig()
  await backoff.wait(signal, 30 * 24 * 60 * 60_000)
  expect(slept).toEqual([900_500])
})
