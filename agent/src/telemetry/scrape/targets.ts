import type { PodView } from "#agent/cluster/view.ts"

/** A proxy or ztunnel to read. */
export type ScrapeTarget = {
  /** Namespace, name and address: a pod of the same name elsewhere is another one. */
  id: string
  /** The annotated address first; the port of Istio's agent as second choice where an annotation names another. */
  urls: readonly string[]
  isZtunnel: boolean
  /** Another target has the same address, as in a demo on one machine. */
  isShared: boolean
}

/** Istio's merged telemetry of agent and Envoy, and ztunnel's. Source: istio.io, "Ports used by Istio". */
const defaultPort = "15020"
const defaultPath = "/stats/prometheus"

const hostOf = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip)

function annotatedUrl({ ip, annotations }: PodView): string {
  const port = annotations["prometheus.io/port"] ?? defaultPort
  const path = annotations["prometheus.io/path"] ?? defaultPath
  const scheme = annotations["prometheus.io/scheme"] === "https" ? "https" : "http"
  return `${scheme}://${hostOf(ip)}:${/^\d+$/.test(port) ? port : defaultPort}${path.startsWith("/") ? path : `/${path}`}`
}

/** The pods of the mesh's data plane that can be asked: sidecars, gateways and waypoints (container `istio-proxy`), ztunnels. */
export function targetsOf(pods: Iterable<PodView>): ScrapeTarget[] {
  const targets: ScrapeTarget[] = []
  const byIp = new Map<string, ScrapeTarget>()
  for (const pod of pods) {
    const ztunnel = pod.labels["app"] === "ztunnel" || pod.containers.some(({ name }) => name === "ztunnel")
    if (!ztunnel && !pod.containers.some(({ name }) => name === "istio-proxy")) continue
    if (pod.ip === "" || pod.phase !== "Running") continue
    const fallback = `http://${hostOf(pod.ip)}:${defaultPort}${defaultPath}`
    const first = byIp.get(pod.ip)
    if (first) first.isShared = true
    const target: ScrapeTarget = {
      id: `${pod.namespace}/${pod.name}/${pod.ip}`,
      urls: [...new Set([annotatedUrl(pod), fallback])],
      isZtunnel: ztunnel,
      isShared: first !== undefined,
    }
    byIp.set(pod.ip, first ?? target)
    targets.push(target)
  }
  return targets
}
