/** A document of a YAML stream: offsets in its text. `plain` when the plain reader may try it. */
export type Chunk = { start: number; end: number; plain: boolean }

const lineFeed = 10
const space = 32
const hash = 35
const percent = 37

/** Whether what stands behind `---` on its line is nothing, or a comment. */
function isBare(text: string, from: number, to: number): boolean {
  let at = from
  while (at < to && (text.charCodeAt(at) === space || text.charCodeAt(at) === 9)) at++
  return at >= to || (text.charCodeAt(at) === hash && at > from)
}

const isMarker = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at + 3)
  return code === lineFeed || code === space || code === 9 || Number.isNaN(code)
}

function nextMarker(text: string, from: number): number {
  let at = text.startsWith("---", from) && (from === 0 || text[from - 1] === "\n") ? from : -1
  if (at === -1) {
    const found = text.indexOf("\n---", Math.max(from - 1, 0))
    at = found === -1 ? -1 : found + 1
  }
  while (at !== -1 && !isMarker(text, at)) {
    const found = text.indexOf("\n---", at)
    at = found === -1 ? -1 : found + 1
  }
  return at
}

/** Directives (`%YAML 1.1`) belong to the document behind the marker that follows them. */
function holdsDirective(text: string, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    if (text.charCodeAt(at) === percent) return true
    const next = text.indexOf("\n", at)
    at = next === -1 ? end : next + 1
  }
  return false
}

const endMarker = /^\.\.\.(?:\s|$)/m

/** Splits a stream at its `---` lines. Line breaks are `\n` only. */
export function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = []
  const mayEnd = text.startsWith("...") || text.includes("\n...")
  const mayDirect = text.startsWith("%") || text.includes("\n%")
  /** Where the marker, or the directives before it, and the content behind it begin. */
  let start = 0
  let body = 0
  let plain = true
  const add = (end: number): void => {
    if (end <= body && plain) return
    const plainBody = plain && !(mayEnd && endMarker.test(text.slice(body, end)))
    chunks.push({ start: plainBody ? body : start, end, plain: plainBody })
  }
  for (let at = nextMarker(text, 0); at !== -1; at = nextMarker(text, body)) {
    const directed = mayDirect && holdsDirective(text, body, at)
    if (!directed) {
      add(at)
      start = at
    }
    const found = text.indexOf("\n", at)
    const lineEnd = found === -1 ? text.length : found
    plain = !directed && isBare(text, at + 3, lineEnd)
    body = Math.min(lineEnd + 1, text.length)
  }
  add(text.length)
  return chunks
}
