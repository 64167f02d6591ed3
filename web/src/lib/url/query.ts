/** What a part of the query becomes: absent when undefined, empty or an empty list; a list is joined by commas. */
export type QueryChange = Record<string, string | readonly string[] | undefined>

/** Commas and percent signs of a value must not end it. */
const encodeItem = (item: string): string => item.replaceAll("%", "%25").replaceAll(",", "%2C")
const decodeItem = (item: string): string => item.replaceAll("%2C", ",").replaceAll("%25", "%")

/** The search of an address (`?a=1`, or empty) with these parts changed and the others as they were, readable to people. */
export function changedSearch(search: string, change: QueryChange): string {
  const parts = new URLSearchParams(search)
  for (const [key, value] of Object.entries(change)) {
    const text = typeof value === "string" ? value : (value ?? []).map(encodeItem).join(",")
    if (text === "") parts.delete(key)
    else parts.set(key, text)
  }
  const text = parts.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/")
  return text === "" ? "" : `?${text}`
}

/** A list of the query; empty when it is absent. */
export function listOf(search: string | URLSearchParams, key: string): string[] {
  const text = new URLSearchParams(search).get(key) ?? ""
  return text === "" ? [] : text.split(",").map(decodeItem)
}

/** A word of the query when it is one of these; otherwise the first of them. */
export function oneOf<const Word extends string>(
  search: string | URLSearchParams,
  key: string,
  words: readonly [Word, ...Word[]],
): Word {
  const text = new URLSearchParams(search).get(key)
  return words.find((word) => word === text) ?? words[0]
}

/** The cluster and namespace scope: kept from page to page. */
const scopeKeys = ["c", "ns"]

/** A path with the scope of another address, unless it names its own. */
export function scopedPath(path: string, search: string): string {
  const [pathname = "", own = ""] = path.split("?")
  const given = new URLSearchParams(own)
  const now = new URLSearchParams(search)
  const kept = scopeKeys.filter((key) => !given.has(key)).map((key) => [key, now.get(key) ?? undefined])
  return `${pathname}${changedSearch(own === "" ? "" : `?${own}`, Object.fromEntries(kept) as QueryChange)}`
}
