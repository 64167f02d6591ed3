import { describe, expect, test } from "vitest"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { cardSizes } from "../card.ts"
import { readQuestion } from "../question.ts"
import { routesOf, curvePoint } from "../route.ts"
import { call, failing, idle, largeMesh, meshOf, service } from "../testing/mesh.ts"
import { treeOf } from "../tree.ts"
import { visibleOf } from "../visible.ts"
import { type Layout, type Pins, arrange, arrangeAnew } from "./arrange.ts"
import { layered } from "./layered.ts"
import { decodePins, encodePins } from "./pins.ts"
import { settleColumn } from "./rows.ts"
import { pushApart } from "./settle.ts"

const laid = (document: TopologyDocument, pins: Pins = new Map(), search = ""): Layout => {
  const question = readQuestion(search)
  const tree = treeOf(visibleOf(document, question, { find: undefined, hide: undefined }), question)
  return arrange(tree, cardSizes(tree), pins)
}
const web = service("web")
const cart = service("cart")
const pay = service("pay", "money")
const bank = service("bank", "money")
const small = meshOf([web, cart, pay, bank], [call(web, cart), call(cart, pay), call(pay, bank)])

const overlaps = (layout: Layout, ids: string[]): string[] => {
  const frames = ids.flatMap((id) => layout.frames.get(id) ?? [])
  return frames.flatMap((a, i) =>
    frames
      .slice(i + 1)
      .filter((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((b) => `${a.id} on ${b.id}`),
  )
}

describe("a graph that is laid out", () => {
  test("goes from callers at the left to callees at the right", () => {
    const { frames } = laid(small)
    const x = [web, cart, pay, bank].map((node) => frames.get(node.id)?.x ?? NaN)
    expect(x).toEqual(x.toSorted((a, b) => a - b))
    expect(new Set(x).size).toBe(4)
  })

  test("keeps cards inside of their boxes and off each other", () => {
    const mesh = largeMesh(6, 12)
    const layout = laid(mesh)
    expect(
      overlaps(
        layout,
        mesh.nodes.map((node) => node.id),
      ),
    ).toEqual([])
    expect(
      overlaps(
        layout,
        Array.from({ length: 6 }, (_, n) => `ns/c1/team-${n}`),
      ),
    ).toEqual([])
    for (const node of mesh.nodes) {
      const card = layout.frames.get(node.id)
      const box = layout.frames.get(`ns/c1/${node.namespace}`)
      expect(card && box && card.x >= box.x && card.x + card.w <= box.x + box.w).toBe(true)
      expect(card && box && card.y >= box.y && card.y + card.h <= box.y + box.h).toBe(true)
    }
  })

  test("is the same for the same graph, in whatever order it comes", () => {
    const turned = meshOf([...small.nodes].reverse(), [...small.edges].reverse())
    expect(laid(turned).frames).toEqual(laid(small).frames)
  })

  test("stands on one grid: cards of different boxes line up", () => {
    const { frames } = laid(largeMesh(4, 6))
    const lefts = [...frames.values()].filter((frame) => frame.id.startsWith("svc/")).map((frame) => frame.x)
    const pitch = 202
    expect(new Set(lefts.map((x) => (x - Math.min(...lefts)) % pitch)).size).toBe(1)
  })

  test("takes in what turns in circles", () => {
    const ring = meshOf([web, cart], [call(web, cart), call(cart, web), call(web, web)])
    expect(laid(ring).frames.size).toBe(4)
  })

  test("collapses to nothing without nodes", () => {
    expect(laid(meshOf([], []))).toMatchObject({ w: 0, h: 0 })
  })
})

describe("a layout that is remembered", () => {
  test("does not move when a tick changes rates, health and errors", () => {
    const before = laid(small)
    const after = meshOf(
      small.nodes.map((node) => ({
        ...node,
        ...failing,
        signals: { ...node.signals, requestsPerSecond: 999 },
      })),
      small.edges.map((edge) => ({ ...edge, requestsPerSecond: 0.2, errorRatio: 0.5 })),
    )
    expect(laid(after, before.pins).frames).toEqual(before.frames)
  })

  test("does not move when an edge comes or goes", () => {
    const before = laid(small)
    const after = meshOf(small.nodes, [...small.edges.slice(1), call(bank, web), call(web, pay)])
    expect(laid(after, before.pins).frames).toEqual(before.frames)
  })

  test("keeps every node where it was when one joins, and puts that beside its caller", () => {
    const mesh = largeMesh(3, 8)
    const before = laid(mesh)
    const fresh = service("fresh", "team-1")
    const caller = mesh.nodes.find((node) => node.id === "svc/c1/team-1/s0") ?? web
    const after = laid(meshOf([...mesh.nodes, fresh], [...mesh.edges, call(caller, fresh)]), before.pins)
    const own = mesh.nodes.filter((node) => node.namespace === "team-1")
    const offset = (layout: Layout, id: string) => {
      const box = layout.frames.get("ns/c1/team-1")
      const card = layout.frames.get(id)
      return [(card?.x ?? 0) - (box?.x ?? 0), (card?.y ?? 0) - (box?.y ?? 0)]
    }
    for (const node of own) expect(offset(after, node.id)).toEqual(offset(before, node.id))
    const left = after.frames.get(caller.id)
    expect(after.frames.get(fresh.id)?.x).toBeGreaterThan((left?.x ?? 0) + (left?.w ?? 0))
    expect(
      overlaps(
        after,
        [...mesh.nodes, fresh].map((node) => node.id),
      ),
    ).toEqual([])
  })

  test("leaves the others alone when a node goes", () => {
    const mesh = largeMesh(2, 6)
    const before = laid(mesh)
    const gone = mesh.nodes.at(-1)?.id
    const after = laid(
      meshOf(
        mesh.nodes.filter((node) => node.id !== gone),
        mesh.edges.filter((edge) => edge.target !== gone),
      ),
      before.pins,
    )
    for (const node of mesh.nodes.slice(0, -1))
      expect(after.frames.get(node.id)).toMatchObject({
        x: before.frames.get(node.id)?.x,
        y: before.frames.get(node.id)?.y,
      })
  })

  test("comes back to where it was when a box is collapsed and opened", () => {
    const open = laid(small)
    const shut = laid(small, open.pins, "?shut=ns/c1/money")
    const again = laid(small, shut.pins)
    expect(again.frames).toEqual(open.frames)
  })

  test("survives being written down", () => {
    const { pins, frames } = laid(small)
    expect(laid(small, decodePins(encodePins(pins))).frames).toEqual(frames)
    expect(decodePins("{").size).toBe(0)
    expect(decodePins('[["a",[["b",1]]],7]').get("a")?.size).toBe(0)
  })

  test("is replaced by a new arrangement of whoever lays boxes of cards out", async () => {
    const question = readQuestion("")
    const tree = treeOf(visibleOf(small, question, { find: undefined, hide: undefined }), question)
    const asked: string[] = []
    const pins = await arrangeAnew(tree, cardSizes(tree), (group) => {
      asked.push(group.id)
      return Promise.resolve(
        new Map(group.children.map((child, i) => [child.id, { x: i * group.pitch, y: i * 50 }])),
      )
    })
    expect(asked.sort()).toEqual(["ns/c1/money", "ns/c1/shop"])
    expect(pins.get("ns/c1/shop")?.size).toBe(2)
  })
})

describe("the parts of a layout", () => {
  test("a column gives each its wish as far as the order allows", () => {
    const tops = settleColumn(
      [
        { at: 0, weight: 1, size: 10 },
        { at: 4, weight: 1, size: 10 },
        { at: 100, weight: 1, size: 10 },
      ],
      2,
    )
    expect(tops).toEqual([-4, 8, 100])
  })

  test("pushing apart moves only what overlaps", () => {
    const rects = [
      { id: "a", x: 0, y: 0, w: 10, h: 10 },
      { id: "b", x: 0, y: 8, w: 10, h: 10 },
      { id: "c", x: 50, y: 0, w: 10, h: 10 },
    ]
    expect(pushApart(rects, 4)).toEqual([rects[0], rects[2], { ...rects[1], y: 14 }])
  })

  test("a fan of many callees becomes several columns instead of one tall one", () => {
    const items = Array.from({ length: 31 }, (_, i) => ({ id: `n${i}`, w: 100, h: 36 }))
    const links = items.slice(1).map((item) => ({ from: "n0", to: item.id, weight: 1 }))
    const points = [...layered(items, links, { x: 80, y: 12 }).values()]
    expect(Math.max(...points.map((point) => point.y))).toBeLessThan(600)
    expect(new Set(points.map((point) => point.x)).size).toBeGreaterThan(3)
  })

  test("a line goes around a card that stands in its way", () => {
    const frame = (id: string, x: number, y: number) => ({ id, x, y, w: 100, h: 36 })
    const cards = [frame("a", 0, 0), frame("b", 200, 0), frame("c", 400, 0)]
    const frames = new Map(cards.map((card) => [card.id, card]))
    const lines = [
      { id: "past", source: "a", target: "c" },
      { id: "to", source: "a", target: "b" },
      { id: "back", source: "c", target: "a" },
    ]
    const routes = routesOf(lines, frames, { leaves: cards })
    expect(routes.get("to")).toEqual({ sides: "forward", lane: null })
    expect(routes.get("back")?.sides).toBe("back")
    const lane = routes.get("past")?.lane
    expect(lane && (lane.y < 0 || lane.y > 36)).toBe(true)
    expect(curvePoint({ x: 0, y: 0 }, { x: 100, y: 50 }, 0.5)).toEqual({ x: 50, y: 25 })
  })
})

test("500 services are laid out as their namespaces", () => {
  const mesh = largeMesh(25, 20)
  const layout = laid(mesh)
  expect([...layout.frames.keys()].filter((id) => id.startsWith("ns/"))).toHaveLength(25)
  expect([...layout.frames.keys()].filter((id) => id.startsWith("svc/"))).toHaveLength(0)
})

test("an idle node takes its old place when it is shown again", () => {
  const quiet = service("quiet", "shop", idle)
  const mesh = meshOf([...small.nodes, quiet], small.edges)
  const shown = laid(mesh, new Map(), "?idle=shown")
  const hidden = laid(mesh, shown.pins)
  expect(laid(mesh, hidden.pins, "?idle=shown").frames).toEqual(shown.frames)
})
