/** Where lines of several heights stand: `tops[i]` is where line i begins, the last one is the height of all. */
export function topsOf(heights: readonly number[]): number[] {
  const tops = [0]
  let top = 0
  for (const height of heights) tops.push((top += height))
  return tops
}

/** The line at this height. */
export function lineAt(tops: readonly number[], y: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((tops[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}

/** The lines that a scrolled list must draw: those in view and some beyond. */
export function drawnLines(
  tops: readonly number[],
  view: { top: number; height: number },
  beyond = 8,
): { first: number; last: number } {
  const count = tops.length - 1
  if (count <= 0 || view.height <= 0) return { first: 0, last: 0 }
  return {
    first: Math.max(0, lineAt(tops, view.top) - beyond),
    last: Math.min(count, lineAt(tops, view.top + view.height) + 1 + beyond),
  }
}

/** Where to scroll so that the line is whole in view; the same place when it is. */
export function scrolledTo(
  tops: readonly number[],
  line: number,
  view: { top: number; height: number },
): number {
  const [top = 0, bottom = 0] = [tops[line], tops[line + 1]]
  if (top < view.top) return top
  return bottom - view.height > view.top ? bottom - view.height : view.top
}
