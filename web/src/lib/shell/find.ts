/** Something the palette can open. */
export type Entry = {
  id: string
  group: "Pages" | "Services" | "Workloads" | "Clusters" | "Findings" | "Actions"
  name: string
  /** Where it is: `checkout, prod-eu-1`. */
  place: string
  kind: string
}

/** Where the letters of `text` stand in `name`: as one run (best at the start of a word), or in order with gaps. null: nowhere. */
export function matchOf(name: string, text: string): { score: number; marks: number[] } | null {
  const low = name.toLowerCase()
  const wanted = text.toLowerCase()
  const run = low.indexOf(wanted)
  if (run >= 0) {
    const start = run === 0 || /[^a-z0-9]/.test(low[run - 1] ?? "")
    return {
      score: (run === 0 ? 300 : start ? 200 : 100) - name.length,
      marks: Array.from(wanted, (_, i) => run + i),
    }
  }
  const marks: number[] = []
  let at = -1
  for (const letter of wanted) {
    at = low.indexOf(letter, at + 1)
    if (at < 0) return null
    marks.push(at)
  }
  return { score: -name.length - ((marks.at(-1) ?? 0) - (marks[0] ?? 0)), marks }
}

export type Found<T extends Entry> = { entry: T; marks: number[] }
const groups: readonly Entry["group"][] = [
  "Pages",
  "Services",
  "Workloads",
  "Clusters",
  "Findings",
  "Actions",
]

/** Matching entries by group, best first in each. `>` narrows to actions, `@` to clusters, `#` to findings by their code; a second word narrows by name, place and kind. */
export function findEntries<T extends Entry>(
  entries: readonly T[],
  text: string,
  most = 8,
): [string, Found<T>[]][] {
  const prefix = text.startsWith(">")
    ? "Actions"
    : text.startsWith("@")
      ? "Clusters"
      : text.startsWith("#")
        ? "Findings"
        : undefined
  const [name = "", ...more] = text
    .replace(/^[>@#]/, "")
    .trim()
    .split(/\s+/)
  const found = entries.flatMap((entry) => {
    if (prefix && entry.group !== prefix) return []
    const words = `${entry.name} ${entry.place} ${entry.kind}`.toLowerCase()
    if (more.some((word) => !words.includes(word.toLowerCase()))) return []
    const match = name === "" ? { score: 0, marks: [] } : matchOf(entry.name, name)
    return match ? [{ entry, ...match }] : []
  })
  const inGroup = (group: Entry["group"]) =>
    found
      .filter(({ entry }) => entry.group === group)
      .sort((a, b) => b.score - a.score || (a.entry.name < b.entry.name ? -1 : 1))
  const best = (group: Entry["group"]): number => (name === "" ? 0 : (inGroup(group)[0]?.score ?? -Infinity))
  return groups
    .filter((group) => found.some(({ entry }) => entry.group === group))
    .sort((a, b) => best(b) - best(a) || groups.indexOf(a) - groups.indexOf(b))
    .map((group) => [
      group,
      inGroup(group)
        .slice(0, most)
        .map(({ entry, marks }) => ({ entry, marks })),
    ])
}
