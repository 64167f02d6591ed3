import { formatBytesRate, formatLatency, formatRate, formatShare } from "#shared/format/number.ts"
import { mixLatencies } from "#shared/topology/aggregate.ts"
import type { HealthState, Signals, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import type { LabelName } from "./question.ts"
import type { Line } from "./tree.ts"

/** What a line or a card says in numbers. Rates a second, shares 0..1, ms; null: nothing to measure. */
export type Figures = Pick<
  Signals,
  "requestsPerSecond" | "errorRatio" | "latencyMs" | "mtlsRatio" | "tcpOpenedPerSecond"
> & { bytesPerSecond: number; stale: boolean }

type Part = Pick<TopologyEdge, "errorRatio" | "latencyMs" | "mtlsRatio" | "tcpOpenedPerSecond" | "stale"> & {
  requestsPerSecond: number | null
  bytesPerSecond: { sent: number; received: number }
}

const bytesOf = ({ bytesPerSecond: { sent, received } }: Pick<Part, "bytesPerSecond">): number =>
  sent + received

/** Several edges or nodes together: rates add, shares are weighted by requests, latency is a mixture. */
export function sumOf(parts: readonly Part[]): Figures {
  const known = parts.filter((part) => part.requestsPerSecond !== null)
  const rate = known.reduce((sum, part) => sum + (part.requestsPerSecond ?? 0), 0)
  const errors = known.reduce((sum, part) => sum + (part.requestsPerSecond ?? 0) * (part.errorRatio ?? 0), 0)
  const measured = parts.filter((part) => part.mtlsRatio !== null)
  const weight = (part: Part): number => part.requestsPerSecond || bytesOf(part) / 1000 || 1e-6
  const secured = measured.reduce((sum, part) => sum + weight(part), 0)
  const opened = parts.flatMap((part) => part.tcpOpenedPerSecond ?? [])
  return {
    requestsPerSecond: known.length > 0 ? rate : null,
    errorRatio: rate > 0 ? errors / rate : null,
    latencyMs: mixLatencies(
      parts.flatMap((part) =>
        part.latencyMs ? [{ weight: part.requestsPerSecond ?? 0, latency: part.latencyMs }] : [],
      ),
    ),
    mtlsRatio:
      secured > 0
        ? measured.reduce((sum, part) => sum + weight(part) * (part.mtlsRatio ?? 0), 0) / secured
        : null,
    tcpOpenedPerSecond: opened.length > 0 ? opened.reduce((sum, one) => sum + one, 0) : null,
    bytesPerSecond: parts.reduce((sum, part) => sum + bytesOf(part), 0),
    stale: parts.length > 0 && parts.every((part) => part.stale),
  }
}

const edgePart = (edge: TopologyEdge): Part => ({
  ...edge,
  requestsPerSecond: edge.protocol === "tcp" ? null : edge.requestsPerSecond,
})

/** A line is asked for its figures by its label, its stroke and its neighbours: summed once. */
const summed = new WeakMap<object, Figures>()

export function figuresOfLine({ edges }: Pick<Line, "edges">): Figures {
  const known = summed.get(edges) ?? sumOf(edges.map(edgePart))
  summed.set(edges, known)
  return known
}
export const figuresOfNodes = (nodes: readonly TopologyNode[]): Figures =>
  sumOf(nodes.map((node) => ({ ...node.signals, stale: node.stale })))

export type Tone = "plain" | "degraded" | "failing"
export const toneOf = (ratio: number | null): Tone =>
  ratio === null || ratio < 0.005 ? "plain" : ratio < 0.05 ? "degraded" : "failing"

const order: readonly HealthState[] = ["failing", "degraded", "watch", "ok", "unknown", "idle"]
export const worstOf = (states: readonly HealthState[]): HealthState =>
  order.find((state) => states.includes(state)) ?? "unknown"

/** Under 20 requests in the window a share is its count: `1 of 7`. */
export function errorText(
  figures: Pick<Figures, "errorRatio" | "requestsPerSecond">,
  windowSeconds: number,
): string {
  const { errorRatio, requestsPerSecond } = figures
  if (errorRatio === null) return "-"
  const requests = Math.round((requestsPerSecond ?? 0) * windowSeconds)
  if (requests > 0 && requests < 20 && errorRatio > 0)
    return `${Math.max(1, Math.round(errorRatio * requests))} of ${requests}`
  return formatShare(errorRatio)
}

/** Traffic that is not encrypted though both sides could, or whose sender is not known. */
export function isPlain(
  line: Line,
  ends: { source: TopologyNode | undefined; target: TopologyNode | undefined },
): boolean {
  const { mtlsRatio } = figuresOfLine(line)
  return (
    mtlsRatio !== null &&
    mtlsRatio < 0.995 &&
    ends.target?.inMesh !== false &&
    ends.target?.kind !== "external"
  )
}

export type Answered = { code: string; flags: string; grpc: string; rate: number }

/** How the requests of a line ended, most frequent first. */
export function answersOf(line: Line): Answered[] {
  const rates = new Map<string, Answered>()
  for (const { code, flags, grpc, requestsPerSecond } of line.edges.flatMap((edge) => edge.responses)) {
    const key = `${code} ${flags} ${grpc}`
    const known = rates.get(key) ?? { code, flags, grpc, rate: 0 }
    known.rate += requestsPerSecond
    rates.set(key, known)
  }
  return [...rates.values()].sort((a, b) => b.rate - a.rate)
}

export type LabelPart = { text: string; tone: Tone; glyph: boolean }

const protocolWords = { http: "HTTP", grpc: "gRPC", tcp: "TCP" }

function flagsOf(line: Line): string {
  const flags = line.edges.flatMap((edge) => edge.responses.flatMap((response) => response.flags.split(",")))
  return [...new Set(flags.filter((flag) => flag !== "" && flag !== "-"))].sort().slice(0, 2).join(" ")
}

/** The texts of a line's label, as chosen; empty when none says anything. `share` is its part of what its source sends. */
export function labelOf(
  line: Line,
  labels: readonly LabelName[],
  { share, windowSeconds }: { share: number | null; windowSeconds: number },
): LabelPart[] {
  const figures = figuresOfLine(line)
  const plain = (text: string): LabelPart => ({ text, tone: "plain", glyph: false })
  const latency = (name: "p50" | "p95" | "p99"): LabelPart[] =>
    figures.latencyMs ? [plain(formatLatency(figures.latencyMs[name]))] : []
  const rate = (): LabelPart[] =>
    figures.requestsPerSecond === null
      ? [plain(formatBytesRate(figures.bytesPerSecond))]
      : [plain(formatRate(figures.requestsPerSecond))]
  const errors = (): LabelPart[] => {
    // Of old data nothing is claimed: the number stands, without a judgement.
    const tone = figures.stale ? "plain" : toneOf(figures.errorRatio)
    return tone === "plain" ? [] : [{ text: errorText(figures, windowSeconds), tone, glyph: true }]
  }
  const parts: Record<LabelName, () => LabelPart[]> = {
    rate,
    errors,
    share: () => (share === null ? [] : [plain(formatShare(share))]),
    p50: () => latency("p50"),
    p95: () => latency("p95"),
    p99: () => latency("p99"),
    throughput: () => [plain(formatBytesRate(figures.bytesPerSecond))],
    mtls: () => (figures.mtlsRatio === null ? [] : [plain(`mTLS ${formatShare(figures.mtlsRatio)}`)]),
    protocol: () => [plain(protocolWords[line.protocol])],
    flags: () => (flagsOf(line) === "" ? [] : [plain(flagsOf(line))]),
  }
  return labels.flatMap((name) => parts[name]())
}

/** `1 + 0.55 log10(1 + rps)` px; bytes count as rps = kB/s / 10. */
export function lineWidth(figures: Figures): number {
  const rate = figures.requestsPerSecond ?? figures.bytesPerSecond / 10_000
  return Math.round((1 + 0.55 * Math.log10(1 + rate)) * 100) / 100
}
