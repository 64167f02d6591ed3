import type { ClusterInfo } from "#shared/api/cluster.ts"
import { formatCount } from "#shared/format/number.ts"
import { limits } from "#shared/protocol/limits.ts"

export type StageName = "waiting" | "connected" | "identity" | "inventory" | "metrics" | "done"

/** One step of a join. `share` only where there is something to count. */
export type Stage = {
  name: StageName
  title: string
  state: "done" | "current" | "later"
  /** When it was reached; null while it was not. */
  at: number | null
  text: string
  share: number | undefined
}

const titles: Record<StageName, string> = {
  waiting: "Waiting",
  connected: "Connected",
  identity: "Identity",
  inventory: "Inventory",
  metrics: "First metrics",
  done: "Done",
}

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))} s`

function telemetryText(cluster: ClusterInfo): string {
  const { telemetry, tickMs } = cluster
  if (!telemetry) return "starts with the inventory"
  if (telemetry.source === "none") return telemetry.reason || "no Prometheus found and no proxy to scrape"
  const source = telemetry.source === "prometheus" ? `Prometheus, ${telemetry.target}` : telemetry.target
  if (telemetry.state === "failing") return `${source}: ${telemetry.reason}`
  return `${source}${telemetry.state === "waiting" ? `, first tick within ${seconds(tickMs)}` : ""}`
}

const nothingReached = {
  connectedAt: null,
  identifiedAt: null,
  inventory: { objects: 0, expected: 0, doneAt: null },
  firstMetricsAt: null,
}

/** The join under way. A revoked cluster keeps the moments of its earlier join: the one to come has reached nothing. */
export function joinOf({ link, join }: Pick<ClusterInfo, "link" | "join">): ClusterInfo["join"] {
  if (link !== "revoked") return join
  // Only a new token makes what was fetched count again: making one forgets the earlier fetch.
  const manifestFetchedAt = join.tokenExpiresAt === null ? null : join.manifestFetchedAt
  return { ...join, ...nothingReached, manifestFetchedAt }
}

function waitingText(cluster: ClusterInfo): string {
  const { manifestFetchedAt, connectedAt } = joinOf(cluster)
  if (manifestFetchedAt === null)
    return connectedAt === null ? "for kubectl to fetch the manifest" : "manifest was not fetched here"
  return connectedAt === null
    ? "manifest fetched, for the pod to start"
    : `manifest fetched, then ${seconds(connectedAt - manifestFetchedAt)} to the pod`
}

/** Where a join stands, as six steps with their moments. */
export function stagesOf(cluster: ClusterInfo): Stage[] {
  const join = joinOf(cluster)
  const { inventory } = join
  const complete = inventory.doneAt !== null && join.firstMetricsAt !== null
  const reached: Record<StageName, number | null> = {
    waiting: join.connectedAt === null ? null : (join.manifestFetchedAt ?? join.connectedAt),
    connected: join.connectedAt,
    identity: join.identifiedAt,
    inventory: inventory.doneAt,
    metrics: join.firstMetricsAt,
    done: complete ? Math.max(inventory.doneAt ?? 0, join.firstMetricsAt ?? 0) : null,
  }
  const texts: Record<StageName, string> = {
    waiting: waitingText(cluster),
    connected: cluster.agentVersion ? `agent ${cluster.agentVersion}` : "the agent opens its link",
    identity: cluster.clusterUid
      ? `kube-system ${cluster.clusterUid.slice(0, 8)}${cluster.kubernetesVersion ? `, Kubernetes ${cluster.kubernetesVersion}` : ""}`
      : "the cluster is the UID of kube-system",
    inventory:
      inventory.doneAt === null && inventory.expected === 0
        ? "objects are counted"
        : `${formatCount(inventory.objects)}${inventory.doneAt === null ? ` of ${formatCount(Math.max(inventory.expected, inventory.objects))}` : ""} objects`,
    metrics: telemetryText(cluster),
    done: complete ? "the mesh is on screen" : "",
  }
  const names = Object.keys(titles) as StageName[]
  const current = names.find((name) => reached[name] === null)
  return names.map((name) => ({
    name,
    title: titles[name],
    state: reached[name] !== null ? "done" : name === current ? "current" : "later",
    at: reached[name],
    text: texts[name],
    share:
      name === "inventory" && inventory.doneAt === null && inventory.expected > 0
        ? Math.min(1, inventory.objects / inventory.expected)
        : undefined,
  }))
}

/** Objects of a cluster by what a reader calls them, for the progress of the inventory. */
export function countsOf(cluster: ClusterInfo): { name: string; count: number }[] {
  const groups: [string, (kind: string) => boolean][] = [
    ["Pods", (kind) => kind === "Pod"],
    ["Services", (kind) => kind === "Service"],
    ["Istio", (kind) => kind.endsWith(".istio.io")],
    ["Endpoints", (kind) => kind.startsWith("EndpointSlice")],
    ["Workloads", (kind) => kind.endsWith(".apps") || kind.endsWith(".batch")],
    ["Gateway API", (kind) => kind.endsWith("gateway.networking.k8s.io")],
  ]
  return groups.map(([name, belongs]) => ({
    name,
    count: cluster.kinds.filter(({ kind }) => belongs(kind)).reduce((sum, { count }) => sum + count, 0),
  }))
}

/** The last moment at which the join moved on; before the first step, when its newest token was made. */
export function lastProgress(cluster: ClusterInfo): number {
  const join = joinOf(cluster)
  return Math.max(
    cluster.createdAt,
    (join.tokenExpiresAt ?? 0) - limits.joinTokenMs,
    join.manifestFetchedAt ?? 0,
    join.connectedAt ?? 0,
    join.identifiedAt ?? 0,
    join.inventory.doneAt ?? 0,
    join.firstMetricsAt ?? 0,
  )
}

export type Help = { title: string; command: string; hints: string }

const logs = "kubectl -n smm-system logs deploy/smm-agent"

/** What to check when the join hangs at a stage. */
export function helpFor(stage: Stage, cluster: ClusterInfo, server: string): Help {
  const fetched = joinOf(cluster).manifestFetchedAt !== null
  switch (stage.name) {
    case "waiting":
      return fetched
        ? {
            title: "the pod of the agent has not called yet",
            command: "kubectl -n smm-system get pods,events",
            hints: `Image pulled? Egress to ${server} open? Proxy set? Clock within 5 min?`,
          }
        : {
            title: "nobody has fetched the manifest yet",
            command: `curl -sSo /dev/null -w '%{http_code}\\n' ${server}/install`,
            hints:
              "401 from here is right: the server is reachable. Run the line above with a context that may create namespaces.",
          }
    case "connected":
    case "identity":
      return {
        title: "the link does not open",
        command: logs,
        hints: `Websockets to ${server} allowed by the proxy? Clock within 5 min?`,
      }
    case "inventory":
      return {
        title: "objects stop coming",
        command: logs,
        hints:
          "A kind that may not be read is named under What the agent may read. A slow API server only takes longer.",
      }
    case "metrics":
    case "done":
      return {
        title: "no metrics yet",
        command: "kubectl get svc -A | grep -i prometheus",
        hints:
          "Is there a Prometheus that scrapes Istio, or any pod with a proxy? Give it with --prometheus when it is not found.",
      }
  }
}
