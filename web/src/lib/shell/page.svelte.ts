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
  #read = $state.raw<() => PageInfo>(() => nothing)
  helpOpen = $state(false)
  paletteOpen = $state(false)

  readonly info = $derived(this.#read())

  /** Call while a page's component is made; `read` may use its state. */
  describe(read: () => PageInfo): void {
    this.#read = read
    onDestroy(() => {
      if (this.#read === read) this.#read = () => nothing
    })
  }
}

const [getFrame, setFrame] = createContext<PageFrame>()
export { getFrame, setFrame }

/** Tells the shell the page's crumbs, keys and actions, and sets the title. Call it while the page's component is made. */
export const describePage = (read: () => PageInfo): void => getFrame().describe(read)
