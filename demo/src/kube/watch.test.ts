import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { Memory } from "./memory.ts"
import { Registry } from "./registry.ts"
import { Watches, type Sink } from "./watch.ts"
import type { Shape } from "./form.ts"

function setUp() {
  const memory = new Memory()
  const resource = new Registry(memory).byKind("ConfigMap")
  if (!resource) throw new Error("no ConfigMap")
  const watches = new Watches(memory)
  const shape: Shape = { resource, version: "v1", form: "object", now: () => 0 }
  const start = (query = "", waiting = 0) => {
    const lines: string[] = []
    const events: string[] = []
    const sink: Sink = {
      write: (line) => void lines.push(line),
      waiting,
      end: () => void events.push("end"),
      reset: () => void events.push("reset"),
    }
    const watch = watches.start(shape, "", new URLSearchParams(query), sink)
    return { lines, events, watch }
  }
  return { memory, watches, start }
}

const map = (name: string, extra: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...extra },
})

describe("the watches of one API", () => {
  test("a change is written as text once, however many watches want it", () => {
    const { memory, start } = setUp()
    const all = Array.from({ length: 20 }, () => start())
    let written = 0
    const counted = {
      toJSON: () => {
        written += 1
        return {}
      },
    }
    memory.put("ConfigMap", { ...map("a"), data: counted })
    expect(all.every(({ lines }) => lines.length === 1)).toBe(true)
    expect(written).toBe(1)
  })

  test("a reader that falls too far behind is cut off", () => {
    const { memory, watches, start } = setUp()
    const slow = start("", 100 * 1024 * 1024)
    const fast = start()
    memory.put("ConfigMap", map("a"))
    memory.put("ConfigMap", map("b"))
    expect(slow.events).toEqual(["reset"])
    expect(fast.lines).toHaveLength(2)
    expect(watches.count).toBe(1)
  })

  test("an ended watch hears nothing more, not even bookmarks", () => {
    const { memory, watches, start } = setUp()
    const { watch, lines } = start("allowWatchBookmarks=true")
    watch.end()
    memory.put("ConfigMap", map("a"))
    watch.bookmark()
    watches.bookmarkAll()
    expect(lines).toEqual([])
  })

  test("changes beyond what is kept make an old version expire", () => {
    const { memory, start } = setUp()
    for (let i = 0; i < 5000; i++) memory.put("ConfigMap", map("a", { annotations: { i: String(i) } }))
    expect(() => start("resourceVersion=1")).toThrow("too old resource version: 1")
    expect(start("resourceVersion=4990").lines).toHaveLength(10)
  })
})
