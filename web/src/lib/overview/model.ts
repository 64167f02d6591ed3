import type { MeshRow } from "#shared/api/mesh.ts"
import { formatShare } from "#shared/format/number.ts"
import { isError } from "#shared/telemetry/edge.ts"
import { mixLatencies } from "#shared/topology/aggregate.ts"
import type { HealthState, TopologyDocument, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import { healthRank } from "../detail/level.ts"

/** The whole mesh in six numbers. null: nothing to measure. */
export type Golden = {
  requestsPerSecond: number | null
  errorRatio: number | null
  p95: number | null
  bytesPerSecond: number
  mtlsRatio: number | null
  services: number
  pods: number | null
  health: Record<HealthState, number>
}

type Summed = Pick<Golden, "requestsPerSecond" | "errorRatio" | "p95" | "bytesPerSecond" | "mtlsRatio">

/** Signals of many edges together: rates add, shares are weighted by requests (or kB/s), latency is a mixture. */
export function sumEdges(edges: readonly TopologyEdge[]): Summed {
  const requests = edges.filter((edge) => edge.protocol !== "tcp")
  const rate = requests.reduce((sum, edge) => sum + edge.requestsPerSecond, 0)
  const errors = requests.reduce((sum, edge) => sum + edge.requestsPerSecond * (edge.errorRatio ?? 0), 0)
  const bytes = (edge: TopologyEdge) => edge.bytesPerSecond.sent + edge.bytesPerSecond.received
  const weight = (edge: TopologyEdge) => edge.requestsPerSecond || bytes(edge) / 1000 || 1e-6
  const secured = edges.filter((edge) => edge.mtlsRatio !== null)
  const total = secured.reduce((sum, edge) => sum + weight(edge), 0)
  return {
    requestsPerSecond: requests.length > 0 ? rate : null,
    errorRatio: rate > 0 ? errors / rate : null,
    p95:
      mixLatencies(
        requests.flatMap((edge) =>
          edge.latencyMs ? [{ weight: edge.requestsPerSecond, latency: edge.latencyMs }] : [],
        ),
      )?.p95 ?? null,
    bytesPerSecond: edges.reduce((sum, edge) => sum + bytes(edge), 0),
    mtlsRatio:
      total > 0 ? secured.reduce((sum, edge) => sum + weight(edge) * (edge.mtlsRatio ?? 0), 0) / total : null,
  }
}

const states: readonly HealthState[] = ["failing", "degraded", "watch", "ok", "unknown", "idle"]

/** @param workloads rows of the workload view: a pod behind two services is counted once */
export function goldenOf(
  document: TopologyDocument,
  rows: readonly MeshRow[],
  workloads: readonly MeshRow[],
): Golden {
  const services = rows.filter((row) => row.kind === "Service")
  const pods = workloads.filter((row) => row.pods !== null)
  return {
    ...sumEdges(document.edges),
    services: services.length,
    pods: pods.length === 0 ? null : pods.reduce((sum, row) => sum + (row.pods?.total ?? 0), 0),
    health: Object.fromEntries(
      states.map((state) => [state, services.filter((row) => row.health.state === state).length]),
    ) as Record<HealthState, number>,
  }
}

/** A namespace (or cluster) with the health of each of its services, worst first, and what they receive together. */
export type HealthGroup = {
  key: string
  name: string
  cluster: string
  services: { id: string; name: string; state: HealthState }[]
  worst: HealthState
  stale: boolean
} & Summed

export function healthGroups(
  document: TopologyDocument,
  rows: readonly MeshRow[],
  by: "namespace" | "cluster",
): HealthGroup[] {
  const own = rows.filter((row) => row.kind !== "External")
  const clusters = new Set(own.map((row) => row.cluster)).size
  const groups = new Map<string, MeshRow[]>()
  for (const row of own) {
    const key = by === "cluster" ? row.cluster : `${row.cluster}/${row.namespace}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const inbound = new Map<string, TopologyEdge[]>()
  for (const edge of document.edges) inbound.set(edge.target, [...(inbound.get(edge.target) ?? []), edge])
  return [...groups]
    .map(([key, members]): HealthGroup => {
      const services = members
        .map((row) => ({ id: row.id, name: row.name, state: row.health.state }))
        .sort((a, b) => healthRank(a.state) - healthRank(b.state) || (a.name < b.name ? -1 : 1))
      const first = members[0]
      return {
        key,
        name: by === "cluster" ? (first?.clusterName ?? "") : (first?.namespace ?? ""),
        cluster: by === "namespace" && clusters > 1 ? (first?.clusterName ?? "") : "",
        services,
        worst: services[0]?.state ?? "unknown",
        stale: members.every((row) => row.stale),
        ...sumEdges(members.flatMap((row) => inbound.get(row.id) ?? [])),
      }
    })
    .sort(
      (a, b) =>
        healthRank(a.worst) - healthRank(b.worst) ||
        (b.requestsPerSecond ?? -1) - (a.requestsPerSecond ?? -1) ||
        (a.key < b.key ? -1 : 1),
    )
}

/** What is wrong with a node, in words: `head` says it, `rest` says where or why; `blamed` is the node it comes from, when it does. */
export type Cause = { head: string; rest: string; blamed?: TopologyNode }

const failures = (edge: TopologyEdge): number => edge.requestsPerSecond * (edge.errorRatio ?? 0)

/** Names of gRPC status codes that count as errors. Source: grpc/statuscodes. */
const grpcNames: Record<string, string> = {
  "2": "UNKNOWN",
  "4": "DEADLINE_EXCEEDED",
  "8": "RESOURCE_EXHAUSTED",
  "10": "ABORTED",
  "12": "UNIMPLEMENTED",
  "13": "INTERNAL",
  "14": "UNAVAILABLE",
  "15": "DATA_LOSS",
}

function answerWord({ grpc, code }: { grpc: string; code: string }): string {
  if (grpc !== "") return grpcNames[grpc] ?? `gRPC ${grpc}`
  return code === "0" || code === "" ? "no answer" : code
}

function worstAnswer(edges: readonly TopologyEdge[]): string {
  const sums = new Map<string, number>()
  for (const response of edges.flatMap((edge) => edge.responses)) {
    if (!isError(response)) continue
    const code = answerWord(response)
    const key = [code, response.flags === "-" ? "" : response.flags].filter(Boolean).join(" ")
    sums.set(key, (sums.get(key) ?? 0) + response.requestsPerSecond)
  }
  return [...sums].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ""
}

/** The callee from which most of these errors come, when one stands out. */
function blamed(node: TopologyNode, document: TopologyDocument, errors: number): TopologyNode | undefined {
  const worst = document.edges
    .filter((edge) => edge.source === node.id)
    .sort((a, b) => failures(b) - failures(a))[0]
  if (!worst || errors <= 0 || failures(worst) < errors * 0.6) return undefined
  return document.nodes.find((other) => other.id === worst.target)
}

/** @param node a node whose health is not ok */
export function causeOf(node: TopologyNode, document: TopologyDocument): Cause {
  const inbound = document.edges.filter((edge) => edge.target === node.id)
  const ratio = node.signals.errorRatio
  const notReady = node.pods !== null && node.pods.ready < node.pods.total ? node.pods : undefined
  if (ratio !== null && ratio >= 0.005) {
    const errors = inbound.reduce((sum, edge) => sum + failures(edge), 0)
    const callee = blamed(node, document, errors)
    const bad = node.versions.filter((version) => (version.errorRatio ?? 0) >= 0.005)
    const version =
      node.versions.length > 1 && bad.length === 1 && bad[0] ? ` on ${bad[0].version || bad[0].workload}` : ""
    const answer = worstAnswer(inbound)
    const pods = notReady ? `${notReady.ready} of ${notReady.total} pods ready` : ""
    return {
      head: `${formatShare(ratio)} ${answer || "errors"}${version}`,
      rest: callee ? `most from ${callee.name}` : pods,
      ...(callee ? { blamed: callee } : {}),
    }
  }
  if (notReady) return { head: `${notReady.ready} of ${notReady.total} pods ready`, rest: "" }
  return { head: node.health.reasons[0]?.text ?? "", rest: "" }
}

/** Rows that need somebody, in the order they came in (worst first). */
export const needingAttention = (rows: readonly MeshRow[]): MeshRow[] =>
  rows.filter((row) => ["failing", "degraded", "watch"].includes(row.health.state))
