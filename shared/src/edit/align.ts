/** What becomes of the elements of a list, from its front to its back. */
export type Aligned<T> =
  | { become: "kept" }
  | { become: "edited"; before: T; after: T }
  | { become: "removed" }
  | { become: "added"; after: T }

/** Removals and additions that are looked for; lists that differ in more are paired by place, which is as right and only longer. */
const most = 500
/** Pairs of changed elements whose edits are weighed against each other. */
const pairs = 2_500

const kept = { become: "kept" } as const
const removed = { become: "removed" } as const

/** By place: the first becomes the first, and so on; what is over is removed or added. */
function paired<T>(
  before: readonly T[],
  after: readonly T[],
  costOf: (before: T | undefined, after: T) => number,
): Aligned<T>[] {
  const both = Math.min(before.length, after.length)
  return [
    ...after
      .slice(0, both)
      .flatMap((item, i): Aligned<T>[] =>
        costOf(before[i], item) === Infinity
          ? [removed, { become: "added", after: item }]
          : [{ become: "edited", before: before[i] as T, after: item }],
      ),
    ...before.slice(both).map(() => removed),
    ...after.slice(both).map((item): Aligned<T> => ({ become: "added", after: item })),
  ]
}

/** The cheapest way through a grid of before (rows) and after (columns): straight on costs what `diagonal` says, down 1, right `add`. */
function cheapest(
  [rows, columns]: readonly [number, number],
  cost: { diagonal: (row: number, column: number) => number; add: (column: number) => number },
): ("diagonal" | "remove" | "add")[] {
  const width = columns + 1
  const total = new Float64Array((rows + 1) * width)
  const at = (row: number, column: number): number => total[row * width + column] ?? Infinity
  const straight = (row: number, column: number): number =>
    row < rows && column < columns ? cost.diagonal(row, column) + at(row + 1, column + 1) : Infinity
  const down = (row: number, column: number): number => (row < rows ? 1 + at(row + 1, column) : Infinity)
  const right = (row: number, column: number): number =>
    column < columns ? cost.add(column) + at(row, column + 1) : Infinity
  const moves = new Uint8Array((rows + 1) * width)
  for (let cell = rows * width + columns - 1; cell >= 0; cell--) {
    const [row, column] = [Math.floor(cell / width), cell % width]
    const options = [straight(row, column), down(row, column), right(row, column)]
    const best = Math.min(...options)
    total[cell] = best
    moves[cell] = options.indexOf(best)
  }
  const names = ["diagonal", "remove", "add"] as const
  const way: (typeof names)[number][] = []
  for (let [row, column] = [0, 0]; row < rows || column < columns;) {
    const move = names[moves[row * width + column] ?? 0] ?? "diagonal"
    way.push(move)
    if (move !== "add") row++
    if (move !== "remove") column++
  }
  return way
}

/** Between two elements that stay: which of those before become which of those after, so that the edits are smallest. */
function gap<T>(
  before: readonly T[],
  after: readonly T[],
  costOf: (before: T | undefined, after: T) => number,
): Aligned<T>[] {
  if (before.length * after.length === 0 || before.length * after.length > pairs)
    return paired(before, after, costOf)
  const way = cheapest([before.length, after.length], {
    diagonal: (row, column) => costOf(before[row], after[column] as T),
    add: (column) => costOf(undefined, after[column] as T),
  })
  let [row, column] = [0, 0]
  return way.map((move): Aligned<T> => {
    if (move === "remove") {
      row++
      return removed
    }
    const item = after[column++] as T
    return move === "add"
      ? { become: "added", after: item }
      : { become: "edited", before: before[row++] as T, after: item }
  })
}

/**
 * How far along each diagonal (place before less place after) so many removals and additions lead, for 0, 1, 2... of them, up to the end of both lists.
 * Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations". Undefined when more than `most` are needed.
 */
function reaches(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const rounds: Map<number, number>[] = []
  let last = new Map([[1, 0]])
  for (let changes = 0; changes <= Math.min(most, before.length + after.length); changes++) {
    const round = new Map(last)
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const row = furthest(before, after, { reach: last, diagonal })
      round.set(diagonal, row)
      if (row >= before.length && row - diagonal >= after.length) return [...rounds, round]
    }
    rounds.push(round)
    last = round
  }
  return undefined
}

/** Where a step to the diagonal starts: by an addition from the one above, or by a removal from the one below. */
function start(reach: ReadonlyMap<number, number>, diagonal: number): { row: number; from: number } {
  const [byAdding, byRemoving] = [reach.get(diagonal + 1) ?? -1, (reach.get(diagonal - 1) ?? -2) + 1]
  return byAdding >= byRemoving
    ? { row: byAdding, from: diagonal + 1 }
    : { row: byRemoving, from: diagonal - 1 }
}

function furthest(
  before: readonly string[],
  after: readonly string[],
  { reach, diagonal }: { reach: ReadonlyMap<number, number>; diagonal: number },
): number {
  let { row } = start(reach, diagonal)
  while (row < before.length && row - diagonal < after.length && before[row] === after[row - diagonal]) row++
  return row
}

/** Places of a longest common subsequence in both lists, in order; none of lists that have next to nothing in common. */
function common(before: readonly string[], after: readonly string[]): [number, number][] {
  const rounds = reaches(before, after)
  if (rounds === undefined) return []
  const found: [number, number][] = []
  let [row, diagonal] = [before.length, before.length - after.length]
  for (let changes = rounds.length - 1; changes >= 0; changes--) {
    const step = changes === 0 ? { row: 0, from: 0 } : start(rounds[changes - 1] ?? new Map(), diagonal)
    while (row > step.row) found.push([--row, row - diagonal])
    row = rounds[changes - 1]?.get(step.from) ?? 0
    diagonal = step.from
  }
  return found.reverse()
}

/**
 * What becomes of a list's elements: a longest common subsequence stays, what is between its elements is edited, removed or added. `textOf` is equal for equal
 * elements; `costOf` weighs the edit of one into another (infinite: never the same
 * one), or a new one, against 1 for a removal.
 */
export function aligned<T>(
  before: readonly T[],
  after: readonly T[],
  by: { textOf: (item: T) => string; costOf: (before: T | undefined, after: T) => number },
): Aligned<T>[] {
  const result: Aligned<T>[] = []
  let [row, column] = [0, 0]
  for (const [keptRow, keptColumn] of common(before.map(by.textOf), after.map(by.textOf))) {
    result.push(...gap(before.slice(row, keptRow), after.slice(column, keptColumn), by.costOf), kept)
    ;[row, column] = [keptRow + 1, keptColumn + 1]
  }
  return [...result, ...gap(before.slice(row), after.slice(column), by.costOf)]
}
