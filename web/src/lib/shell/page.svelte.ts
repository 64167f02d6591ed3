import { createContext, onDestroy } from "svelte"

export type Crumb = { text: string; href?: string }
/** A key of a page, for the list that `?` opens. */
export type PageKey = { keys: string; does: string }
export type PaletteAction = { label: string; hint?: string; keys?: string; run: () => void }

export type PageInfo = {
  /** The last one is where the reader is. */
  crumbs: readonly Crumb[]
  /** Canvas pages have the small rail. */
  canvas?: boolean
  /** false: the cluster and namespace scope mean nothing here. */
  scoped?: boolean
  keys?: readonly PageKey[]
  actions?: readonly PaletteAction[]
}

const nothing: PageInfo = { crumbs: [] }

/** What the page tells the shell about itself. */
export class PageFrame {
  /**
   * The page that goes ends after the one that comes was made, in the same batch of updates: state that the one wrote, the other may not
   * see yet. So the pages stand in a plain list, and only the count of its changes is state.
   */
  #pages: (() => PageInfo)[] = []
  #changes = $state(0)
  helpOpen = $state(false)
  paletteOpen = $state(false)

  readonly info = $derived.by(() => {
    void this.#changes
    return this.#pages.at(-1)?.() ?? nothing
  })

  /** Call while a page's component is made; `read` may use its state. */
  describe(read: () => PageInfo): void {
    this.#pages.push(read)
    this.#changes++
    onDestroy(() => {
      this.#pages = this.#pages.filter((other) => other !== read)
      this.#changes++
    })
  }
}

const [getFrame, setFrame] = createContext<PageFrame>()
export { getFrame, setFrame }

/** Tells the shell the page's crumbs, keys and actions, and sets the title. Call it while the page's component is made. */
export const describePage = (read: () => PageInfo): void => getFrame().describe(read)
