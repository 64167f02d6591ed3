import { type Family, type RateSeries, families } from "../reconcile/series.ts"
import { hashText, labelsOf } from "./text.ts"

/** A series of the mesh that any number of proxies add to. */
type Sum = { family: Family; labels: Record<string, string>; perSecond: number; usedIn: number }

type Counter = { last: number; sum: Sum; usedIn: number }

type Proxy = { readAt: number; counters: Map<number, Counter>; usedIn: number }

/** The counters of every proxy between two reads, and the rates that follow. */
export type Counters = {
  /** Begins a pass over the proxies. */
  begin(): void
  /** Reads one proxy's answer, that was asked for at `at` ms. */
  proxy(id: string, at: number, labels: Readonly<Record<string, string>>): ProxyReader
  /** Ends the pass: forgets proxies and series that are gone, and returns the growth since the pass before. */
  end(): { series: RateSeries[]; proxiesWithRates: number; dropped: number }
}

export type ProxyReader = {
  sample(family: Family, labelText: string, value: number): void
  /** Takes the answer as whole. Without it nothing of it counts, and the proxy's next growth is since the read before. */
  done(): void
}

const familyIds = new Map((Object.keys(families) as Family[]).map((family, i) => [family, i + 1]))

/** Told apart in the hash, for a ztunnel's text does not say that it is one. */
const seedOf = (family: Family, more: Readonly<Record<string, string>>): number =>
  (familyIds.get(family) ?? 0) + (more["app"] === undefined ? 0 : 100)

export function createCounters(): Counters {
  const proxies = new Map<string, Proxy>()
  const sums = new Map<string, Sum>()
  /** The same text of many proxies is read once. */
  const byText = new Map<number, Sum>()
  let pass = 0
  let dropped = 0
  let proxiesWithRates = 0

  const sumOf = (
    text: number,
    family: Family,
    labelText: string,
    more: Readonly<Record<string, string>>,
  ): Sum => {
    const read = byText.get(text)
    if (read) return read
    const labels = { ...labelsOf(family, labelText), ...more }
    const key = `${family}|${JSON.stringify(Object.entries(labels).sort())}`
    const sum = sums.get(key) ?? { family, labels, perSecond: 0, usedIn: pass }
    sums.set(key, sum)
    byText.set(text, sum)
    return sum
  }

  return {
    begin: () => {
      pass++
      dropped = 0
      proxiesWithRates = 0
      for (const sum of sums.values()) sum.perSecond = 0
    },
    proxy: (id, at, labels) => {
      const before = proxies.get(id)
      const proxy = before ?? { readAt: at, counters: new Map<number, Counter>(), usedIn: pass }
      const seconds = before ? (at - before.readAt) / 1000 : 0
      const read: { counter: Counter; value: number; growth: number }[] = []
      return {
        sample: (family, labelText, value) => {
          if (!Number.isFinite(value) || value < 0) {
            dropped++
            return
          }
          const key = hashText(seedOf(family, labels), labelText)
          const known = proxy.counters.get(key)
          const counter = known ?? { last: 0, sum: sumOf(key, family, labelText, labels), usedIn: pass }
          if (!known) proxy.counters.set(key, counter)
          // a counter that fell was reset: all of it grew since; one that is new on a known proxy began at zero
          const growth = value >= counter.last ? value - counter.last : value
          read.push({ counter, value, growth })
        },
        done: () => {
          for (const { counter, value, growth } of read) {
            counter.last = value
            counter.usedIn = pass
            counter.sum.usedIn = pass
            if (seconds > 0) counter.sum.perSecond += growth / seconds
          }
          if (seconds > 0) proxiesWithRates++
          proxy.readAt = at
          proxy.usedIn = pass
          proxies.set(id, proxy)
          for (const [key, counter] of proxy.counters) if (counter.usedIn !== pass) proxy.counters.delete(key)
        },
      }
    },
    end: () => {
      // a proxy that did not answer for three passes is gone, or as good as
      for (const [id, proxy] of proxies) if (pass - proxy.usedIn >= 3) proxies.delete(id)
      for (const [key, sum] of sums) if (pass - sum.usedIn >= 4) sums.delete(key)
      for (const [text, sum] of byText) if (pass - sum.usedIn >= 4) byText.delete(text)
      const series = [...sums.values()].filter(({ usedIn }) => usedIn === pass)
      return { series, proxiesWithRates, dropped }
    },
  }
}
