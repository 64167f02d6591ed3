import { AppError } from "../error.ts"
import { unpackColumns } from "./columns.ts"
import type { Destination, EdgeSample, Endpoint, ResponseRate, Tick } from "./edge.ts"
import { type ColumnName, columnNames, protocols, reporters, same, workloadName } from "./layout.ts"
import { unquantise } from "./quantise.ts"
import type { PackedTick } from "./tick.ts"

const fromNull = (code: number): number | null => (code < 0 ? null : unquantise(code))

const sumsOf = (steps: readonly number[]): number[] => {
  let sum = 0
  return steps.map((step) => (sum += step))
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

  number(name: ColumnName): number {
    const at = this.#next.get(name) ?? 0
    const value = this.#columns.get(name)?.[at]
    if (value === undefined)
      throw new AppError("input.invalid", `tick is broken: column ${name} has no value ${at}`)
    this.#next.set(name, at + 1)
    return value
  }

  texts(name: ColumnName): readonly string[] {
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
