import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../../kube/object.ts"
import { Engine } from "../../engine/engine.ts"
import { here, objectsOf } from "../../testing.ts"
import { gatewayApiExamples } from "../gateway-api/examples.ts"
import { gatewayApi } from "../gateway-api/family.ts"
import { servicesExamples } from "./examples.ts"
import { services } from "./family.ts"

const meshes = [...servicesExamples, ...gatewayApiExamples].flatMap(({ fires, silent }) => [
  objectsOf(fires),
  objectsOf(silent),
])

/** Places in an object below its spec and status, as the steps to them. */
function places(value: unknown, steps: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [steps]
  return [steps, ...Object.entries(value).flatMap(([step, child]) => places(child, [...steps, step]))]
}

function replaced(value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown {
  if (step === undefined) return by
  if (Array.isArray(value))
    return value.map((item, at) => (String(at) === step ? replaced(item, rest, by) : item))
  const from = value as Record<string, unknown>
  return { ...from, [step]: replaced(from[step], rest, by) }
}

const strange = fc.constantFrom<unknown>(
  ...[null, undefined, 0, -1, 1e9, "", "*", "*.", ".", "~", "/", "./", "a/b/c", "__proto__", "constructor"],
  ...[[], [[]], [null], {}, { a: null }, { __proto__: 1 }, { host: 1 }, [{ name: 1 }], true, "x".repeat(300)],
)

const mutated = fc
  .constantFrom(...meshes)
  .chain((mesh) =>
    fc.record({
      mesh: fc.constant(mesh),
      changes: fc.array(fc.record({ object: fc.nat(mesh.length - 1), place: fc.nat(60), value: strange }), {
        minLength: 1,
        maxLength: 3,
      }),
      order: fc.shuffledSubarray(
        mesh.map((_, at) => at),
        { minLength: mesh.length },
      ),
    }),
  )
  .map(({ mesh, changes, order }) => {
    const objects = [...mesh]
    for (const { object, place, value } of changes) {
      const chosen = objects[object]
      if (chosen === undefined) continue
      const all = places({ spec: chosen["spec"], status: chosen["status"] }).slice(1)
      const steps = all[place % Math.max(1, all.length)]
      if (steps !== undefined) objects[object] = replaced(chosen, steps, value) as KubeObject
    }
    return { objects, order }
  })

function said(objects: readonly (KubeObject | undefined)[]): string {
  const engine = new Engine({ families: [services, gatewayApi], strict: true })
  for (const object of objects) if (object !== undefined) engine.put(here, object)
  return JSON.stringify(engine.findings())
}

describe("objects of any shape", () => {
  test("are never thrown at, and say the same in whatever order they come", () => {
    fc.assert(
      fc.property(mutated, ({ objects, order }) => {
        expect(said(order.map((at) => objects[at]))).toBe(said(objects))
      }),
      { numRuns: 1500, seed: 7 },
    )
  })
})
