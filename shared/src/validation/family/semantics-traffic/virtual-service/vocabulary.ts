/** Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
export const grpcStatuses: ReadonlySet<string> = new Set(
  (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED " +
    "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
  ).split(" "),
)

/** Methods that a CORS policy may allow. */
export const methods: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS TRACE *".split(" "),
)

/** A status a proxy may answer with; Istio lets 600 through as well. */
export const isHttpStatus = (status: number): boolean => status >= 200 && status <= 600

/** Source: Envoy, x-envoy-retry-on and x-envoy-retry-grpc-on. */
const conditions = new Set(
  (
    "5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream retriable-status-codes " +
    "retriable-headers envoy-ratelimited http3-post-connect-failure " +
    "cancelled deadline-exceeded internal resource-exhausted unavailable"
  ).split(" "),
)

/** Statuses with a name in the registry of IANA, as ranges. */
const named: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
]

/** Whether a part of `retryOn` is a condition of Envoy or a status to retry on. */
export function isRetryCondition(condition: string): boolean {
  if (conditions.has(condition)) return true
  const status = /^[+]?\d+$/.test(condition) ? Number(condition) : 0
  return named.some(([first, last]) => status >= first && status <= last)
}
