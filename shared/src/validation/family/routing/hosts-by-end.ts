import { hostMatches } from "../../../istio/host.ts"

const backwards = (text: string): string => text.split("").reverse().join("")

/** Things with a host in the order of their ends, so that all within a wildcard stand together. */
export class HostsByEnd<T extends { host: string }> {
  readonly #sorted: readonly { item: T; end: string; at: number }[]

  constructor(items: readonly T[]) {
    this.#sorted = items
      .map((item, at) => ({ item, end: backwards(item.host), at }))
      .sort((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : a.at - b.at))
  }

  #from(end: string): number {
    let from = 0
    for (let to = this.#sorted.length; from < to;) {
      const middle = (from + to) >> 1
      if ((this.#sorted[middle]?.end ?? "") < end) from = middle + 1
      else to = middle
    }
    return from
  }

  /** Those whose host, a name or a wildcard, is within a wildcard and another, in the order they were given. */
  within(wildcard: string): T[] {
    const end = backwards(wildcard.slice(1))
    const found: { item: T; at: number }[] = []
    for (let index = this.#from(end); index < this.#sorted.length; index++) {
      const entry = this.#sorted[index]
      if (entry?.end.startsWith(end) !== true) break
      const { host } = entry.item
      if (host !== wildcard && hostMatches(wildcard, host)) found.push(entry)
    }
    return found.sort((a, b) => a.at - b.at).map(({ item }) => item)
  }
}
