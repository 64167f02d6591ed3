import { describe, expect, test } from "vitest"
import type { Proposed } from "./check-session.ts"
import { Checker, type MeshState } from "./checker.ts"
import type { Ask, Tell } from "./messages.ts"

/** A worker that answers when it is told to. */
class Port {
  asked: Ask[] = []
  ended = false
  onmessage: ((event: { data: Tell }) => void) | null = null
  onerror: ((event: { message?: string }) => void) | null = null
  postMessage(message: Ask): void {
    this.asked.push(message)
  }
  terminate(): void {
    this.ended = true
  }
  tell(data: Tell): void {
    this.onmessage?.({ data })
  }
  get checks(): Extract<Ask, { type: "check" }>[] {
    return this.asked.filter((ask) => ask.type === "check")
  }
}

const proposed = (cluster: string): Proposed => ({ cluster, put: [], remove: [] })
const checked = { findings: [], added: [], removed: [], whole: true, elapsedMs: 1 }

function started() {
  const port = new Port()
  const meshes: MeshState[] = []
  let answers = 0
  const listener = { checked: () => void answers++, mesh: (state: MeshState) => void meshes.push(state) }
  const checker = new Checker("org_1", listener, () => port)
  return { port, checker, meshes, answers: () => answers }
}

describe("the engine behind an editor, asked from the page", () => {
  test("is asked one question at a time, and of those that come meanwhile only the newest", () => {
    const { port, checker, answers } = started()
    for (const key of ["a", "b", "c"]) checker.check(proposed(key))
    expect(port.checks.map(({ proposed: { cluster } }) => cluster)).toEqual(["a"])
    port.tell({ type: "checked", id: port.checks[0]?.id ?? 0, checked })
    // What was overtaken is not told.
    expect(answers()).toBe(0)
    expect(port.checks.map(({ proposed: { cluster } }) => cluster)).toEqual(["a", "c"])
    port.tell({ type: "checked", id: port.checks[1]?.id ?? 0, checked })
    expect(answers()).toBe(1)
  })

  test("is asked again when the mesh is here", () => {
    const { port, checker, meshes } = started()
    checker.check(proposed("a"))
    port.tell({ type: "checked", id: port.checks[0]?.id ?? 0, checked: { ...checked, whole: false } })
    port.tell({ type: "ready", objects: 7, unasked: 0, at: 5 })
    expect(port.checks).toHaveLength(2)
    expect(meshes.at(-1)).toEqual({ state: "ready", objects: 7, unasked: 0, at: 5 })
  })

  test("says that it failed, and leaves no completion waiting when it ends", async () => {
    const { port, checker, meshes } = started()
    port.onerror?.({ message: "no worker" })
    expect(meshes.at(-1)).toEqual({ state: "failed", message: "no worker" })
    const waiting = checker.complete({ kind: "Service", version: "v1", path: [], writes: "field" })
    checker.close()
    expect(await waiting).toEqual([])
    expect(port.ended).toBe(true)
  })
})
