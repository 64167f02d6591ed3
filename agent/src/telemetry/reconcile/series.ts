/** The metrics that are read. Names as of Istio's standard metrics (istio.io/latest/docs/reference/config/metrics). */
export const families = {
  requests: "istio_requests_total",
  duration: "istio_request_duration_milliseconds_bucket",
  requestBytes: "istio_request_bytes_sum",
  responseBytes: "istio_response_bytes_sum",
  tcpSent: "istio_tcp_sent_bytes_total",
  tcpReceived: "istio_tcp_received_bytes_total",
  tcpOpened: "istio_tcp_connections_opened_total",
  tcpClosed: "istio_tcp_connections_closed_total",
} as const

export type Family = keyof typeof families

/** A counter's growth per second, with the labels that its reader asked for. Bytes and durations may come without `*_cluster`, `*_app` and `*_version`. */
export type RateSeries = {
  family: Family
  labels: Readonly<Record<string, string | undefined>>
  perSecond: number
}
