import { formatBytesRate, formatLatency, formatRate, formatShare } from "#shared/format/number.ts"
import type { TopologyNode } from "#shared/topology/document.ts"
import { type Figures, figuresOfNodes, toneOf, worstOf } from "./figures.ts"
import type { Leaf, Line } from "./tree.ts"

const kindWords: Record<TopologyNode["kind"], string> = {
  service: "service",
  workload: "workload",
  gateway: "gateway",
  waypoint: "waypoint",
  external: "external service",
  unknown: "unknown source",
  vm: "virtual machine",
}

export const kindWord = (node: TopologyNode): string => node.workloadKind ?? kindWords[node.kind]

export const nameOf = (leaf: Leaf): string => (leaf.type === "bundle" ? leaf.title : leaf.node.name)
export const nodesOf = (leaf: Leaf): TopologyNode[] => (leaf.type === "bundle" ? leaf.nodes : [leaf.node])

/** The first number of a card: `118 rps`, `1.1 MB/s`, `idle`, or nothing when nothing is measured. */
export function mainFigure(figures: Figures, state: TopologyNode["health"]["state"]): string {
  if (figures.requestsPerSecond !== null && figures.requestsPerSecond > 0)
    return formatRate(figures.requestsPerSecond)
  if (figures.bytesPerSecond > 0) return formatBytesRate(figures.bytesPerSecond)
  if (state === "idle") return "idle"
  return figures.requestsPerSecond === null ? "" : formatRate(figures.requestsPerSecond)
}

const spoken = (figures: Figures): string[] => [
  ...(figures.requestsPerSecond === null
    ? []
    : [`${formatRate(figures.requestsPerSecond).replace("rps", "requests a second")}`]),
  ...(figures.errorRatio === null || figures.errorRatio === 0
    ? []
    : [`${formatShare(figures.errorRatio).replace("%", "percent")} errors`]),
  ...(figures.latencyMs ? [`p95 ${formatLatency(figures.latencyMs.p95)}`] : []),
  ...(figures.requestsPerSecond === null && figures.bytesPerSecond > 0
    ? [formatBytesRate(figures.bytesPerSecond)]
    : []),
]

/** A card in words: `checkout, service, degraded 58, 118 requests a second, 2.9 percent errors, calls payments failing`. */
export function describeLeaf(
  leaf: Leaf,
  lines: readonly { line: Line; other: Leaf; out: boolean; errorRatio: number | null }[],
  finding?: "error" | "warning" | "info",
): string {
  const figures = figuresOfNodes(nodesOf(leaf))
  const what =
    leaf.type === "bundle"
      ? [
          leaf.kind === "external"
            ? ""
            : `${leaf.kind}, ${leaf.nodes.length} services, worst ${worstOf(leaf.nodes.map((node) => node.health.state))}`,
        ]
      : [
          kindWord(leaf.node),
          ...(leaf.node.namespace === "" ? [] : [`in ${leaf.node.namespace}`]),
          leaf.node.stale
            ? "stale"
            : `${leaf.node.health.state}${leaf.node.health.score === null ? "" : ` ${Math.round(leaf.node.health.score)}`}`,
        ]
  const calls = lines
    .filter(({ out }) => out)
    .map(
      ({ other, errorRatio }) =>
        `${nameOf(other)}${toneOf(errorRatio) === "plain" ? "" : ` ${toneOf(errorRatio)}`}`,
    )
  const called = lines.filter(({ out }) => !out).map(({ other }) => nameOf(other))
  return [
    nameOf(leaf),
    ...what,
    ...spoken(figures),
    ...(finding === "error" || finding === "warning" ? [`${finding} in its configuration`] : []),
    ...(calls.length > 0 ? [`calls ${calls.join(", ")}`] : []),
    ...(called.length > 0 ? [`called by ${called.join(", ")}`] : []),
  ]
    .filter((part) => part !== "")
    .join(", ")
}
