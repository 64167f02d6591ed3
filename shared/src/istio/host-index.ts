import { hostMatches, isWildcard } from "./host.ts"

type Hosted = { readonly hosts: readonly string[] }
type Index<T> = { exact: ReadonlyMap<string, readonly T[]>; wildcard: ReadonlyMap<string, readonly T[]> }

function indexOf<T extends Hosted>(items: readonly T[]): Index<T> {
  const exact = new Map<string, T[]>()
  const wildcard = new Map<string, T[]>()
  for (const item of items)
    for (const written of item.hosts) {
      const host = written.toLowerCase()
      const map = isWildcard(host) ? wildcard : exact
      const known = map.get(host)
      if (known === undefined) map.set(host, [item])
      else if (known.at(-1) !== item) known.push(item)
    }
  return { exact, wildcard }
}

/** Lists of the model are replaced, never changed, when something joins or leaves them; so what was derived from one stays true of it. */
const indexes = new WeakMap<readonly Hosted[], Index<Hosted>>()

const indexed = <T extends Hosted>(items: readonly T[]): Index<T> => {
  const known = indexes.get(items)
  if (known !== undefined) return known as Index<T>
  const fresh = indexOf(items)
  indexes.set(items, fresh)
  return fresh
}

/** Every pattern that takes a host, the closest first: the host itself, then `*.shop.example`, ... `*`. */
export function* patternsFor(host: string): Iterable<string> {
  yield host
  for (let at = 1; at <= host.length; at += 1) yield `*${host.slice(at)}`
}

/** Those of a list that have a host or pattern which takes this host, in the list's order. Found without going through the list. */
export function takingHost<T extends Hosted>(items: readonly T[] | undefined, host: string): readonly T[] {
  if (items === undefined || items.length === 0) return []
  if (items.length < 8)
    return items.filter((item) => item.hosts.some((own) => hostMatches(own.toLowerCase(), host)))
  const { exact, wildcard } = indexed(items)
  const groups: (readonly T[])[] = []
  for (const pattern of patternsFor(host)) {
    const group = pattern === host ? exact.get(host) : wildcard.get(pattern)
    if (group !== undefined) groups.push(group)
  }
  const [only = []] = groups
  if (groups.length < 2) return only
  const chosen = new Set(groups.flat())
  return items.filter((item) => chosen.has(item))
}
