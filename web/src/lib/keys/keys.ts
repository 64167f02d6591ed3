/** Pages by the letter that follows `G`. */
export const goKeys: Record<string, string> = {
  o: "/overview",
  t: "/topology",
  s: "/services",
  w: "/workloads",
  v: "/validation",
  c: "/clusters",
  h: "/changes",
}

const fields =
  "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox], .cm-editor"

/** Does a key press belong to the page, and not to a field, a menu or a dialog? */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false
  return !(event.target instanceof Element && event.target.closest(fields))
}

const waitMs = 1_200

/** Two keys in a row: `G`, then a page's letter within 1.2 s. */
export class GoKeys {
  #pressedAt = -Infinity

  /** @returns the page to go to, `wait` after `G`, undefined when the key is not ours */
  press(key: string, at: number): string | "wait" | undefined {
    const lower = key.toLowerCase()
    const waiting = at - this.#pressedAt <= waitMs
    this.#pressedAt = -Infinity
    if (waiting) return goKeys[lower]
    if (lower !== "g") return undefined
    this.#pressedAt = at
    return "wait"
  }
}
