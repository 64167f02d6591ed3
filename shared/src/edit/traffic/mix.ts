import type { Shares } from "./ends.ts"

/** Rounds after which a mix is near enough; most settle in a few. */
const rounds = 2_000

/**
 * Which part of the requests each of several ways takes, by where the requests were seen to end: the mix under which what was seen is likeliest (expectation
 * maximization). Ways that end alike cannot be told apart; then the one at `broad` counts for them.
 */
export function mixOf(ways: readonly Shares[], seen: Shares, broad: number): number[] {
  if (ways.length < 2) return ways.map(() => 1)
  let mix: number[] = ways.map((_, i) => (i === broad ? 1 : 1e-4))
  for (let round = 0; round < rounds; round++) {
    const next = ways.map(() => 0)
    for (const [end, weight] of seen) {
      const parts = ways.map((way, i) => (mix[i] ?? 0) * (way.get(end) ?? 0))
      const total = parts.reduce((sum, part) => sum + part, 0)
      if (total > 0) parts.forEach((part, i) => (next[i] = (next[i] ?? 0) + (weight * part) / total))
    }
    const sum = next.reduce((total, part) => total + part, 0)
    if (sum === 0) return ways.map((_, i) => (i === broad ? 1 : 0))
    const settled = next.map((part) => part / sum)
    const change = settled.reduce((most, part, i) => Math.max(most, Math.abs(part - (mix[i] ?? 0))), 0)
    mix = settled
    if (change < 1e-9) break
  }
  return mix.map((part) => (part < 1e-3 ? 0 : part))
}

/** Whether what ends where says which way was taken: none of the ways is a mix of others. */
export function areApart(ways: readonly Shares[]): boolean {
  const ends = [...new Set(ways.flatMap((way) => [...way.keys()]))]
  const rows = ways.map((way) => ends.map((end) => way.get(end) ?? 0))
  let rank = 0
  for (let column = 0; column < ends.length && rank < rows.length; column++) {
    const pivot = rows.findIndex((row, i) => i >= rank && Math.abs(row[column] ?? 0) > 1e-9)
    if (pivot === -1) continue
    const [top] = rows.splice(pivot, 1)
    if (top === undefined) continue
    rows.splice(rank, 0, top)
    for (const row of rows.slice(rank + 1)) {
      const factor = (row[column] ?? 0) / (top[column] ?? 1)
      row.forEach((value, i) => (row[i] = value - factor * (top[i] ?? 0)))
    }
    rank++
  }
  return rank === ways.length
}

export type Band = { from: string; to: string; requestsPerSecond: number }

/** Differences below are of the arithmetic, and move nobody. */
const tolerance = 1e-4

/** From where requests end now to where they are to end, moving no more of them than must move. */
export function moved(now: Shares, wanted: Shares): Band[] {
  const total = [...now.values()].reduce((sum, rate) => sum + rate, 0)
  const stays = (end: string): number => {
    const [rate, goal] = [now.get(end) ?? 0, total * (wanted.get(end) ?? 0)]
    return Math.abs(rate - goal) <= total * tolerance ? rate : Math.min(rate, goal)
  }
  const gains = [...wanted]
    .map(([end, share]) => [end, total * share - stays(end)] as const)
    .filter(([, gain]) => gain > total * tolerance)
  const gained = gains.reduce((sum, [, rate]) => sum + rate, 0)
  return [...now].flatMap(([from, rate]) => {
    const leaving = gained > 0 ? rate - stays(from) : 0
    return [
      { from, to: from, requestsPerSecond: rate - leaving },
      ...gains
        .filter(([to]) => to !== from)
        .map(([to, gain]) => ({ from, to, requestsPerSecond: leaving > 0 ? (leaving * gain) / gained : 0 })),
    ].filter(({ requestsPerSecond }) => requestsPerSecond > 1e-9)
  })
}
