import type { Destination, EdgeSample, Endpoint, ResponseRate } from "#shared/telemetry/edge.ts"
import { type Slot, outcomeOf, slots } from "./label.ts"
import { type Buckets, latencyOf } from "./quantile.ts"
import type { Family, RateSeries } from "./series.ts"
import { byCodeUnit } from "#shared/order.ts"

/** What one reporter counted of one relation. */
type Report = {
  responses: Map<string, ResponseRate>
  totals: Partial<Record<Family, number>>
  buckets: Buckets
  /** Traffic whose security is known, and the part of it under mutual TLS. */
  secured: Partial<Record<Family, { mutual: number; known: number }>>
}

/** Everything that was counted between two workloads, through one service, over one protocol. */
export type Relation = {
  source: Endpoint
  destination: Destination
  protocol: EdgeSample["protocol"]
  reports: Map<Slot, Report>
  /** The greatest series so far: its labels name the app and the version. */
  loudest: number
}

export const emptyRelation = (identity: Pick<Relation, "source" | "destination" | "protocol">): Relation => ({
  ...identity,
  reports: new Map(),
  loudest: 0,
})

const reportOf = (relation: Relation, slot: Slot): Report => {
  const report = relation.reports.get(slot) ?? {
    responses: new Map(),
    totals: {},
    buckets: new Map(),
    secured: {},
  }
  relation.reports.set(slot, report)
  return report
}

export function addSeries(relation: Relation, slot: Slot, { family, labels, perSecond }: RateSeries): void {
  const report = reportOf(relation, slot)
  if (family === "duration") {
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"])
    report.buckets.set(bound, (report.buckets.get(bound) ?? 0) + perSecond)
    return
  }
  report.totals[family] = (report.totals[family] ?? 0) + perSecond
  const policy = labels["connection_security_policy"]
  if (policy === "mutual_tls" || policy === "none") {
    const secured = (report.secured[family] ??= { mutual: 0, known: 0 })
    secured.known += perSecond
    if (policy === "mutual_tls") secured.mutual += perSecond
  }
  if (family === "requests") addOutcome(report, labels, perSecond)
}

export function forgetFamily(relation: Relation, family: Family): void {
  for (const report of relation.reports.values()) {
    if (family === "duration") report.buckets.clear()
    if (family === "requests") report.responses.clear()
    report.totals = { ...report.totals, [family]: 0 }
    report.secured = { ...report.secured, [family]: { mutual: 0, known: 0 } }
  }
}

function addOutcome(report: Report, labels: RateSeries["labels"], perSecond: number): void {
  const outcome = outcomeOf(labels)
  const key = `${outcome.code}|${outcome.flags}|${outcome.grpc}`
  const known = report.responses.get(key)
  if (known) known.requestsPerSecond += perSecond
  else report.responses.set(key, { ...outcome, requestsPerSecond: perSecond })
}

const tcpFamilies = ["tcpSent", "tcpReceived", "tcpOpened", "tcpClosed"] as const

const volumeOf = (relation: Relation, slot: Slot): number => {
  const totals = relation.reports.get(slot)?.totals ?? {}
  if (relation.protocol !== "tcp") return totals.requests ?? 0
  return tcpFamilies.reduce((sum, family) => sum + (totals[family] ?? 0), 0)
}

/**
 * The reporter that is believed: the caller's side first, because only it sees what never arrived (`UF`, `NR`) and the latency
 * that the caller feels. The others are not added, for they counted the same requests.
 */
export const chosenSlot = (relation: Relation): Slot | undefined =>
  slots.find((slot) => volumeOf(relation, slot) > 0)

/** Two reporters agree within a tenth: proxies are read at different moments. */
const agrees = (a: number, b: number): boolean => Math.abs(a - b) <= 0.1 * Math.max(a, b)

function reporterName(relation: Relation, chosen: Slot): EdgeSample["reporter"] {
  if (chosen === "waypoint") return "waypoint"
  if (chosen === "ztunnelSource" || chosen === "ztunnelDestination") return "ztunnel"
  if (chosen === "destination") return "destination"
  const others = [volumeOf(relation, "destination"), volumeOf(relation, "ztunnelDestination")]
  return others.some((other) => other > 0 && agrees(volumeOf(relation, chosen), other)) ? "both" : "source"
}

/** The server's side knows how the request came; the caller's sidecar always says unknown. */
const securitySlots = ["destination", "waypoint", "ztunnelDestination", "ztunnelSource", "source"] as const

function mtlsRatioOf(relation: Relation): number | null {
  for (const slot of securitySlots) {
    const secured = relation.reports.get(slot)?.secured
    if (!secured) continue
    const sum = (families: readonly Family[]) =>
      families.reduce(
        (total, family) => ({
          mutual: total.mutual + (secured[family]?.mutual ?? 0),
          known: total.known + (secured[family]?.known ?? 0),
        }),
        { mutual: 0, known: 0 },
      )
    const bytes = sum(["requests", "tcpSent", "tcpReceived"])
    const { mutual, known } = bytes.known > 0 ? bytes : sum(["tcpOpened", "tcpClosed"])
    if (known > 0) return mutual / known
  }
  return null
}

const outcomeKey = ({ code, flags, grpc }: ResponseRate): string => `${code}|${flags}|${grpc}`

/** The first reporter, beginning with the chosen one, that has what is looked for: bytes and latency may be fetched of one side only. */
function firstOf<T>(
  relation: Relation,
  chosen: Slot,
  look: (report: Report) => T | undefined,
): T | undefined {
  for (const slot of [chosen, ...slots]) {
    const report = relation.reports.get(slot)
    const found = report && look(report)
    if (found !== undefined) return found
  }
  return undefined
}

/** The relation as its believed reporter tells it; undefined when nobody counted anything. */
export function edgeOf(relation: Relation, bounds: readonly number[]): EdgeSample | undefined {
  const chosen = chosenSlot(relation)
  const report = chosen && relation.reports.get(chosen)
  if (!report) return undefined
  const isTcp = relation.protocol === "tcp"
  const total = (family: Family): number => firstOf(relation, chosen, ({ totals }) => totals[family]) ?? 0
  const buckets = firstOf(relation, chosen, (each) => (each.buckets.size > 0 ? each.buckets : undefined))
  const responses = [...report.responses.values()].sort((a, b) => byCodeUnit(outcomeKey(a), outcomeKey(b)))
  return {
    source: relation.source,
    destination: relation.destination,
    protocol: relation.protocol,
    reporter: reporterName(relation, chosen),
    requestsPerSecond: responses.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    responses,
    latencyMs: buckets ? latencyOf(buckets, bounds) : null,
    // TCP counters are named from the server's proxy: what it received is what the source sent
    bytesPerSecond: isTcp
      ? { sent: report.totals.tcpReceived ?? 0, received: report.totals.tcpSent ?? 0 }
      : { sent: total("requestBytes"), received: total("responseBytes") },
    tcp: isTcp
      ? { openedPerSecond: report.totals.tcpOpened ?? 0, closedPerSecond: report.totals.tcpClosed ?? 0 }
      : null,
    mtlsRatio: mtlsRatioOf(relation),
  }
}
