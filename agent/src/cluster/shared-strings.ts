/** Longer texts are seldom the same, and comparing them costs more. */
const longest = 200
const slots = 8_192

function slotOf(text: string): number {
  const { length } = text
  let hash = length
  // Names differ at their end, images and hosts in their middle: eight places tell most texts apart.
  for (let i = 1; i <= 4; i++) hash = Math.imul(hash, 31) + text.charCodeAt(length - i)
  for (let i = 1; i <= 4; i++) hash = Math.imul(hash, 31) + text.charCodeAt((length * i) >> 3)
  return (hash >>> 0) % slots
}

/**
 * Lets objects share texts that are the same: the pods of a workload have their image, labels, node and owner each for itself when they are parsed, a third of
 * what they hold. Remembers a fixed number of texts, the latest of each slot, which for lists in order of names is nearly all of them.
 */
export function createSharedStrings(): (object: object) => void {
  const known = new Array<string>(slots).fill("")

  function shared(text: string): string {
    if (text.length > longest || text.length < 4) return text
    const slot = slotOf(text)
    const before = known[slot]
    if (before === text) return before
    known[slot] = text
    return text
  }

  function shareIn(values: unknown[]): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value === "string") values[i] = shared(value)
      else if (value !== null && typeof value === "object") share(value)
    }
  }

  function share(object: object): void {
    if (Array.isArray(object)) return shareIn(object)
    const fields = object as Record<string, unknown>
    for (const name in fields) {
      const value = fields[name]
      if (typeof value === "string") fields[name] = shared(value)
      else if (value !== null && typeof value === "object") share(value)
    }
  }
  return share
}
