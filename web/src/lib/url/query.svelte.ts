import { goto } from "$app/navigation"
import { page } from "$app/state"
import { type QueryChange, changedSearch, listOf, oneOf, scopedPath } from "./query.ts"

/** The state of a view in the address: what a person chooses goes into the history, what is typed replaces the entry. */
class Query {
  /** Where a navigation is on its way to: the next change builds on it. */
  #pending: string | undefined

  text(key: string): string {
    return page.url.searchParams.get(key) ?? ""
  }
  list(key: string): string[] {
    return listOf(page.url.search, key)
  }
  one<const Word extends string>(key: string, words: readonly [Word, ...Word[]]): Word {
    return oneOf(page.url.search, key, words)
  }
  set(change: QueryChange, { replace = false }: { replace?: boolean } = {}): void {
    const now = this.#pending ?? location.search
    const search = changedSearch(now, change)
    if (search === now) return
    this.#pending = search
    void goto(`${location.pathname}${search}`, { replace, reset: false }).finally(() => {
      if (this.#pending === search) this.#pending = undefined
    })
  }
}

export const query = new Query()

/** An address of the console with the cluster and namespace scope kept. */
export const withScope = (path: string): string => scopedPath(path, page.url.search)
