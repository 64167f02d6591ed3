import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families } from "#shared/validation/families.ts"
import { growths } from "./growth-meshes.ts"

type Cost = { cpuMs: number; references: number }

/** What this thread computes; how long that takes on a busy machine is another matter. */
function costOf(objects: readonly KubeObject[]): Cost {
  const begin = process.threadCpuUsage()
  const engine = new Engine({ families })
  for (const object of objects) engine.put("", object)
  const findings = engine.findings()
  const { user } = process.threadCpuUsage(begin)
  return { cpuMs: user / 1000, references: findings.reduce((sum, one) => sum + one.references.length, 0) }
}

/** The least of several: garbage is collected when it pleases, and code is compiled meanwhile. */
function least(objects: readonly KubeObject[], runs: number): Cost {
  const costs = Array.from({ length: runs }, () => costOf(objects))
  return costs.reduce((best, cost) => (cost.cpuMs < best.cpuMs ? cost : best))
}

/** Four times as much takes four times as long, or with a logarithm some more; each held against each, sixteen times. */
const most = 10
/** Below, it is all noise: the clock of a thread ticks in steps of 4 ms on some machines. */
const noiseMs = 12

describe("the cost of validation", () => {
  test.each(growths)("grows with the number of $name, not with its square", ({ make, size }) => {
    const few = make(size / 4)
    const many = make(size)
    const [small, large] = [least(few, 5), least(many, 3)]
    expect(large.cpuMs).toBeLessThan(most * Math.max(small.cpuMs, noiseMs / 4) + noiseMs)
    expect(large.references).toBeLessThanOrEqual(20 * many.length)
  })
})
