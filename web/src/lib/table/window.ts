/** The rows a scrolled table must draw, and the ones the reader can see (counted from 1, for the foot). */
export type Window = { first: number; last: number; from: number; to: number }

export function windowOf(
  count: number,
  rowHeight: number,
  view: { top: number; height: number },
  beyond = 6,
): Window {
  if (count === 0 || view.height <= 0) return { first: 0, last: 0, from: 0, to: 0 }
  const top = Math.min(Math.max(0, view.top), Math.max(0, count * rowHeight - view.height))
  const seen = Math.floor(top / rowHeight)
  const until = Math.min(count, Math.ceil((top + view.height) / rowHeight))
  return {
    first: Math.max(0, seen - beyond),
    last: Math.min(count, until + beyond),
    from: Math.min(count, Math.round(top / rowHeight) + 1),
    to: Math.max(1, Math.min(count, Math.floor((top + view.height) / rowHeight))),
  }
}

/** Where to scroll so that the row is whole in view; the same place when it is already. */
export function scrollTo(row: number, rowHeight: number, view: { top: number; height: number }): number {
  const top = row * rowHeight
  if (top < view.top) return top
  const below = top + rowHeight - view.height
  return below > view.top ? below : view.top
}
