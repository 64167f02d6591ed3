import type { ServiceView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import { createPrometheusClient, type PrometheusClient, wordsOf } from "./client.ts"
import { presenceQuery } from "./queries.ts"

/** A service that may be a Prometheus. */
export type Candidate = { url: string; target: string; rank: number }

/** Best first: Istio's own addon, then the charts people use, then whatever is labelled so. */
const names: readonly RegExp[] = [
  /^prometheus$/,
  /^prometheus-server$/,
  /(^|-)kube-prometheus(-stack)?-prometheus$|^prometheus-k8s$/,
  /^prometheus-operated$/,
  /-prometheus(-server)?$/,
  /^thanos-quer(y|ier)(-frontend)?$/,
]
const others =
  /alertmanager|pushgateway|exporter|operator$|adapter|kube-state-metrics|grafana|webhook|sidecar/
/** Where administrators put it. A service anywhere else may be made by whoever has a namespace, and tells what it likes. */
const monitoringNamespaces = new Set([
  "monitoring",
  "prometheus",
  "observability",
  "kube-prometheus",
  "kube-prometheus-stack",
  "openshift-monitoring",
  "kube-system",
])
const trustOf = (namespace: string): number =>
  namespace === "istio-system" ? 0 : monitoringNamespaces.has(namespace) ? 10 : 20
/** The answer is one row. */
const maxProbeBytes = 64_000
const wellKnownPorts = [9090, 80, 9091, 10902]

function rankOf({ namespace, name, labels }: ServiceView): number | null {
  if (others.test(name)) return null
  const byName = names.findIndex((pattern) => pattern.test(name))
  const labelled = labels["app.kubernetes.io/name"] === "prometheus" || labels["app"] === "prometheus"
  if (byName < 0 && !labelled) return null
  return trustOf(namespace) + (byName < 0 ? names.length : byName)
}

const portOf = ({ ports }: ServiceView): number | undefined => {
  const tcp = ports.filter(({ protocol }) => protocol === "TCP" || protocol === "")
  const known = wellKnownPorts.find((wanted) => tcp.some(({ port }) => port === wanted))
  const named = tcp.find(({ name }) => /^(http-)?(web|prometheus|http)$/.test(name))
  return known ?? (named ?? tcp[0])?.port
}

/** The services that look like a Prometheus, best first, at most eight. */
export function candidatesOf(services: Iterable<ServiceView>): Candidate[] {
  const found: Candidate[] = []
  for (const service of services) {
    const rank = rankOf(service)
    const port = portOf(service)
    if (rank === null || port === undefined || service.clusterIp === "") continue
    const name = `${service.name}.${service.namespace}.svc`
    const host = service.clusterIp === "None" ? name : service.clusterIp
    const address = host.includes(":") ? `[${host}]` : host
    found.push({ url: `http://${address}:${port}`, target: `http://${name}:${port}`, rank })
  }
  const byRank = (a: Candidate, b: Candidate) => a.rank - b.rank || (a.target < b.target ? -1 : 1)
  return found.sort(byRank).slice(0, 8)
}

export type Detected = {
  /** The best one that knows the mesh; null when none does. */
  found: { client: PrometheusClient; target: string } | null
  /** What was tried and why it was not taken, in words. */
  tried: string[]
}

/** Asks the candidates all at once for Istio's metrics. One that answers without them is passed over. */
export async function detectPrometheus(
  services: Iterable<ServiceView>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Detected> {
  const probes = await Promise.all(
    candidatesOf(services).map(async ({ url, target }) => {
      const probe = createPrometheusClient({ url, clock, timeoutMs: 3_000, maxBytes: maxProbeBytes })
      try {
        let known = false
        await probe.vector({ query: presenceQuery }, () => void (known = true), signal)
        return { url, target, reason: known ? null : "it has no metric of Istio's proxies" }
      } catch (error) {
        signal.throwIfAborted()
        return { url, target, reason: wordsOf(error) }
      } finally {
        await probe.close()
      }
    }),
  )
  const best = probes.find(({ reason }) => reason === null)
  return {
    found: best ? { client: createPrometheusClient({ url: best.url, clock }), target: best.target } : null,
    tried: probes.flatMap(({ target, reason }) => (reason === null ? [] : [`${target}: ${reason}`])),
  }
}
