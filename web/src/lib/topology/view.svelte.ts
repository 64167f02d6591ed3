import type { Stores } from "../data/stores.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { busiestOf, limitOf } from "./busiest.ts"
import { type Camera, type Size, closeUp, fitted, revealed, zoomedAt } from "./camera.ts"
import { cardSizes } from "./card.ts"
import { askedOf } from "./fields.ts"
import { type LabelPart, figuresOfLine, isPlain, labelOf } from "./figures.ts"
import { type Placement, type Wanted, placeLabels } from "./labels.ts"
import { type Layout, type Pins, arrange, arrangeAnew } from "./layout/arrange.ts"
import { createElk } from "./layout/elk.ts"
import { decodePins, encodePins } from "./layout/pins.ts"
import type { Question } from "./question.ts"
import { type Route, routesOf } from "./route.ts"
import { type Level, type Scene, type Shape, sceneOf } from "./scene.ts"
import { type Leaf, type Line, type Tree, treeOf } from "./tree.ts"
import { type Seen, nothingSeen, remember, vanishedOf } from "./vanished.ts"
import { visibleOf } from "./visible.ts"
import { pathsBetween } from "./walk.ts"

/** What a reader points at, has chosen or looks for; null: nothing, so that nothing is dimmed. */
export type Focus = { near: ReadonlySet<string>; chosen: ReadonlySet<string> } | null
export type DrawnLabel = { parts: readonly LabelPart[]; plain: boolean; place: Placement }

/** Below it names are left out. */
const readable = 0.6
const startZoom = 0.85

/** The same value while its key is the same: what is laid out stays laid out through ticks. */
class Kept<T> {
  #key: string | undefined
  #value: T | undefined

  of(key: string, make: () => T): T {
    if (this.#value === undefined || key !== this.#key) {
      this.#value = make()
      this.#key = key
    }
    return this.#value
  }
  drop(): void {
    this.#key = undefined
  }
}

/** From the address and the mesh to what is drawn. Layout, routes and label places follow the structure; ticks change only values. */
export class TopologyView {
  #stores: Stores
  #question: () => Question
  #layout = new Kept<Layout>()
  #routes = new Kept<Map<string, Route>>()
  #labels = new Kept<Map<string, Placement>>()
  #lines = new Kept<ReadonlySet<string>>()
  #pins: { key: string; pins: Pins } = { key: "", pins: new Map() }
  /** Counts arrangements asked for, so that the layout is derived again. */
  #arranged = $state(0)
  #seen: Seen = nothingSeen
  camera = $state.raw<Camera>({ x: 0, y: 0, zoom: 1 })
  size = $state.raw<Size>({ w: 0, h: 0 })
  hovered = $state<string | null>(null)
  /** The card under the keyboard. */
  cursor = $state<string | null>(null)
  arranging = $state(false)

  constructor(stores: Stores, question: () => Question) {
    this.#stores = stores
    this.#question = question
  }

  readonly question = $derived.by(() => this.#question())
  readonly find = $derived(askedOf(this.question.find))
  readonly hide = $derived(askedOf(this.question.hide))

  /** Everything of the scope, idle nodes too. */
  readonly document: TopologyDocument = $derived.by(() => {
    const { mesh, scope } = this.#stores
    const { view } = this.question
    if (scope.clusterNames.length === 0 && scope.namespaces.length === 0)
      return view === "service" ? mesh.services : mesh.workloads
    const clusters = scope.clusterNames.length > 0 && scope.clusters.length === 0 ? ["none"] : scope.clusters
    return mesh.build({ view, clusters, namespaces: scope.namespaces, idle: true })
  })
  readonly #gone = $derived.by(() => {
    this.#seen = remember(this.#seen, this.document)
    return vanishedOf(this.#seen)
  })
  /** When the edges that are no more were last seen, by id. */
  readonly gone = $derived(new Map([...this.#gone].map(([id, { lastSeen }]) => [id, lastSeen])))
  readonly visible = $derived.by(() => {
    const ids = new Set(this.document.nodes.map((node) => node.id))
    const edges = [...this.#gone.values()].flatMap(({ edge }) =>
      ids.has(edge.source) && ids.has(edge.target) ? [edge] : [],
    )
    const document =
      edges.length > 0 ? { ...this.document, edges: [...this.document.edges, ...edges] } : this.document
    return visibleOf(document, this.question, { find: this.find.filter, hide: this.hide.filter })
  })
  readonly tree: Tree = $derived.by(() => treeOf(this.visible, this.question))
  readonly leaves: ReadonlyMap<string, Leaf> = $derived(
    new Map(this.tree.leaves.map((leaf) => [leaf.id, leaf])),
  )
  readonly #sizes = $derived.by(() => cardSizes(this.tree))
  readonly #structure = $derived.by(() =>
    [
      this.#pinsKey,
      ...this.tree.boxes.map((box) => box.id),
      ...this.tree.leaves.map(
        (leaf) =>
          `${leaf.id} ${leaf.parent ?? ""} ${this.#sizes.get(leaf.id)?.w ?? 0} ${this.#sizes.get(leaf.id)?.h ?? 0}`,
      ),
    ].join("\n"),
  )
  readonly #pinsKey = $derived.by(
    () =>
      `smm.layout.${this.#stores.session.info?.organization.organizationId ?? ""}.${this.question.group}.${this.question.view}`,
  )
  readonly layout: Layout = $derived.by(() => {
    const turn = this.#arranged
    return this.#layout.of(`${turn}\n${this.#structure}`, () => {
      const layout = arrange(this.tree, this.#sizes, this.#remembered())
      this.#remember(layout.pins)
      return layout
    })
  })
  /** How many lines there are, and those that are drawn: all, or the busiest. */
  readonly lines: readonly Line[] = $derived.by(() => {
    const { lines, leaves } = this.tree
    const collapsed = leaves.some((leaf) => leaf.type === "bundle" && leaf.kind === "namespace")
    const limit = limitOf(lines.length, leaves.length, collapsed)
    const chosen = this.#chosen
    const before = this.#lines.of(`${this.#structure} ${limit}`, () => busiestOf(lines, limit, null))
    const drawn = lines.length <= limit ? null : busiestOf(lines, limit, before)
    return drawn === null
      ? lines
      : lines.filter(
          (line) =>
            drawn.has(line.id) || chosen.has(line.id) || chosen.has(line.source) || chosen.has(line.target),
        )
  })
  readonly #paths = $derived(this.lines.map((line) => line.id).join("\n"))
  readonly #routed = $derived.by(() => {
    const { frames } = this.layout
    const key = `${this.#arranged}\n${this.#structure}\n${this.#paths}`
    return this.#routes.of(key, () =>
      routesOf(
        this.lines,
        frames,
        this.tree.leaves.flatMap((leaf) => frames.get(leaf.id) ?? []),
      ),
    )
  })
  readonly scene: Scene = $derived.by(() =>
    sceneOf(this.tree, this.lines, this.layout, this.#routed, this.camera.zoom),
  )

  /** Cards and lines that the reader chose; a node in a collapsed box stands for its card. */
  readonly #chosen: ReadonlySet<string> = $derived.by(() => {
    const chosen = new Set<string>()
    for (const id of this.question.select) {
      const leaf = this.tree.leaves.find(
        (one) => one.id === id || (one.type === "bundle" && one.nodes.some((node) => node.id === id)),
      )
      if (leaf) chosen.add(leaf.id)
      const line = this.tree.lines.find((one) => one.id === id || one.edges.some((edge) => edge.id === id))
      if (line) chosen.add(line.id)
    }
    return chosen
  })
  readonly focus: Focus = $derived.by(() => {
    const chosen = this.#chosen
    const { found } = this.visible
    if (chosen.size === 0) return found === null ? null : { chosen, near: this.#holding(found) }
    const near = new Set(chosen)
    const cards = [...chosen].filter((id) => this.leaves.has(id))
    const [a, b] = cards
    if (cards.length === 2 && a !== undefined && b !== undefined)
      for (const id of pathsBetween(a, b, this.lines)) near.add(id)
    else
      for (const line of this.lines)
        if (chosen.has(line.id) || chosen.has(line.source) || chosen.has(line.target))
          for (const id of [line.id, line.source, line.target]) near.add(id)
    return { chosen, near }
  })
  /** How many nodes and edges `find` marks. */
  readonly hits = $derived.by(() => {
    const { found, nodes, edges } = this.visible
    if (found === null) return null
    return {
      nodes: nodes.filter((node) => found.has(node.id)).length,
      edges: edges.filter((edge) => found.has(edge.id)).length,
    }
  })
  readonly labels: ReadonlyMap<string, DrawnLabel> = $derived.by(() => this.#label())

  /** Cards and lines that hold what was found, in order of the plane. */
  #holding(found: ReadonlySet<string>): Set<string> {
    const near = new Set<string>()
    for (const leaf of this.tree.leaves) {
      const nodes = leaf.type === "bundle" ? leaf.nodes : [leaf.node]
      if (nodes.some((node) => found.has(node.id))) near.add(leaf.id)
    }
    for (const line of this.lines)
      if (line.edges.some((edge) => found.has(edge.id)))
        for (const id of [line.id, line.source, line.target]) near.add(id)
    return near
  }

  /** What the labels of the drawn lines would say at this level; lines outside of the focus say nothing. */
  labelsWanted(level: Level): Wanted[] {
    const { labels } = this.question
    const windowSeconds = this.document.window
    const sent = new Map<string, number>()
    for (const line of this.lines)
      sent.set(line.source, (sent.get(line.source) ?? 0) + (figuresOfLine(line).requestsPerSecond ?? 0))
    const nodeOf = (id: string) => {
      const leaf = this.leaves.get(id)
      return leaf?.type === "node" ? leaf.node : undefined
    }
    const focus = this.focus
    return this.lines.flatMap((line) => {
      if (focus && !focus.near.has(line.id)) return []
      const figures = figuresOfLine(line)
      const total = sent.get(line.source) ?? 0
      const share = figures.requestsPerSecond !== null && total > 0 ? figures.requestsPerSecond / total : null
      const parts = labelOf(line, labels, { share, windowSeconds })
      if (parts.length === 0 || (level === 1 && !parts.some((part) => part.glyph))) return []
      const plain = isPlain(line, { source: nodeOf(line.source), target: nodeOf(line.target) })
      const rank =
        (figures.errorRatio ?? 0) * 1e6 + (figures.requestsPerSecond ?? figures.bytesPerSecond / 10_000)
      return [{ id: line.id, parts, plain, rank }]
    })
  }

  /** Where no label may be: cards and titles. */
  blockedIn({ cards, boxes }: Scene): Shape[] {
    return [
      ...[...cards.values()].map((card) => ({ x: card.x - 2, y: card.y - 7, w: card.w + 4, h: card.h + 9 })),
      ...[...boxes.values()].map((box) => ({ x: box.x + 4, y: box.y + 2, w: Math.min(box.w, 160), h: 20 })),
    ]
  }

  #label(): Map<string, DrawnLabel> {
    const { scene } = this
    if (scene.level === 0) return new Map()
    const wanted = this.labelsWanted(scene.level)
    const structure = [this.#arranged, this.#structure, this.#paths, scene.level, this.camera.zoom]
    const key = [...structure, this.question.labels.join(), wanted.map((one) => one.id).join()].join("\n")
    const places = this.#labels.of(key, () => placeLabels(wanted, scene.paths, this.blockedIn(scene)))
    return new Map(
      wanted.flatMap(({ id, parts, plain }) => {
        const place = places.get(id)
        return place ? [[id, { parts: place.short ? parts.slice(-1) : parts, plain, place }]] : []
      }),
    )
  }

  #remembered(): Pins {
    const key = this.#pinsKey
    if (this.#pins.key !== key) this.#pins = { key, pins: decodePins(localStorage.getItem(key)) }
    return this.#pins.pins
  }
  #remember(pins: Pins): void {
    const merged: Pins = new Map([...this.#pins.pins, ...pins])
    this.#pins = { key: this.#pinsKey, pins: merged }
    try {
      localStorage.setItem(this.#pinsKey, encodePins(merged))
    } catch {
      // Without room for it the layout is computed again at the next visit.
    }
  }

  /** Lays what is shown out anew with ELK, in its worker; the camera then shows all of it. */
  async rearrange(): Promise<void> {
    if (this.arranging) return
    this.arranging = true
    const elk = await createElk()
    try {
      this.#remember(await arrangeAnew(this.tree, this.#sizes, (group) => elk.lay(group)))
      this.#layout.drop()
      this.#arranged++
      this.fit()
    } finally {
      elk.close()
      this.arranging = false
    }
  }

  fit(): void {
    if (this.size.w > 0) this.camera = fitted(this.layout, this.size)
  }
  /** The whole graph; when that is too small to read and something is chosen, that and what is around it. */
  start(): void {
    this.fit()
    const [id] = this.#chosen
    const frame = id === undefined ? undefined : this.layout.frames.get(id)
    if (frame && this.camera.zoom < readable) this.camera = closeUp(frame, this.size, startZoom)
  }
  zoom(factor: number, at = { x: this.size.w / 2, y: this.size.h / 2 }): void {
    this.camera = zoomedAt(this.camera, factor, at)
  }
  pan(dx: number, dy: number): void {
    this.camera = { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy }
  }
  reveal(id: string): void {
    const shape = this.scene.cards.get(id)
    if (shape) this.camera = revealed(this.camera, shape, this.size)
  }
}
