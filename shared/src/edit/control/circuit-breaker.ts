import { CircuitBreakerForm } from "../form.ts"
import { policyControl } from "../policy/control.ts"
import { fieldsOf } from "../policy/fields.ts"
import { failoverWithoutOutlier } from "../policy/warnings.ts"

const pool = "connectionPool"
const outlier = "outlierDetection"

const same = (section: string, names: readonly string[]): [string, string][] =>
  names.map((name) => [`${section}.${name}`, `${section}.${name}`])
const inPool = (part: "tcp" | "http", names: readonly string[]): [string, string][] =>
  names.map((name) => [`${pool}.${name}`, `${pool}.${part}.${name}`])

const fields = fieldsOf(
  CircuitBreakerForm,
  Object.fromEntries([
    ...inPool("tcp", ["maxConnections", "connectTimeout", "maxConnectionDuration"]),
    [`${pool}.tcpIdleTimeout`, `${pool}.tcp.idleTimeout`],
    ...inPool("http", [
      "http1MaxPendingRequests",
      "http2MaxRequests",
      "maxRequestsPerConnection",
      "maxRetries",
      "idleTimeout",
      "h2UpgradePolicy",
    ]),
    ...same(outlier, [
      "consecutive5xxErrors",
      "consecutiveGatewayErrors",
      "consecutiveLocalOriginFailures",
      "splitExternalLocalOriginErrors",
      "interval",
      "baseEjectionTime",
      "maxEjectionPercent",
      "minHealthPercent",
    ]),
  ]),
)

/** Connection pools and outlier detection of a DestinationRule's traffic policy. */
export const { read, plan } = policyControl<CircuitBreakerForm>({
  control: "circuit-breaker",
  words: "the circuit breaker",
  fields,
  sections: [pool, outlier],
  issues: () => [],
  without: (policy) => policy,
  warnings: ({ place, before, after }) => failoverWithoutOutlier(place, before, after),
})
