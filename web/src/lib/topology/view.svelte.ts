import type { Counted } from "../validation/finding-place.ts"
import type { Stores } from "../data/stores.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { drawnLinesOf } from "./busiest.ts"
import { type Camera, type Size, closeUp, fitted, readable, revealed, zoomedAt } from "./camera.ts"
import { cardSizes } from "./card.ts"
import { askedOf } from "./fields.ts"
import { type Focus, chosenOf, focusOf } from "./focus.ts"
import { Kept } from "./kept.ts"
import { type DrawnLabel, type LabelInput, blockedIn, drawnLabels, labelsWanted } from "./label-plan.ts"
import { type Placement, placeLabels } from "./labels.ts"
import { type Layout, arrange, arrangeAnew } from "./layout/arrange.ts"
import { createElk } from "./layout/elk.ts"
import { PinMemory } from "./layout/pin-memory.ts"
import type { Question } from "./question.ts"
import { type Route, routesOf } from "./route.ts"
import { type Scene, sceneOf } from "./scene.ts"
import { type Leaf, type Line, type Tree, leavesById, structureOf, treeOf } from "./tree.ts"
import { type Seen, goneOf, nothingSeen, remember, withVanished } from "./vanished.ts"
import { visibleOf } from "./visible.ts"

/** Below it names are left out. */
const namesFrom = 0.6
const startZoom = 0.85

/** From the address and the mesh to what is drawn. Layout, routes and label places follow the structure; ticks change only values. */
export class TopologyView {
  #stores: Stores
  #ask: () => Question
  #pins: PinMemory
  #layouts = new Kept<Layout>()
  #routes = new Kept<Map<string, Route>>()
  #places = new Kept<Map<string, Placement>>()
  #lines = new Kept<ReadonlySet<string>>()
  #seen: Seen = nothingSeen
  /** Counts arrangements asked for, so that the layout is derived again. */
  #arranged = $state(0)
  camera = $state.raw<Camera>({ x: 0, y: 0, zoom: 1 })
  size = $state.raw<Size>({ w: 0, h: 0 })
  hovered = $state<string | null>(null)
  /** The card under the keyboard. */
  cursor = $state<string | null>(null)
  arranging = $state(false)

  constructor(stores: Stores, ask: () => Question, storage: Pick<Storage, "getItem" | "setItem">) {
    this.#stores = stores
    this.#ask = ask
    this.#pins = new PinMemory(storage)
  }

  /** What is found in what applies to a node, by its id. */
  get findings(): ReadonlyMap<string, Counted> {
    return this.#stores.findings.byNode
  }

  readonly question = $derived.by(() => this.#ask())
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
  readonly #memory = $derived.by(() => (this.#seen = remember(this.#seen, this.document)))
  /** When the edges that are no more were last seen, by id. */
  readonly gone: ReadonlyMap<string, number> = $derived.by(() => goneOf(this.#memory))
  readonly visible = $derived.by(() =>
    visibleOf(withVanished(this.document, this.#memory), this.question, {
      find: this.find.filter,
      hide: this.hide.filter,
    }),
  )
  readonly tree: Tree = $derived.by(() => treeOf(this.visible, this.question))
  readonly leaves: ReadonlyMap<string, Leaf> = $derived.by(() => leavesById(this.tree))
  readonly #sizes = $derived.by(() => cardSizes(this.tree))
  readonly #pinsKey = $derived.by(() => {
    const { group, view } = this.question
    return `smm.layout.${this.#stores.session.info?.organization.organizationId ?? ""}.${group}.${view}`
  })
  readonly #structure = $derived.by(
    () => `${this.#arranged}\n${this.#pinsKey}\n${structureOf(this.tree, this.#sizes)}`,
  )
  readonly layout: Layout = $derived.by(() =>
    this.#layouts.of(this.#structure, () => {
      const layout = arrange(this.tree, this.#sizes, this.#pins.read(this.#pinsKey))
      this.#pins.keep(this.#pinsKey, layout.pins)
      return layout
    }),
  )
  readonly #chosen: ReadonlySet<string> = $derived.by(() => chosenOf(this.tree, this.question.select))
  /** The lines that are drawn: all, or the busiest and those of what is chosen. */
  readonly lines: readonly Line[] = $derived.by(() =>
    drawnLinesOf(this.tree, this.#chosen, (make) => this.#lines.of(this.#structure, make)),
  )
  readonly #paths = $derived(this.lines.map((line) => line.id).join("\n"))
  readonly routes: ReadonlyMap<string, Route> = $derived.by(() =>
    this.#routes.of(`${this.#structure}\n${this.#paths}`, () =>
      routesOf(this.lines, this.layout.frames, this.tree),
    ),
  )
  readonly scene: Scene = $derived.by(() =>
    sceneOf(this.tree, this.lines, this.layout, this.routes, this.camera.zoom),
  )
  readonly focus: Focus = $derived.by(() => focusOf(this.tree, this.lines, this.#chosen, this.visible.found))
  /** How many nodes and edges `find` marks; null when nothing is looked for. */
  readonly hits = $derived.by(() => {
    const { found, nodes, edges } = this.visible
    if (found === null) return null
    const count = (items: readonly { id: string }[]): number => items.filter(({ id }) => found.has(id)).length
    return { nodes: count(nodes), edges: count(edges) }
  })
  readonly labelInput: LabelInput = $derived.by(() => ({
    lines: this.lines,
    leaves: this.leaves,
    focus: this.focus,
    labels: this.question.labels,
    windowSeconds: this.document.window,
  }))
  readonly labels: ReadonlyMap<string, DrawnLabel> = $derived.by(() => {
    const { scene } = this
    const wanted = scene.level === 0 ? [] : labelsWanted(this.labelInput, scene.level)
    const said = wanted.map((label) => label.id).join()
    const key = [this.#structure, this.#paths, this.camera.zoom, this.question.labels.join(), said].join("\n")
    const places = this.#places.of(key, () => placeLabels(wanted, scene.paths, blockedIn(scene)))
    return drawnLabels(wanted, places)
  })

  /** Lays what is shown out anew with ELK, in its worker; the camera then shows all of it. @throws when ELK fails */
  async rearrange(): Promise<void> {
    if (this.arranging) return
    this.arranging = true
    try {
      const elk = await createElk()
      try {
        this.#pins.keep(this.#pinsKey, await arrangeAnew(this.tree, this.#sizes, (group) => elk.lay(group)))
      } finally {
        elk.close()
      }
      this.#arranged++
      this.fit()
    } finally {
      this.arranging = false
    }
  }

  fit(): void {
    if (this.size.w > 0) this.camera = fitted(this.layout, this.size)
  }
  /** The whole graph; when that is too small to read and something is chosen, that and what is around it. */
  start(): void {
    if (this.size.w > 0) this.camera = readable(this.layout, this.size)
    const [id] = this.#chosen
    const frame = id === undefined ? undefined : this.layout.frames.get(id)
    if (frame && this.camera.zoom < namesFrom) this.camera = closeUp(frame, this.size, startZoom)
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
