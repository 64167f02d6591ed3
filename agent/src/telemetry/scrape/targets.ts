import type { PodView } from "#agent/cluster/view.ts"

/** A proxy or ztunnel to read. */
export type ScrapeTarget = {
  id: string
  /** The annotated address first; the port of Istio's agent as second choice where an annotation names another. */
  urls: readonly string[]
  /** Labels that its text lacks: a ztunnel does not say that it is one. */
  labels: Readonly<Record<string, string>>
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
  for (const pod of pods) {
    const ztunnel = pod.labels["app"] === "ztunnel" || pod.containers.some(({ name }) => name === "ztunnel")
    if (!ztunnel && !pod.containers.some(({ name }) => name === "istio-proxy")) continue
    if (pod.ip === "" || pod.phase !== "Running") continue
    const fallback = `http://${hostOf(pod.ip)}:${defaultPort}${defaultPath}`
    targets.push({
      id: `${pod.namespace}/${pod.name}/${pod.ip}`,
      urls: [...new Set([annotatedUrl(pod), fallback])],
      labels: ztunnel ? { app: "ztunnel" } : {},
    })
  }
  return targets.sort((a, b) => (a.id < b.id ? -1 : 1))
}
