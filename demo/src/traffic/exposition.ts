import type { Counter } from "./counters.ts"
import { durationBounds, httpColumns, tcpColumns } from "./flow.ts"

/** Counters with labels that go before their own (`pod="x",` or empty). */
export type Series = { prefix: string; counter: Counter }

const rounded = (value: number): string => String(Math.round(value * 10_000) / 10_000)
const bounds = durationBounds.map(String)

const plain = (name: string, series: readonly Series[], column: number): string[] =>
  series.map(
    ({ prefix, counter }) => `${name}{${prefix}${counter.text}} ${rounded(counter.values[column] ?? 0)}`,
  )

function durations(series: readonly Series[]): string[] {
  const name = "istio_request_duration_milliseconds"
  return series.flatMap(({ prefix, counter: { text, values } }) => {
    const labels = `${prefix}${text}`
    const count = rounded(values[httpColumns.requests] ?? 0)
    return [
      ...bounds.map(
        (bound, i) =>
          `${name}_bucket{${labels},le="${bound}"} ${rounded(values[httpColumns.buckets + i] ?? 0)}`,
      ),
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} ${rounded(values[httpColumns.durationMs] ?? 0)}`,
      `${name}_count{${labels}} ${count}`,
    ]
  })
}

/** Sizes have one bucket: the demo gives every call of a kind the same size, and twenty more lines a series would say nothing. */
const sizes = (name: string, series: readonly Series[], column: number): string[] =>
  series.flatMap(({ prefix, counter: { text, values } }) => {
    const count = rounded(values[httpColumns.requests] ?? 0)
    return [
      `${name}_bucket{${prefix}${text},le="+Inf"} ${count}`,
      `${name}_sum{${prefix}${text}} ${rounded(values[column] ?? 0)}`,
      `${name}_count{${prefix}${text}} ${count}`,
    ]
  })

const family = (name: string, type: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`# TYPE ${name} ${type}`, ...lines]

/** Prometheus' text format of the standard Istio metrics. */
export function exposition(all: readonly Series[]): string {
  const http = all.filter(({ counter }) => counter.protocol !== "tcp")
  const tcp = all.filter(({ counter }) => counter.protocol === "tcp")
  const lines = [
    ...family("istio_requests_total", "counter", plain("istio_requests_total", http, httpColumns.requests)),
    ...family("istio_request_duration_milliseconds", "histogram", durations(http)),
    ...family(
      "istio_request_bytes",
      "histogram",
      sizes("istio_request_bytes", http, httpColumns.requestBytes),
    ),
    ...family(
      "istio_response_bytes",
      "histogram",
      sizes("istio_response_bytes", http, httpColumns.responseBytes),
    ),
    ...[
      ["istio_tcp_sent_bytes_total", tcpColumns.sentBytes] as const,
      ["istio_tcp_received_bytes_total", tcpColumns.receivedBytes] as const,
      ["istio_tcp_connections_opened_total", tcpColumns.opened] as const,
      ["istio_tcp_connections_closed_total", tcpColumns.closed] as const,
    ].flatMap(([name, column]) => family(name, "counter", plain(name, tcp, column))),
  ]
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}
