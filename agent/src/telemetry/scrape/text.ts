import { type Family, families } from "../reconcile/series.ts"

const familyOf = new Map<string, Family>(
  (Object.keys(families) as Family[]).map((family) => [families[family], family]),
)

/** One wanted line: the metric, its label block as it stands (`reporter="source",...`), and its value. */
export type OnSample = (family: Family, labelText: string, value: number) => void

/** Cuts the wanted lines out of Prometheus text; other lines cost one comparison. Returns the unfinished rest. */
export function readLines(text: string, onSample: OnSample, seen: { istio: boolean }): string {
  let at = 0
  for (let end = text.indexOf("\n"); end >= 0; at = end + 1, end = text.indexOf("\n", at)) {
    if (!text.startsWith("istio_", at)) continue
    seen.istio = true
    const brace = text.indexOf("{", at)
    if (brace < 0 || brace > end) continue
    const family = familyOf.get(text.slice(at, brace))
    if (family === undefined) continue
    // the block ends at the last brace of the line: a label's value may hold one
    const close = text.lastIndexOf("}", end)
    if (close <= brace) continue
    onSample(family, text.slice(brace + 1, close), valueOf(text.slice(close + 1, end)))
  }
  return text.slice(at)
}

/** ` 12.5` or ` 12.5 1700000000000`. */
function valueOf(text: string): number {
  const [value = ""] = text.trim().split(" ", 1)
  if (value === "+Inf") return Infinity
  return value === "" || value === "-Inf" ? NaN : Number(value)
}

const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

/** The labels that telemetry uses. Their order here makes equal sets equal texts. */
const wanted = new Set([
  "reporter",
  "app",
  "source_workload",
  "source_workload_namespace",
  "source_app",
  "source_version",
  "source_cluster",
  "destination_workload",
  "destination_workload_namespace",
  "destination_app",
  "destination_version",
  "destination_cluster",
  "destination_service_name",
  "destination_service_namespace",
  "request_protocol",
  "response_code",
  "response_flags",
  "grpc_response_status",
  "connection_security_policy",
  "le",
])

/** The wanted labels of a block, unescaped. A duration's outcome is left out: its buckets are added up over all outcomes. */
export function labelsOf(family: Family, text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name = "", value = ""] of text.matchAll(label)) {
    if (!wanted.has(name) || (family !== "requests" && outcomeLabels.has(name))) continue
    labels[name] = value.includes("\\")
      ? value.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))
      : value
  }
  return labels
}

const outcomeLabels = new Set(["response_code", "response_flags", "grpc_response_status"])

/** A 53-bit hash (cyrb53 by bryc, public domain): a proxy has thousands of series, and their texts would be most of our memory. */
export function hashText(seed: number, text: string): number {
  let h1 = 0xdeadbeef ^ seed
  let h2 = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    h1 = Math.imul(h1 ^ code, 2654435761)
    h2 = Math.imul(h2 ^ code, 1597334677)
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909)
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909)
  return 4294967296 * (2097151 & h2) + (h1 >>> 0)
}
