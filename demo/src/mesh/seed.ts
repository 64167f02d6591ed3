/** FNV-1a: names and numbers that are the same in every run. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash
}

const alphabet = "bcdfghjklmnpqrstvwxz2456789"

/** `length` characters as Kubernetes appends them to names. */
export function suffixOf(text: string, length: number): string {
  let state = hashOf(text)
  return Array.from({ length }, () => {
    state = hashOf(`${state}${text}`)
    return alphabet[state % alphabet.length] ?? "x"
  }).join("")
}

/** Numbers in 0..1 from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
