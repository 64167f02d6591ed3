import type { TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import { type Field, type Filter, matches, parseFilter } from "../table/filter.ts"

/** A node, or an edge with its ends: both are asked with the same words. */
export type Item =
  | { type: "node"; node: TopologyNode }
  | { type: "edge"; edge: TopologyEdge; source: TopologyNode; target: TopologyNode }

const percent = (ratio: number | null): number | null => (ratio === null ? null : ratio * 100)
const signalsOf = (item: Item) => (item.type === "node" ? item.node.signals : item.edge)
const nodesOf = (item: Item): TopologyNode[] =>
  item.type === "node" ? [item.node] : [item.source, item.target]

const rate = (item: Item): number | null =>
  item.type === "edge" && item.edge.protocol === "tcp" ? null : signalsOf(item).requestsPerSecond

export const topologyFields: readonly Field<Item>[] = [
  { name: "rps", type: "number", unit: "rps", read: rate },
  { name: "errors", type: "number", unit: "%", read: (item) => percent(signalsOf(item).errorRatio) },
  { name: "p50", type: "number", unit: "ms", read: (item) => signalsOf(item).latencyMs?.p50 ?? null },
  { name: "p95", type: "number", unit: "ms", read: (item) => signalsOf(item).latencyMs?.p95 ?? null },
  { name: "p99", type: "number", unit: "ms", read: (item) => signalsOf(item).latencyMs?.p99 ?? null },
  { name: "mtls", type: "number", unit: "%", read: (item) => percent(signalsOf(item).mtlsRatio) },
  {
    name: "bytes",
    type: "number",
    unit: "B/s",
    read: (item) => signalsOf(item).bytesPerSecond.sent + signalsOf(item).bytesPerSecond.received,
  },
  {
    name: "score",
    type: "number",
    unit: "",
    read: (item) => (item.type === "node" ? item.node.health.score : null),
  },
  { name: "name", type: "text", read: (item) => (item.type === "node" ? [item.node.name] : []) },
  {
    name: "namespace",
    type: "text",
    read: (item) => (item.type === "node" ? [item.node.namespace] : []),
  },
  { name: "cluster", type: "text", read: (item) => (item.type === "node" ? [item.node.clusterName] : []) },
  {
    name: "kind",
    type: "text",
    values: ["service", "workload", "gateway", "waypoint", "external", "unknown", "vm"],
    read: (item) => (item.type === "node" ? [item.node.kind] : []),
  },
  { name: "source", type: "text", read: (item) => (item.type === "edge" ? [item.source.name] : []) },
  { name: "target", type: "text", read: (item) => (item.type === "edge" ? [item.target.name] : []) },
  {
    name: "protocol",
    type: "text",
    values: ["http", "grpc", "tcp"],
    read: (item) => (item.type === "node" ? item.node.protocols : [item.edge.protocol]),
  },
  {
    name: "health",
    type: "text",
    values: ["ok", "watch", "degraded", "failing", "idle", "unknown"],
    read: (item) => [item.type === "node" ? item.node.health.state : item.edge.health],
  },
  {
    name: "code",
    type: "text",
    read: (item) => (item.type === "edge" ? item.edge.responses.map((response) => response.code) : []),
  },
  {
    name: "flag",
    type: "text",
    read: (item) =>
      item.type === "edge" ? item.edge.responses.flatMap(({ flags }) => flags.split(",")) : [],
  },
  {
    name: "badge",
    type: "text",
    values: ["route", "fault", "mirror", "circuit-breaker", "policy", "plaintext", "locality"],
    read: (item) => (item.type === "node" ? item.node.badges : []),
  },
]

/** What free text is looked for in: the names of a node; edges have none of their own. */
const textOf = (item: Item): string =>
  item.type === "edge"
    ? ""
    : nodesOf(item)
        .map((node) => `${node.name} ${node.namespace} ${node.clusterName} ${node.kind} ${node.health.state}`)
        .join(" ")
        .toLowerCase()

export type Asked = { filter: Filter | undefined; error: string | undefined }

export function askedOf(text: string): Asked {
  if (text.trim() === "") return { filter: undefined, error: undefined }
  const { filter, error } = parseFilter(text, topologyFields)
  return { filter, error: error?.message }
}

export const matchesItem = (filter: Filter, item: Item): boolean =>
  matches(filter, item, topologyFields, textOf)
