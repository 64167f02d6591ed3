/** Least and most of so many independent requests that a share of them makes up: five standard deviations, which is left once in 1.7 million times. */
export function boundsOf(share: number, count: number): [number, number] {
  const spread = 5 * Math.sqrt(count * share * (1 - share))
  return [Math.floor(count * share - spread), Math.ceil(count * share + spread)]
}

export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}
