/** The line and column, from 1, of an offset in UTF-16 units. */
export type Lines = (offset: number) => { line: number; column: number }

function startsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return starts
}

/** Where the lines of a text begin; counted once, when somebody first asks. */
export function linesOf(text: string): Lines {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= startsOf(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}
