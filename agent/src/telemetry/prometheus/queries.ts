import { type Family, families } from "../reconcile/series.ts"
import type { Slot } from "../reconcile/label.ts"

/** Who talks to whom, through which service. */
const identity = [
  "source_workload",
  "source_workload_namespace",
  "destination_workload",
  "destination_workload_namespace",
  "destination_service_name",
  "destination_service_namespace",
]
/** It follows from the service, and has the namespace where proxies do not know it. */
const host = "destination_service"
const clusters = ["source_cluster", "destination_cluster"]
/** These follow from the workload, so that they make rows longer but not more. */
const attributes = ["source_app", "source_version", "destination_app", "destination_version"]
const outcome = ["request_protocol", "response_code", "response_flags", "grpc_response_status"]

/** Bounds beyond a minute are a fifth of all buckets, and nobody reads them. */
const longBounds = `le!~"300000|600000|1800000|3600000"`

/** `!= 0` leaves out what is idle and keeps NaN, so that it can be told. */
const growth = (family: Family, by: readonly string[], matchers: string, windowS: number): string =>
  `sum by (${by.join(",")}) (rate(${families[family]}${matchers === "" ? "" : `{${matchers}}`}[${windowS}s])) != 0`

export type FamilyQuery = { family: Family; query: string }

/** Requests and TCP: they make the edges. One row a relation, outcome and reporter. */
export const edgeQueries = (windowS: number): FamilyQuery[] => [
  {
    family: "requests",
    query: growth(
      "requests",
      ["reporter", ...identity, host, ...clusters, ...attributes, ...outcome, "connection_security_policy"],
      "",
      windowS,
    ),
  },
  // `app` is the label of the scraped pod where the configuration keeps it: the only mark of a ztunnel
  ...(["tcpSent", "tcpReceived", "tcpOpened", "tcpClosed"] as const).map((family) => ({
    family,
    query: growth(
      family,
      ["reporter", "app", ...identity, host, ...clusters, ...attributes, "connection_security_policy"],
      "",
      windowS,
    ),
  })),
]

/** What is known after the edges: which reporters' bytes and durations are wanted, so that nobody computes the other half. */
export type Wanted = {
  slots: ReadonlySet<Slot>
  sourcesByDestination: ReadonlySet<string>
  clusters: ReadonlySet<string>
  /** Whether the namespace of some service is known from its host alone. */
  hosts: boolean
}

/** More names than this make the matcher dearer than what it saves. */
const maxNames = 40

/** As a pattern, then as a string: PromQL's escapes are Go's, and JSON's are among them. */
const quoted = (text: string): string =>
  JSON.stringify(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).slice(1, -1)

function selectors({ slots, sourcesByDestination }: Wanted): string[] {
  const found: string[] = []
  const wide = (["source", "waypoint"] as const).filter((slot) => slots.has(slot))
  if (wide.length > 0)
    found.push(wide.length === 1 ? `reporter="${wide[0]}"` : `reporter=~"${wide.join("|")}"`)
  if (slots.has("destination")) {
    const names = [...sourcesByDestination].sort()
    const matcher = names.length <= maxNames ? `,source_workload=~"${names.map(quoted).join("|")}"` : ""
    found.push(`reporter="destination"${matcher}`)
  }
  return found
}

/** Bytes and durations of the believed reporters only. Clusters and hosts only where they tell something apart. */
export function detailQueries(
  family: "requestBytes" | "responseBytes" | "duration",
  windowS: number,
  wanted: Wanted,
): FamilyQuery[] {
  const apart = [...(wanted.clusters.size > 1 ? clusters : []), ...(wanted.hosts ? [host] : [])]
  const by = ["reporter", ...identity, "request_protocol", ...apart]
  return selectors(wanted).map((matchers) => ({
    family,
    query:
      family === "duration"
        ? growth(family, [...by, "le"], `${matchers},${longBounds}`, windowS)
        : growth(family, by, matchers, windowS),
  }))
}

/** A look at raw samples of one relation: how far apart scrapes are, and which bounds its histogram has. */
export function calibrationQuery(family: Family, labels: Readonly<Record<string, string>>): string {
  const matchers = ["reporter", ...identity].map((name) => `${name}=${JSON.stringify(labels[name] ?? "")}`)
  const metric = family === "requests" ? families.duration : families[family]
  return `${metric}{${matchers.join(",")}}[5m]`
}

/** Whether the server knows Istio's proxies at all; empty when not. Cheap: no sample is read but the last. */
export const presenceQuery = `count({__name__=~"istio_requests_total|istio_tcp_connections_opened_total|istio_build"})`
