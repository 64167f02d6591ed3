/** A part of a text: offsets, the end not included. */
export type Span = { start: number; end: number }

/** Where an entry of a map or a list stands: its key (of a list's item, where it begins), and its value when that is a scalar. */
export type Mark = { key: Span; value: Span | null }

/** The marks of every map and list of a document, by the value that was read. */
export type Marks = Map<object, Map<string | number, Mark>>

export function addMark(marks: Marks, container: object, key: string | number, place: Mark): void {
  const known = marks.get(container)
  if (known) known.set(key, place)
  else marks.set(container, new Map([[key, place]]))
}

/** The place of a path: of its value when that is a scalar, else of its key; the nearest thing above it for what is not there. */
export function spanOf(
  root: { value: unknown; start: number },
  marks: Marks,
  steps: readonly (string | number)[],
): Span {
  let here = root.value
  let found: Span = { start: root.start, end: root.start }
  for (const step of steps) {
    if (here === null || typeof here !== "object") break
    const next = marks.get(here)?.get(step)
    if (!next) break
    found = next.value ?? next.key
    here = (here as Record<string | number, unknown>)[step]
  }
  return found
}
