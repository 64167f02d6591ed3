const tab = 9
const lineFeed = 10
const space = 32
const hash = 35
const pipe = 124

type Header = { indent: number; chomp: "clip" | "strip" | "keep"; next: number }

/** Reads `|`, `>-`, `|+2 # why`; null for what is no header. `next` is where the next line begins. */
function headerOf(text: string, at: number, end: number): Header | null {
  const header: Header = { indent: 0, chomp: "clip", next: at + 1 }
  for (; header.next < end; header.next++) {
    const each = text[header.next]
    if (each === "-" && header.chomp === "clip") header.chomp = "strip"
    else if (each === "+" && header.chomp === "clip") header.chomp = "keep"
    else if (each !== undefined && each >= "1" && each <= "9" && header.indent === 0)
      header.indent = Number(each)
    else break
  }
  const rest = header.next
  const lineEnd = endOfLine(text, rest, end)
  for (; header.next < lineEnd; header.next++) {
    const code = text.charCodeAt(header.next)
    if (code === hash && header.next > rest) break
    if (code !== space && code !== tab) return null
  }
  header.next = Math.min(lineEnd + 1, end)
  return header
}

function endOfLine(text: string, at: number, end: number): number {
  const found = text.indexOf("\n", at)
  return found === -1 || found > end ? end : found
}

function spacesAt(text: string, at: number, end: number): number {
  let next = at
  while (next < end && text.charCodeAt(next) === space) next++
  return next - at
}

/** The indentation of the first line that is not empty; null when an empty one before it is deeper, which is a mistake. */
function indentOf(text: string, at: number, end: number, least: number): number | null {
  let deepest = 0
  for (let line = at; line < end;) {
    const spaces = spacesAt(text, line, end)
    const code = line + spaces < end ? text.charCodeAt(line + spaces) : lineFeed
    if (code !== lineFeed) {
      if (spaces < least) return least
      return deepest > spaces ? null : spaces
    }
    if (spaces > deepest) deepest = spaces
    line += spaces + 1
  }
  return Math.max(deepest, least)
}

/** Lines joined as `>` does: a single break between two lines of text is a space, deeper lines stay as they are. */
function folded(lines: readonly string[]): string {
  let result = ""
  let breaks = 0
  let previousDeep = true
  for (const line of lines) {
    if (line === "") {
      breaks++
      continue
    }
    const deep = line.startsWith(" ") || line.startsWith("\t")
    if (result === "" && breaks === 0 && previousDeep) result = line
    else if (previousDeep || deep) result += "\n".repeat(breaks) + line
    else result += (breaks === 1 ? " " : "\n".repeat(breaks - 1)) + line
    breaks = 1
    previousDeep = deep
  }
  return result
}

/** The lines of a block scalar without their indentation, and where the line behind them begins; null for a tab in place of it. */
function linesAt(
  text: string,
  at: number,
  end: number,
  indent: number,
): { lines: string[]; next: number } | null {
  const lines: string[] = []
  let line = at
  while (line < end) {
    const spaces = spacesAt(text, line, end)
    const lineEnd = endOfLine(text, line, end)
    if (spaces < indent && line + spaces < lineEnd) {
      if (text.charCodeAt(line + spaces) === tab) return null
      break
    }
    lines.push(spaces >= indent ? text.slice(line + indent, lineEnd) : "")
    line = lineEnd + 1
  }
  return { lines, next: Math.min(line, end) }
}

/** A block scalar (`|`, `>`) at `at`, inside something at column `parent`; `end` is where the next line begins. Null for what the general reader shall judge. */
export function blockScalar(
  text: string,
  at: number,
  end: number,
  parent: number,
): { value: string; end: number } | null {
  const header = headerOf(text, at, end)
  if (header === null) return null
  const indent = header.indent > 0 ? parent + header.indent : indentOf(text, header.next, end, parent + 1)
  const read = indent === null ? null : linesAt(text, header.next, end, indent)
  if (read === null) return null
  const { lines, next } = read
  const filled = lines.findLastIndex((each) => each !== "") + 1
  // Nothing but spaces: what of them is text is a question for the general reader.
  if (filled > 0 && lines.every((each) => each.trim() === "")) return null
  const body = lines.slice(0, filled)
  const content = text.charCodeAt(at) === pipe ? body.join("\n") : folded(body)
  if (header.chomp === "strip") return { value: content, end: next }
  if (header.chomp === "clip") return { value: filled > 0 ? `${content}\n` : "", end: next }
  return { value: content + "\n".repeat(lines.length - filled + (filled > 0 ? 1 : 0)), end: next }
}
