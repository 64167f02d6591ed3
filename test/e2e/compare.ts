import type { FedEdge } from "./traffic.ts"

/** The part of a topology document that is compared: of the API, of the CLI, or of the console's export. */
export type Shown = {
  nodes: { id: string }[]
  edges: (FedEdge & Record<string, unknown>)[]
}

const tolerance = 0.01

function difference(what: string, shown: number | null | undefined, wanted: number | null): string[] {
  if (wanted === null || shown === null || shown === undefined)
    return (shown ?? null) === wanted ? [] : [`${what}: ${String(shown)} instead of ${String(wanted)}`]
  return Math.abs(shown - wanted) <= tolerance * Math.abs(wanted) + 1e-9
    ? []
    : [`${what}: ${shown} instead of ${wanted}`]
}

const keyOf = ({ source, target, protocol }: Pick<FedEdge, "source" | "target" | "protocol">): string =>
  `${source} > ${target} (${protocol})`

/** Every edge and node that is missing, too many, or off by more than a hundredth; empty when the document is what was fed. */
export function differences(shown: Shown, wanted: readonly FedEdge[]): string[] {
  const edges = new Map(shown.edges.map((edge) => [keyOf(edge), edge]))
  const found: string[] = []
  for (const want of wanted) {
    const key = keyOf(want)
    const edge = edges.get(key)
    edges.delete(key)
    if (!edge) {
      found.push(`${key}: is missing`)
      continue
    }
    const pairs: [string, number | null | undefined, number | null][] = [
      ["requestsPerSecond", edge.requestsPerSecond, want.requestsPerSecond],
      ["errorRatio", edge.errorRatio, want.errorRatio],
      ["p50", edge.latencyMs?.p50, want.latencyMs?.p50 ?? null],
      ["p95", edge.latencyMs?.p95, want.latencyMs?.p95 ?? null],
      ["p99", edge.latencyMs?.p99, want.latencyMs?.p99 ?? null],
      ["sent", edge.bytesPerSecond.sent, want.bytesPerSecond.sent],
      ["received", edge.bytesPerSecond.received, want.bytesPerSecond.received],
      ["mtlsRatio", edge.mtlsRatio, want.mtlsRatio],
    ]
    found.push(...pairs.flatMap(([name, is, should]) => difference(`${key} ${name}`, is, should)))
  }
  for (const key of edges.keys()) found.push(`${key}: was never fed`)
  const ends = new Set(wanted.flatMap(({ source, target }) => [source, target]))
  const nodes = new Set(shown.nodes.map(({ id }) => id))
  for (const id of ends) if (!nodes.has(id)) found.push(`node ${id}: is missing`)
  for (const id of nodes) if (!ends.has(id)) found.push(`node ${id}: has no traffic`)
  return found
}
