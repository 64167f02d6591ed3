import { expect, test } from "vitest"
import { AppError } from "#shared/error.ts"
import type { CommandOutcome } from "#shared/protocol/command.ts"
import { keepSlim, slim } from "./slim.ts"

type Apply = Extract<CommandOutcome, { type: "apply" }>
const after = {
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "x", resourceVersion: "9", managedFields: [{ manager: "kubectl" }] },
}
const outcome: Apply = {
  type: "apply",
  as: null,
  failure: null,
  steps: [{ state: "applied", code: null, message: "", resourceVersion: "9", after, owners: [] }],
}

test("what is kept of a write is what it became, without who owns which field", () => {
  const [step] = slim(outcome).steps
  expect(step?.after?.metadata).toEqual({ name: "x", resourceVersion: "9" })
})

test("what no item can hold is kept without the objects, and nothing else is passed over", async () => {
  const tried: Apply[] = []
  await keepSlim(outcome, (kept) => {
    tried.push(kept)
    return tried.length === 1 ? Promise.reject(new AppError("input.too_large", "x")) : Promise.resolve()
  })
  expect(tried.map(({ steps }) => steps[0]?.after === null)).toEqual([false, true])
  expect(tried[1]?.steps[0]).toMatchObject({ state: "applied", resourceVersion: "9" })
  const down = keepSlim(outcome, () => Promise.reject(new Error("down")))
  await expect(down).rejects.toThrow("down")
})
