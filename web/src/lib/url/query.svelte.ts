import { goto } from "$app/navigation"
import { page } from "$app/state"
import { type QueryChange, changedSearch, listOf, oneOf, scopedPath } from "./query.ts"

/** The state of a view in the address: what a person chooses goes into the history, what is typed replaces the entry. */
export const query = {
  text: (key: string): string => page.url.searchParams.get(key) ?? "",
  list: (key: string): string[] => listOf(page.url.search, key),
  one: <const Word extends string>(key: string, words: readonly [Word, ...Word[]]): Word =>
    oneOf(page.url.search, key, words),
  set(change: QueryChange, { replace = false }: { replace?: boolean } = {}): void {
    const search = changedSearch(location.search, change)
    if (search === location.search) return
    void goto(`${location.pathname}${search}`, { replace, reset: false })
  },
}

/** An address of the console with the cluster and namespace scope kept. */
export const withScope = (path: string): string => scopedPath(path, page.url.search)
