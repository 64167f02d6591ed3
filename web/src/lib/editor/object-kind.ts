/** The KindKey and version of the document that a line is in. */
export type ObjectKind = { kind: string; version: string }

/** @param at line from 0 */
export function kindAt(lines: readonly string[], at: number): ObjectKind | undefined {
  let [first, last] = [at, at]
  while (first > 0 && !/^---/.test(lines[first] ?? "")) first--
  while (last < lines.length && (last === at || !/^---/.test(lines[last] ?? ""))) last++
  const own = lines.slice(first, last)
  const value = (name: string): string =>
    own
      .map((line) => new RegExp(`^${name}:\\s*["']?([^"'#\\s]+)`).exec(line)?.[1])
      .find((found) => found !== undefined) ?? ""
  const [group = "", version] = value("apiVersion").split("/")
  const kind = value("kind")
  if (kind === "") return undefined
  return version === undefined ? { kind, version: group } : { kind: `${kind}.${group}`, version }
}
