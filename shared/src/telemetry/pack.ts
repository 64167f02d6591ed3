import { AppError } from "../error.ts"
import {
  type Destination,
  type EdgeSample,
  type Endpoint,
  type ResponseRate,
  type Tick,
  edgeKey,
} from "./edge.ts"
import { packColumns, unpackColumns } from "./columns.ts"
import type { PackedTick } from "./tick.ts"

/**
 * Columns of a packed tick. Edges are in order of key, so that ends repeat and gzip finds them. Every number is an integer:
 * an id of the dictionary, or a quantised value (0: zero, -1: null).
 */
const protocols = ["http", "grpc", "tcp"] as const
const reporters = ["source", "destination", "both", "waypoint", "ztunnel"] as const

/** Steps of 0.9 %: the error is at most 0.45 %. Values from 1e-6 up. */
const step = Math.log(1.009)
const least = 1e-6

/** Beyond any rate there is; a number gone wrong must not cost the tick. */
const greatest = 1e18

/** log-quantised: 0 for zero and what is too small to matter, else 1.. */
export const quantise = (value: number): number =>
  value < least ? 0 : 1 + Math.round(Math.log(Math.min(value, greatest) / least) / step)

/** Six digits: engines differ in the last bit of `exp`, and the graph is to be the same text in the cloud, the CLI and every browser. */
const sixDigits = (value: number): number => Number(value.toPrecision(6))
/** Up to 1e6 times what any rate, latency or throughput is. */
const values = Array.from({ length: 5_000 }, (_, code) =>
  code === 0 ? 0 : sixDigits(least * Math.exp((code - 1) * step)),
)
export const unquantise = (code: number): number =>
  code <= 0 ? 0 : (values[code] ?? sixDigits(least * Math.exp((code - 1) * step)))

const fromNull = (code: number): number | null => (code < 0 ? null : unquantise(code))
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

/** `=` stands for what is nearly always so: a workload is named `app-version`, a service as the app behind it in the same namespace. */
const same = "="
const workloadName = (end: Endpoint): string => (end.version === "" ? end.app : `${end.app}-${end.version}`)
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

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Names of columns, in their order in `c`. */
const columnNames = [
  "source",
  "destination",
  "service",
  "kind",
  "rate",
  "responses",
  "response",
  "responseRate",
  "p50",
  "p95",
  "p99",
  "sent",
  "received",
  "opened",
  "closed",
  "mtls",
] as const
type Columns = Record<(typeof columnNames)[number], number[]>

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
  const sorted = usualResponses(responses).sort((a, b) => compare(responseText(a), responseText(b)))
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
const sumsOf = (steps: readonly number[]): number[] => {
  let sum = 0
  return steps.map((step) => (sum += step))
}

/** The cluster that most ends are in, the first in order among equals: written once. */
function commonCluster(edges: readonly EdgeSample[]): string {
  const counts = new Map<string, number>()
  for (const { source, destination } of edges)
    for (const { cluster } of [source, destination]) counts.set(cluster, (counts.get(cluster) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]))[0]?.[0] ?? ""
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
    .sort((a, b) => compare(a.key, b.key)))
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

/** Reads columns from their beginning; a column that ends early, or an id outside of the dictionary, is a broken tick. */
class Reader {
  readonly #columns: Map<string, number[]>
  readonly #next = new Map<string, number>()
  readonly #texts: readonly string[][]

  constructor(packed: PackedTick) {
    const columns = unpackColumns(packed.c, columnNames.length)
    this.#columns = new Map(
      columnNames.map((name, i) => [name, name === "source" ? sumsOf(columns[i] ?? []) : (columns[i] ?? [])]),
    )
    this.#texts = packed.d.map((text) => text.split("\t"))
  }

  number(name: (typeof columnNames)[number]): number {
    const at = this.#next.get(name) ?? 0
    const value = this.#columns.get(name)?.[at]
    if (value === undefined)
      throw new AppError("input.invalid", `tick is broken: column ${name} has no value ${at}`)
    this.#next.set(name, at + 1)
    return value
  }

  texts(name: (typeof columnNames)[number]): readonly string[] {
    const id = this.number(name)
    const texts = this.#texts[id]
    if (!texts)
      throw new AppError(
        "input.invalid",
        `tick is broken: ${name} refers to ${id} of ${this.#texts.length} names`,
      )
    return texts
  }

  get edges(): number {
    return this.#columns.get("source")?.length ?? 0
  }
}

function readEndpoint(texts: readonly string[], common: string): Endpoint {
  const [namespace = "", app = "", version = "", workload = same, cluster = same] = texts
  const end = { cluster: cluster === same ? common : cluster, namespace, workload, app, version }
  return workload === same ? { ...end, workload: workloadName(end) } : end
}

function readDestination(end: Endpoint, texts: readonly string[]): Destination {
  const [service = "", serviceNamespace = ""] = texts
  return service === same
    ? { ...end, service: end.app, serviceNamespace: end.namespace }
    : { ...end, service, serviceNamespace }
}

function readResponse(reader: Reader, rate: () => number): ResponseRate {
  const [code = "", flags = "", grpc = ""] = reader.texts("response")
  return { code, flags, grpc, requestsPerSecond: rate() }
}

function readResponses(reader: Reader, rate: number): ResponseRate[] {
  const count = reader.number("responses")
  if (count === -1) return [readResponse(reader, () => rate)]
  if (count < 0 || count > 1000)
    throw new AppError("input.invalid", `tick is broken: ${count} responses of one edge`)
  return Array.from({ length: count }, () =>
    readResponse(reader, () => unquantise(reader.number("responseRate"))),
  )
}

function readLatency(reader: Reader): EdgeSample["latencyMs"] {
  const p50 = reader.number("p50")
  if (p50 < 0) return null
  const p95 = p50 + reader.number("p95")
  return { p50: unquantise(p50), p95: unquantise(p95), p99: unquantise(p95 + reader.number("p99")) }
}

function readEdge(reader: Reader, cluster: string): EdgeSample {
  const source = readEndpoint(reader.texts("source"), cluster)
  const destination = readDestination(
    readEndpoint(reader.texts("destination"), cluster),
    reader.texts("service"),
  )
  const kind = reader.number("kind")
  const rate = reader.number("rate")
  const requestsPerSecond = unquantise(rate)
  const responses = readResponses(reader, requestsPerSecond)
  const latencyMs = readLatency(reader)
  const bytesPerSecond = {
    sent: unquantise(rate + reader.number("sent")),
    received: unquantise(rate + reader.number("received")),
  }
  const openedPerSecond = fromNull(reader.number("opened"))
  const tcp =
    openedPerSecond === null
      ? null
      : { openedPerSecond, closedPerSecond: unquantise(reader.number("closed")) }
  const mtls = reader.number("mtls")
  return {
    source,
    destination,
    protocol: protocols[Math.floor(kind / reporters.length)] ?? "http",
    reporter: reporters[kind % reporters.length] ?? "both",
    requestsPerSecond,
    responses,
    latencyMs,
    bytesPerSecond,
    tcp,
    mtlsRatio: mtls < 0 ? null : mtls / 1000,
  }
}

/** What was packed, within 0.5 %. @throws AppError input.invalid when columns do not fit together */
export function unpackTick(packed: PackedTick): Tick {
  const reader = new Reader(packed)
  return {
    at: packed.at,
    windowMs: packed.windowMs,
    source: packed.source,
    gaps: packed.gaps,
    edges: Array.from({ length: reader.edges }, () => readEdge(reader, packed.d[0] ?? "")),
  }
}
