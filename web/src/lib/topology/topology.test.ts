import { describe, expect, test } from "vitest"
import { fitted, readable, revealed, zoomedAt } from "./camera.ts"
import { busiestOf, limitOf } from "./busiest.ts"
import { clipped, textWidth } from "./card.ts"
import { describeLeaf } from "./describe.ts"
import { askedOf } from "./fields.ts"
import { errorText, labelOf, lineWidth, sumOf, toneOf } from "./figures.ts"
import { placeLabels } from "./labels.ts"
import { labelNames, readQuestion, toggledBox, toggledLabels } from "./question.ts"
import { levelOf } from "./scene.ts"
import { call, failing, idle, largeMesh, meshOf, service } from "./testing/mesh.ts"
import { barsOf, treeOf } from "./tree.ts"
import { nothingSeen, remember, vanishedOf } from "./vanished.ts"
import { visibleOf } from "./visible.ts"
import { pathsBetween, stepFrom } from "./walk.ts"

const none = { find: undefined, hide: undefined }
const web = service("web")
const cart = service("cart")
const pay = service("pay", "money")
const bank = service("bank", "money")
const quiet = service("quiet", "money", idle)
const mesh = meshOf(
  [web, cart, pay, bank, quiet],
  [
    call(web, cart),
    call(cart, pay, { errorRatio: 0.08, health: "failing" }),
    call(pay, bank, { protocol: "tcp", requestsPerSecond: 0 }),
  ],
)
const seen = (search: string, filters: Parameters<typeof visibleOf>[2] = none) =>
  visibleOf(mesh, readQuestion(search), filters)
const names = (visible: { nodes: { name: string }[] }) => visible.nodes.map((node) => node.name).sort()
const treeIn = (search: string, document = mesh) => {
  const question = readQuestion(search)
  return treeOf(visibleOf(document, question, none), question)
}

describe("what is visible", () => {
  test("leaves idle nodes out and counts them, unless they are asked for", () => {
    expect(names(seen(""))).toEqual(["bank", "cart", "pay", "web"])
    expect(seen("").idle).toBe(1)
    expect(names(seen("?idle=shown"))).toContain("quiet")
  })

  test("keeps a node without traffic when something is wrong with it", () => {
    const broken = service("broken", "money", failing)
    expect(names(visibleOf(meshOf([broken], []), readQuestion(""), none))).toEqual(["broken"])
  })

  test("narrows by protocol, by health with neighbours, and to a node with its neighbours", () => {
    expect(names(seen("?protocol=tcp"))).toEqual(["bank", "pay"])
    const sick = meshOf([web, { ...cart, ...failing }, pay, bank], mesh.edges)
    expect(names(visibleOf(sick, readQuestion("?health=failing"), none))).toEqual(["cart", "pay", "web"])
    expect(names(seen(`?only=${bank.id}`))).toEqual(["bank", "pay"])
  })

  test("finds nodes and edges by an expression, and hides them by one", () => {
    const errors = askedOf("errors > 5%").filter
    expect([...(seen("", { find: errors, hide: undefined }).found ?? [])]).toEqual([mesh.edges[1]?.id])
    const money = askedOf("namespace = money").filter
    const hidden = seen("", { find: undefined, hide: money })
    expect(names(hidden)).toEqual(["cart", "web"])
    expect(hidden.hidden).toBe(4)
    expect(names(seen(`?without=${web.id}`))).not.toContain("web")
  })

  test("says what it does not understand", () => {
    expect(askedOf("rpss > 1").error).toContain("rps")
  })
})

describe("the tree of what is visible", () => {
  test("boxes namespaces in clusters, and no namespace of one node", () => {
    expect(
      treeIn("")
        .boxes.map((box) => box.id)
        .sort(),
    ).toEqual(["c/c1", "ns/c1/money", "ns/c1/shop"])
    expect(
      treeIn("", meshOf([web, cart, pay], [call(web, cart), call(cart, pay)]))
        .boxes.map((box) => box.id)
        .sort(),
    ).toEqual(["c/c1", "ns/c1/shop"])
    expect(treeIn("?group=flat").boxes).toEqual([])
    expect(
      treeIn("?group=namespace")
        .boxes.map((box) => box.id)
        .sort(),
    ).toEqual(["ns//money", "ns//shop"])
  })

  test("collapses a namespace by hand: its edges become lines of its card, inner ones vanish", () => {
    const tree = treeIn("?shut=ns/c1/money")
    expect(tree.leaves.map((leaf) => leaf.id).sort()).toEqual(["ns/c1/money", cart.id, web.id].sort())
    expect(tree.lines.map((line) => line.id).sort()).toEqual(
      [`${cart.id}>ns/c1/money>http`, `${web.id}>${cart.id}>http`].sort(),
    )
    expect(tree.automatic).toBe(false)
  })

  test("collapses namespaces by itself above 150 nodes, but not those that were opened", () => {
    const large = largeMesh(10, 16)
    const tree = treeIn("", large)
    expect(tree.automatic).toBe(true)
    expect(tree.leaves).toHaveLength(10)
    expect(treeIn("?open=ns/c1/team-3", large).leaves).toHaveLength(9 + 16)
    expect(treeIn("?nodes=all", large).leaves).toHaveLength(160)
    expect(treeIn("", largeMesh(10, 15)).leaves).toHaveLength(150)
  })

  test("shows many hosts outside of the mesh as one card while namespaces are collapsed", () => {
    const hosts = Array.from({ length: 9 }, (_, i) =>
      service(`h${i}.example`, "", {
        id: `ext/h${i}.example`,
        kind: "external",
        cluster: "",
        clusterName: "",
      }),
    )
    const edges = hosts.map((host) => call(pay, host))
    const tree = treeIn("?nodes=namespaces", meshOf([...mesh.nodes, ...hosts], [...mesh.edges, ...edges]))
    expect(tree.leaves.find((leaf) => leaf.id === "ext")).toMatchObject({ title: "9 external hosts" })
  })

  test("draws the busiest lines of a knot, and takes none away at the next tick", () => {
    const lines = Array.from({ length: 100 }, (_, i) => ({
      id: `l${i}`,
      source: "a",
      target: "b",
      protocol: "http" as const,
      edges: [call(web, cart, { requestsPerSecond: i })],
    }))
    const limit = limitOf(lines.length, 20, true)
    expect(limit).toBe(60)
    const first = busiestOf(lines, limit, null)
    expect(first.has("l99") && !first.has("l10")).toBe(true)
    const turned = lines.map((line, i) => ({
      ...line,
      edges: [call(web, cart, { requestsPerSecond: 100 - i })],
    }))
    expect(busiestOf(turned, limit, first)).toEqual(first)
    expect(limitOf(70, 20, true)).toBe(70)
  })
})

describe("numbers on cards and lines", () => {
  test("sum rates, weigh shares by requests, and keep what was not measured apart from zero", () => {
    const sum = sumOf([
      call(web, cart, { requestsPerSecond: 30, errorRatio: 0.1 }),
      call(web, cart, { requestsPerSecond: 10, errorRatio: 0.5 }),
    ])
    expect(sum).toMatchObject({ requestsPerSecond: 40, errorRatio: 0.2, bytesPerSecond: 400, mtlsRatio: 1 })
    expect(sumOf([{ ...call(web, cart), requestsPerSecond: null }]).requestsPerSecond).toBeNull()
  })

  test("say an error share of few requests as its count", () => {
    expect(errorText({ errorRatio: 1 / 7, requestsPerSecond: 7 / 60 }, 60)).toBe("1 of 7")
    expect(errorText({ errorRatio: 0.029, requestsPerSecond: 118 }, 60)).toBe("2.9 %")
    expect(errorText({ errorRatio: null, requestsPerSecond: 1 }, 60)).toBe("-")
  })

  test("turn degraded from 0.5 % and failing from 5 %", () => {
    expect([0.0049, 0.005, 0.049, 0.05].map(toneOf)).toEqual(["plain", "degraded", "degraded", "failing"])
  })

  test("make a label of what was chosen: the error only when there is one", () => {
    const line = {
      id: "x",
      source: "a",
      target: "b",
      protocol: "http" as const,
      edges: [call(web, cart, { errorRatio: 0.08, requestsPerSecond: 96 })],
    }
    const parts = labelOf(line, ["rate", "errors"], { share: null, windowSeconds: 60 })
    expect(parts.map((part) => part.text)).toEqual(["96 rps", "8.0 %"])
    expect(
      labelOf({ ...line, edges: [call(web, cart)] }, ["errors"], { share: null, windowSeconds: 60 }),
    ).toEqual([])
    expect(
      labelNames.every((name) => labelOf(line, [name], { share: 0.25, windowSeconds: 60 }).length <= 1),
    ).toBe(true)
  })

  test("widen a line by the logarithm of its rate, bytes as kB/s / 10", () => {
    expect(lineWidth({ ...sumOf([]), requestsPerSecond: 999 })).toBe(2.65)
    expect(lineWidth({ ...sumOf([]), requestsPerSecond: null, bytesPerSecond: 9_990_000 })).toBe(2.65)
  })
})

test("a health bar gives each state a part that can be seen, the worse the taller", () => {
  const nodes = [
    ...Array.from({ length: 98 }, () => service("a")),
    service("b", "shop", failing),
    service("c", "shop", idle),
  ]
  const bars = barsOf(nodes, 132)
  expect(bars.map(({ state, h }) => [state, h])).toEqual([
    ["ok", 3],
    ["failing", 9],
    ["idle", 3],
  ])
  expect(Math.min(...bars.map(({ w }) => w))).toBe(5)
})

describe("labels", () => {
  test("keep off cards and off each other; the worst is placed first, the last has no room", () => {
    const path = (id: string) => ({
      id,
      d: "",
      level: true,
      tip: { x: 200, y: 0, angle: 0 },
      segments: [{ type: "curve" as const, a: { x: 0, y: 0 }, b: { x: 200, y: 0 } }],
    })
    const part = { text: "100 rps", tone: "plain" as const, glyph: false }
    const ids = Array.from({ length: 12 }, (_, i) => `p${i}`)
    const wanted = ids.map((id, i) => ({ id, parts: [part], plain: false, rank: i }))
    const places = placeLabels(wanted, new Map(ids.map((id) => [id, path(id)])), [
      { x: 90, y: -10, w: 20, h: 20 },
    ])
    expect(places.has("p11")).toBe(true)
    expect(places.has("p0")).toBe(false)
    const all = [...places.values()]
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1))
        expect(Math.abs(a.x - b.x) > 40 || Math.abs(a.y - b.y) >= 16).toBe(true)
  })
})

describe("walking and seeing", () => {
  const tree = treeIn("")
  const scene = {
    level: 3 as const,
    boxes: new Map(),
    paths: new Map(),
    cards: new Map(tree.leaves.map((leaf, i) => [leaf.id, { x: 0, y: i * 50, w: 100, h: 36 }])),
  }

  test("arrows lead along the lines, and up and down among neighbours", () => {
    expect(stepFrom(cart.id, "left", tree.lines, scene)).toBe(web.id)
    expect(stepFrom(cart.id, "right", tree.lines, scene)).toBe(pay.id)
    expect(stepFrom(bank.id, "right", tree.lines, scene)).toBeUndefined()
    expect(stepFrom(web.id, "down", tree.lines, scene)).toBe(cart.id)
    expect(stepFrom(web.id, "up", tree.lines, scene)).toBeUndefined()
  })

  test("two chosen nodes show the ways between them", () => {
    expect(pathsBetween(web.id, pay.id, tree.lines)).toEqual(
      new Set([
        web.id,
        cart.id,
        pay.id,
        ...tree.lines.filter((line) => line.target !== bank.id).map((line) => line.id),
      ]),
    )
    expect(pathsBetween(bank.id, "nowhere", tree.lines).size).toBe(0)
  })

  test("a card says itself in words", () => {
    const [leaf] = tree.leaves.filter((one) => one.id === cart.id)
    const other = tree.leaves.find((one) => one.id === pay.id)
    const line = tree.lines.find((one) => one.target === pay.id)
    if (!leaf || !other || !line) throw new Error("the tree lacks cart")
    expect(describeLeaf(leaf, [{ line, other, out: true, errorRatio: 0.08 }])).toBe(
      "cart, service, in shop, ok 100, 10 requests a second, p95 2 ms, calls pay failing",
    )
  })

  test("zoom decides how much of a card there is", () => {
    expect([1, 0.85, 0.84, 0.5, 0.49, 0.25, 0.24].map(levelOf)).toEqual([3, 3, 2, 2, 1, 1, 0])
  })

  test("the camera fits all, keeps the point under the pointer, and reveals with the least move", () => {
    expect(fitted({ w: 2000, h: 100 }, { w: 1032, h: 800 })).toMatchObject({ zoom: 0.5 })
    expect(fitted({ w: 100, h: 100 }, { w: 1000, h: 800 }).zoom).toBe(1)
    expect(readable({ w: 2300, h: 100 }, { w: 1032, h: 800 })).toMatchObject({ zoom: 0.5, x: 16 })
    expect(readable({ w: 9000, h: 100 }, { w: 1032, h: 800 }).zoom).toBeLessThan(0.2)
    const closer = zoomedAt({ x: 10, y: 20, zoom: 1 }, 1.5, { x: 110, y: 120 })
    expect(closer).toEqual({ x: -40, y: -30, zoom: 1.5 })
    const camera = { x: 0, y: 0, zoom: 1 }
    expect(revealed(camera, { x: 50, y: 50, w: 10, h: 10 }, { w: 500, h: 500 })).toEqual(camera)
    expect(revealed(camera, { x: 600, y: 50, w: 10, h: 10 }, { w: 500, h: 500 }).x).toBe(-134)
  })

  test("a name is cut at its end where there is no room", () => {
    expect(clipped("istio-ingressgateway", 12, 60)).toMatch(/^istio.*…$/)
    expect(clipped("web", 12, 60)).toBe("web")
    expect(textWidth("mmm", 10)).toBeGreaterThan(textWidth("iii", 10))
  })
})

describe("the address", () => {
  test("holds the whole question, and nothing of what is usual", () => {
    expect(readQuestion("")).toMatchObject({
      group: "cluster",
      view: "service",
      labels: ["rate", "errors"],
      idle: false,
    })
    expect(readQuestion("?group=app").view).toBe("workload")
    expect(
      readQuestion(
        "?labels=p95,mtls,flags&protocol=grpc,nonsense&health=failing&idle=shown&find=rps > 1&open=a,b",
      ),
    ).toMatchObject({
      labels: ["p95", "mtls"],
      protocols: ["grpc"],
      health: ["failing"],
      idle: true,
      find: "rps > 1",
      open: ["a", "b"],
    })
    expect(readQuestion("?group=nonsense").group).toBe("cluster")
    expect(readQuestion("?labels=none").labels).toEqual([])
  })

  test("takes up to two labels, the last chosen", () => {
    expect(toggledLabels(["rate", "errors"], "p95")).toEqual({ labels: ["errors", "p95"] })
    expect(toggledLabels(["rate", "errors"], "rate")).toEqual({ labels: ["errors"] })
    expect(toggledLabels(["errors"], "rate")).toEqual({ labels: undefined })
    expect(toggledLabels(["errors"], "errors")).toEqual({ labels: "none" })
  })

  test("remembers a box that was opened or collapsed by hand, until that is undone", () => {
    const question = readQuestion("")
    expect(toggledBox(question, "ns/a", true)).toEqual({ open: ["ns/a"], shut: [] })
    expect(toggledBox(question, "ns/a", false)).toEqual({ shut: ["ns/a"], open: [] })
    expect(toggledBox(readQuestion("?shut=ns/a"), "ns/a", true)).toEqual({ open: [], shut: [] })
  })
})

test("an edge that is gone stays for two ticks, and says when it was last seen", () => {
  const edge = call(web, cart)
  let now = remember(nothingSeen, { at: 1, edges: [edge] })
  expect(vanishedOf(now).size).toBe(0)
  now = remember(now, { at: 2, edges: [] })
  expect(vanishedOf(now).get(edge.id)).toEqual({ edge, lastSeen: 1 })
  now = remember(now, { at: 2, edges: [] })
  now = remember(now, { at: 3, edges: [] })
  expect(vanishedOf(now).get(edge.id)?.lastSeen).toBe(1)
  now = remember(now, { at: 4, edges: [] })
  expect(vanishedOf(now).size).toBe(0)
})
