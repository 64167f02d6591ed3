import type { CircuitBreakerForm } from "#shared/edit/form.ts"

export type Pool = NonNullable<CircuitBreakerForm["connectionPool"]>
export type Outlier = NonNullable<CircuitBreakerForm["outlierDetection"]>

type Field<K> = {
  key: K
  label: string
  kind: "count" | "duration" | "percent"
  /** What Istio does where nothing is said. */
  usual: string
  help?: string
}

/** https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings; limits without a default are 2^32-1 in the proxies. */
export const poolFields = [
  { key: "maxConnections", label: "Connections", kind: "count", usual: "no limit" },
  { key: "http1MaxPendingRequests", label: "Waiting requests", kind: "count", usual: "no limit" },
  { key: "http2MaxRequests", label: "Requests at once", kind: "count", usual: "no limit" },
  { key: "maxRequestsPerConnection", label: "Requests a connection", kind: "count", usual: "no limit" },
  { key: "maxRetries", label: "Retries at once", kind: "count", usual: "no limit" },
  { key: "connectTimeout", label: "Timeout to connect", kind: "duration", usual: "10s" },
  { key: "idleTimeout", label: "HTTP idle timeout", kind: "duration", usual: "1h" },
  { key: "tcpIdleTimeout", label: "TCP idle timeout", kind: "duration", usual: "1h" },
  { key: "maxConnectionDuration", label: "Age of a connection", kind: "duration", usual: "no limit" },
] as const satisfies readonly Field<keyof Pool>[]

/** https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection */
export const outlierFields = [
  { key: "consecutive5xxErrors", label: "5xx answers in a row", kind: "count", usual: "5" },
  {
    key: "consecutiveGatewayErrors",
    label: "502, 503, 504 in a row",
    kind: "count",
    usual: "off",
  },
  { key: "interval", label: "Looked at every", kind: "duration", usual: "10s" },
  { key: "baseEjectionTime", label: "Taken out for", kind: "duration", usual: "30s" },
  { key: "maxEjectionPercent", label: "At most taken out", kind: "percent", usual: "10" },
  { key: "minHealthPercent", label: "Only while healthy", kind: "percent", usual: "0" },
] as const satisfies readonly Field<keyof Outlier>[]

export const localField = {
  key: "consecutiveLocalOriginFailures",
  label: "Failures to connect in a row",
  kind: "count",
  usual: "5",
} as const satisfies Field<keyof Outlier>

export const upgrades = [
  { value: "", label: "As the mesh says" },
  { value: "DEFAULT", label: "Default" },
  { value: "DO_NOT_UPGRADE", label: "Never" },
  { value: "UPGRADE", label: "Upgrade HTTP/1.1 to HTTP/2" },
] as const
