import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Observed as ObservedMessage } from "#shared/protocol/message/act.ts"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { createObserved, type Observed } from "./observed.ts"

const ref = { kind: "VirtualService.networking.istio.io", namespace: "shop", name: "cart" }
const start = Date.parse("2026-01-01T00:00:00Z")
let version = 100

type Managed = { manager: string; at?: number; fields?: object; subresource?: string; operation?: string }
const entry = ({
  manager,
  at = start,
  fields = { "f:spec": { "f:http": {} } },
  subresource,
  operation,
}: Managed) => ({
  manager,
  operation: operation ?? "Update",
  time: new Date(at).toISOString().replace(".000Z", "Z"),
  fieldsV1: fields,
  ...(subresource === undefined ? {} : { subresource }),
})

function route(timeout: string, more: { status?: object; name?: string; note?: string } = {}): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: {
      name: more.name ?? "cart",
      namespace: "shop",
      uid: "u-1",
      resourceVersion: String(++version),
      ...(more.note === undefined ? {} : { annotations: { note: more.note } }),
    },
    spec: { http: [{ timeout }] },
    ...(more.status ? { status: more.status } : {}),
  }
}
const rawOf = (object: KubeObject, managed: Managed[]) =>
  structuredClone({
    ...object,
    metadata: { ...object.metadata, managedFields: managed.map(entry) },
  }) as never

let clock: TestClock
let stop: AbortController
let observed: Observed
let messages: { key: string; message: Omit<ObservedMessage, "seq">; acked: (() => void) | undefined }[]
let speaks: boolean
beforeEach(() => {
  clock = createTestClock(start)
  stop = new AbortController()
  messages = []
  speaks = true
  observed = createObserved({
    lane: { push: (key, message, acked) => void messages.push({ key, message, acked }) },
    speaks: () => speaks,
    clock,
    signal: stop.signal,
  })
})
afterEach(async () => {
  stop.abort()
  await observed.done
})

/** What is told once what was noticed had time to gather. */
async function told(): Promise<ObservedMessage["items"]> {
  const before = messages.length
  await vi.waitFor(() => expect(clock.sleepers()).toBe(1))
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(300)
  await new Promise((resolve) => setImmediate(resolve))
  return messages.slice(before).flatMap(({ message }) => message.items)
}
function changed(before: KubeObject | undefined, after: KubeObject, managed: Managed[]): void {
  observed.notice({ before, after, raw: rawOf(after, managed) })
}

describe("a change from outside", () => {
  test("is told with who made it, what changed, and an id of its own", async () => {
    const after = route("2s")
    changed(route("1s"), after, [{ manager: "helm", at: start - 60_000 }, { manager: "kubectl-edit" }])
    expect(await told()).toEqual([
      {
        id: `u-1/${after.metadata.resourceVersion}`,
        at: start,
        verb: "patch",
        object: ref,
        manager: "kubectl-edit",
        patch: [{ op: "replace", path: "/spec/http/0/timeout", value: "2s" }],
      },
    ])
  })

  test("that makes or removes an object is told too, a removal without its author, whom nobody knows", async () => {
    const made = route("1s")
    changed(undefined, made, [{ manager: "argocd-controller", operation: "Apply" }])
    observed.notice({ before: made, after: undefined, raw: rawOf(made, []) })
    expect((await told()).map(({ verb, manager, patch }) => [verb, manager, patch])).toEqual([
      ["create", "argocd-controller", null],
      ["delete", "", null],
    ])
  })

  test("that is more than 16 KB is told without what changed", async () => {
    changed(route("1s"), route("1s", { note: "x".repeat(17_000) }), [{ manager: "kubectl" }])
    expect(await told()).toMatchObject([{ manager: "kubectl", patch: null }])
  })
})

describe("no change from outside", () => {
  test.each<[string, () => void]>([
    ["a status", () => changed(route("1s"), route("1s", { status: { ok: true } }), [{ manager: "kubectl" }])],
    ["a new version of the same", () => changed(route("1s"), route("1s"), [{ manager: "kubectl" }])],
    [
      "our own apply",
      () => changed(route("1s"), route("2s"), [{ manager: "service-mesh-manager", operation: "Apply" }]),
    ],
    [
      "our own creation",
      () => changed(undefined, route("2s"), [{ manager: "service-mesh-manager", operation: "Apply" }]),
    ],
    [
      "our own apply, after which a controller wrote the status",
      () =>
        changed(route("1s"), route("2s"), [
          { manager: "service-mesh-manager", at: start },
          {
            manager: "pilot-discovery",
            at: start + 1_000,
            subresource: "status",
            fields: { "f:status": {} },
          },
        ]),
    ],
    [
      "our own removal",
      () => {
        observed.removing(ref)
        observed.notice({ before: route("1s"), after: undefined, raw: undefined })
      },
    ],
  ])("is %s", async (_, happen) => {
    happen()
    changed(route("1s"), route("9s"), [{ manager: "kubectl" }])
    expect((await told()).map(({ manager }) => manager)).toEqual(["kubectl"])
  })

  test("is a removal of ours twice: who removes what came back is somebody else", async () => {
    observed.removing(ref)
    observed.notice({ before: route("1s"), after: undefined, raw: undefined })
    observed.notice({ before: route("1s"), after: undefined, raw: undefined })
    expect(await told()).toMatchObject([{ verb: "delete" }])
  })

  test("is for an agent that only stands by", async () => {
    speaks = false
    changed(route("1s"), route("2s"), [{ manager: "kubectl" }])
    speaks = true
    changed(route("2s"), route("3s"), [{ manager: "helm" }])
    expect((await told()).map(({ manager }) => manager)).toEqual(["helm"])
  })
})

describe("the author", () => {
  test("among several of one second is who owns what changed", async () => {
    const note = { "f:metadata": { "f:annotations": { "f:note": {} } } }
    changed(route("1s"), route("1s", { note: "b" }), [
      { manager: "service-mesh-manager" },
      { manager: "kubectl-annotate", fields: note },
    ])
    changed(route("1s"), route("2s"), [
      { manager: "kubectl-annotate", fields: note },
      { manager: "service-mesh-manager" },
    ])
    expect((await told()).map(({ manager }) => manager)).toEqual(["kubectl-annotate"])
  })

  test("is not us when our last write was long ago: a removal of fields leaves no entry", async () => {
    changed(route("1s"), { ...route("1s"), spec: {} }, [
      { manager: "service-mesh-manager", at: start - 3_600_000 },
    ])
    expect(await told()).toMatchObject([{ manager: "unknown", verb: "patch" }])
  })
})

describe("many changes", () => {
  test("go in messages of a bounded size, the next when the one before is stored", async () => {
    for (let i = 0; i < 250; i++)
      changed(undefined, route("1s", { name: `r-${i}` }), [{ manager: "kubectl" }])
    expect(await told()).toHaveLength(100)
    clock.advance(3_600_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(messages).toHaveLength(1)
    messages[0]?.acked?.()
    expect(await told()).toHaveLength(100)
    messages[1]?.acked?.()
    expect((await told()).map(({ object }) => object.name).at(-1)).toBe("r-249")
  })

  test("that nobody takes for long are the newest megabyte, and how many are missing", async () => {
    changed(route("1s"), route("2s", { name: "first" }), [{ manager: "kubectl" }])
    await told()
    const note = "x".repeat(15_000)
    for (let i = 0; i < 200; i++)
      changed(route("1s"), route("1s", { name: `r-${i}`, note }), [{ manager: "kubectl" }])
    expect(observed.waiting()).toBeGreaterThan(60)
    expect(observed.waiting()).toBeLessThan(70)
    const kept = observed.waiting()
    messages[0]?.acked?.()
    let items: ObservedMessage["items"] = []
    for (let at = 1; items.length < kept; at++) {
      items = [...items, ...(await told())]
      messages[at]?.acked?.()
    }
    expect(items.at(-1)?.object.name).toBe("r-199")
    expect(messages.map(({ message }) => message.lost)).toEqual([
      0,
      200 - kept,
      ...messages.slice(2).map(() => 0),
    ])
    for (const { message } of messages) expect(JSON.stringify(message).length).toBeLessThan(300_000)
  })
})
