import { packColumns } from "./columns.ts"
import {
  type Destination,
  type EdgeSample,
  type Endpoint,
  type ResponseRate,
  type Tick,
  edgeKey,
} from "./edge.ts"
import { type ColumnName, columnNames, protocols, reporters, same, workloadName } from "./layout.ts"
import { quantise } from "./quantise.ts"
import type { PackedTick } from "./tick.ts"
import { byCodeUnit } from "../order.ts"

/** Shares in thousandths, exact at 0 and 1: a share that is not quite 1 never becomes 1. */
const share = (value: number | null): number =>
  value === null
    ? -1
    : value >= 1
      ? 1000
      : Math.min(999, Math.max(value > 0 ? 1 : 0, Math.round(value * 1000)))

type Dictionary = { id(text: string): number; texts: string[] }

function createDictionary(): Dictionary {
  const ids = new Map<string, number>()
  const texts: string[] = []
  return {
    texts,
    id: (text) => {
      const known = ids.get(text)
      if (known !== undefined) return known
      ids.set(text, texts.length)
      return texts.push(text) - 1
    },
  }
}

/**
 * Labels come from the proxies, and so from whoever runs a workload: one that is too long, holds our separator, or comes in a thousand outcomes
 * must not make the tick of all others unreadable.
 */
const mostText = 253
const mostResponses = 500
const plain = (label: string): string =>
  label.length <= mostText && !label.includes("\t") ? label : label.slice(0, mostText).replaceAll("\t", " ")

const endpointText = (end: Endpoint, cluster: string): string =>
  [
    plain(end.namespace),
    plain(end.app),
    plain(end.version),
    end.workload === workloadName(end) ? same : plain(end.workload),
    end.cluster === cluster ? same : plain(end.cluster),
  ]
    .join("\t")
    .replace(/(\t=)+$/, "")
const serviceText = (end: Destination): string =>
  end.service === end.app && end.serviceNamespace === end.namespace
    ? same
    : [plain(end.service), plain(end.serviceNamespace)].join("\t")
const responseText = ({ code, flags, grpc }: ResponseRate): string =>
  [plain(code), plain(flags), plain(grpc)].join("\t")

/** All, or those that came most. */
const usualResponses = (responses: readonly ResponseRate[]): ResponseRate[] =>
  responses.length <= mostResponses
    ? [...responses]
    : [...responses].sort((a, b) => b.requestsPerSecond - a.requestsPerSecond).slice(0, mostResponses)

type Columns = Record<ColumnName, number[]>

const emptyColumns = (): Columns => ({
  source: [],
  destination: [],
  service: [],
  kind: [],
  rate: [],
  responses: [],
  response: [],
  responseRate: [],
  p50: [],
  p95: [],
  p99: [],
  sent: [],
  received: [],
  opened: [],
  closed: [],
  mtls: [],
})

/** Latencies are steps above the one before: p95 and p99 become small numbers. */
function pushLatency(columns: Columns, latency: EdgeSample["latencyMs"]): void {
  const [p50, p95, p99] = latency
    ? [quantise(latency.p50), quantise(latency.p95), quantise(latency.p99)]
    : [-1, -1, -1]
  columns.p50.push(p50)
  if (!latency) return
  columns.p95.push(p95 - p50)
  columns.p99.push(p99 - p95)
}

function pushResponses(columns: Columns, dictionary: Dictionary, responses: readonly ResponseRate[]): void {
  const sorted = usualResponses(responses).sort((a, b) => byCodeUnit(responseText(a), responseText(b)))
  columns.responses.push(sorted.length)
  sorted.forEach((response) => {
    columns.response.push(dictionary.id(responseText(response)))
    columns.responseRate.push(quantise(response.requestsPerSecond))
  })
}

function pushEdge(columns: Columns, dictionary: Dictionary, edge: EdgeSample, cluster: string): void {
  columns.source.push(dictionary.id(endpointText(edge.source, cluster)))
  columns.destination.push(dictionary.id(endpointText(edge.destination, cluster)))
  columns.service.push(dictionary.id(serviceText(edge.destination)))
  columns.kind.push(protocols.indexOf(edge.protocol) * reporters.length + reporters.indexOf(edge.reporter))
  const rate = quantise(edge.requestsPerSecond)
  columns.rate.push(rate)
  const only = edge.responses[0]
  // One response that is all of the rate needs no second number.
  if (edge.responses.length === 1 && only && quantise(only.requestsPerSecond) === rate) {
    columns.responses.push(-1)
    columns.response.push(dictionary.id(responseText(only)))
  } else pushResponses(columns, dictionary, edge.responses)
  pushLatency(columns, edge.latencyMs)
  // Against the rate: bytes a request vary little, and so do the steps between.
  columns.sent.push(quantise(edge.bytesPerSecond.sent) - rate)
  columns.received.push(quantise(edge.bytesPerSecond.received) - rate)
  columns.opened.push(edge.tcp ? quantise(edge.tcp.openedPerSecond) : -1)
  if (edge.tcp) columns.closed.push(quantise(edge.tcp.closedPerSecond))
  columns.mtls.push(share(edge.mtlsRatio))
}

/** Each value less the one before it. */
const stepsOf = (column: readonly number[]): number[] =>
  column.map((value, i) => value - (column[i - 1] ?? 0))

/** The cluster that most ends are in, the first in order among equals: written once. */
function commonCluster(edges: readonly EdgeSample[]): string {
  const counts = new Map<string, number>()
  for (const { source, destination } of edges)
    for (const { cluster } of [source, destination]) counts.set(cluster, (counts.get(cluster) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || byCodeUnit(a[0], b[0]))[0]?.[0] ?? ""
}

/** A tick for the wire and the store. Every value keeps within 0.5 %; zero, null and whole shares are exact. */
export function packTick(tick: Tick): PackedTick {
  const dictionary = createDictionary()
  const columns = emptyColumns()
  const cluster = plain(commonCluster(tick.edges))
  dictionary.id(cluster)
  // Ends in order, as the edges are: the source's id then hardly moves from edge to edge.
  const ends = tick.edges.flatMap(({ source, destination }) => [source, destination])
  for (const text of [...new Set(ends.map((end) => endpointText(end, cluster)))].sort()) dictionary.id(text)
  for (const { edge } of tick.edges
    .map((edge) => ({ edge, key: edgeKey(edge) }))
    .sort((a, b) => byCodeUnit(a.key, b.key)))
    pushEdge(columns, dictionary, edge, cluster)
  return {
    v: 1,
    at: tick.at,
    windowMs: tick.windowMs,
    source: tick.source,
    gaps: tick.gaps,
    d: dictionary.texts,
    c: packColumns(columnNames.map((name) => (name === "source" ? stepsOf(columns.source) : columns[name]))),
  }
}
