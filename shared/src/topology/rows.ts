import type { MeshDetail, MeshRow } from "../api/mesh.ts"
import type { KubeObject } from "../kube/object.ts"
import { list, number, record, text } from "./fact/read.ts"
import type { TopologyDocument, TopologyNode } from "./document.ts"

/** A service or workload as a row of a table. */
export const rowOf = (node: TopologyNode): MeshRow => ({
  id: node.id,
  cluster: node.cluster,
  clusterName: node.clusterName,
  namespace: node.namespace,
  name: node.name,
  kind: node.id.startsWith("svc/")
    ? "Service"
    : node.kind === "external"
      ? "External"
      : (node.workloadKind ?? "Workload"),
  protocols: node.protocols,
  signals: node.signals,
  health: node.health,
  pods: node.pods,
  inMesh: node.inMesh,
  versions: [...new Set(node.versions.map(({ version }) => version).filter((version) => version !== ""))],
  stale: node.stale,
})

const severity: Record<TopologyNode["health"]["state"], number> = {
  failing: 0,
  degraded: 1,
  watch: 2,
  ok: 3,
  unknown: 4,
  idle: 5,
}

/** Worst first, then by rate, then by name. */
export const worstFirst = (a: MeshRow, b: MeshRow): number =>
  severity[a.health.state] - severity[b.health.state] ||
  (b.signals.requestsPerSecond ?? -1) - (a.signals.requestsPerSecond ?? -1) ||
  (a.id < b.id ? -1 : 1)

/** The rows of a document: services (and external services) of a service view, workloads of a workload view. Worst first. */
export function rowsOf(document: TopologyDocument): MeshRow[] {
  const wanted = document.view === "service" ? ["svc/", "ext/"] : ["wl/"]
  return document.nodes
    .filter((node) => wanted.some((prefix) => node.id.startsWith(prefix)))
    .map(rowOf)
    .sort(worstFirst)
}

/** Callers and callees of a node. */
export function neighboursOf(
  document: TopologyDocument,
  id: string,
): Pick<MeshDetail, "callers" | "callees"> {
  const nodes = new Map(document.nodes.map((node) => [node.id, node]))
  const peers = (mine: "source" | "target", other: "source" | "target") =>
    document.edges.flatMap((edge) => {
      const node = edge[mine] === id ? nodes.get(edge[other]) : undefined
      if (!node) return []
      const { requestsPerSecond, errorRatio, latencyMs, bytesPerSecond, tcpOpenedPerSecond, mtlsRatio } = edge
      const signals = {
        requestsPerSecond: edge.protocol === "tcp" ? null : requestsPerSecond,
        errorRatio,
        latencyMs,
        bytesPerSecond,
        tcpOpenedPerSecond,
        mtlsRatio,
      }
      return [
        {
          id: node.id,
          name: node.name,
          namespace: node.namespace,
          cluster: node.cluster,
          kind: node.kind,
          protocol: edge.protocol,
          signals,
        },
      ]
    })
  return { callers: peers("target", "source"), callees: peers("source", "target") }
}

/** A pod as the detail page lists it, from its trimmed object. */
export function podRow(pod: KubeObject): MeshDetail["pods"][number] {
  const status = record(pod["status"])
  const spec = record(pod["spec"])
  const containers = [...list(spec["containers"]), ...list(spec["initContainers"])].map(record)
  const proxy = containers.find((container) => container["name"] === "istio-proxy")
  const image = text(proxy?.["image"])
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? "",
    node: text(spec["nodeName"]),
    phase: text(status["phase"]),
    ready: list(status["conditions"]).some(
      (item) => record(item)["type"] === "Ready" && record(item)["status"] === "True",
    ),
    proxy: proxy ? image.slice(image.lastIndexOf(":") + 1) : null,
    restarts: Math.trunc(
      list(status["containerStatuses"]).reduce(
        (sum: number, item) => sum + number(record(item)["restartCount"]),
        0,
      ),
    ),
    startedAt: text(status["startTime"]) || null,
  }
}
