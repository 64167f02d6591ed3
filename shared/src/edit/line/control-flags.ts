import { type FormFlag, choice, flag } from "./form-flag.ts"

/** The flags of the controls, with Istio's names, or those of SMM 1.x where they were shorter. Source: networking.istio.io/v1 DestinationRule. */

const pool = "connectionPool"
const outlier = "outlierDetection"

export const circuitBreakerFlags: readonly FormFlag[] = [
  flag("count", ["max-connections", `${pool}.maxConnections`], "connections to each host"),
  flag("duration", ["connect-timeout", `${pool}.connectTimeout`], "time for a TCP connection"),
  flag(
    "duration",
    ["tcp-idle-timeout", `${pool}.tcpIdleTimeout`],
    "idle TCP connections are closed after it",
  ),
  flag(
    "duration",
    ["max-connection-duration", `${pool}.maxConnectionDuration`],
    "connections are closed after it",
  ),
  flag(
    "count",
    ["max-pending-requests", `${pool}.http1MaxPendingRequests`],
    "requests waiting for a connection",
  ),
  flag("count", ["max-requests", `${pool}.http2MaxRequests`], "requests at the same time"),
  flag("count", ["max-requests-per-connection", `${pool}.maxRequestsPerConnection`], "1: no keep-alive"),
  flag("count", ["max-retries", `${pool}.maxRetries`], "retries at the same time"),
  flag(
    "duration",
    ["idle-timeout", `${pool}.idleTimeout`],
    "connections without a request are closed after it",
  ),
  choice(["h2-upgrade-policy", `${pool}.h2UpgradePolicy`], "whether HTTP/1.1 becomes HTTP/2", [
    "DEFAULT",
    "DO_NOT_UPGRADE",
    "UPGRADE",
  ]),
  flag("count", ["consecutive-5xx", `${outlier}.consecutive5xxErrors`], "server errors that eject a host"),
  flag(
    "count",
    ["consecutive-gateway-errors", `${outlier}.consecutiveGatewayErrors`],
    "502, 503, 504 that do",
  ),
  flag(
    "count",
    ["consecutive-local-origin-failures", `${outlier}.consecutiveLocalOriginFailures`],
    "failures to connect that do",
  ),
  flag(
    "switch",
    ["split-external-local-origin-errors", `${outlier}.splitExternalLocalOriginErrors`],
    "count those apart",
  ),
  flag("duration", ["interval", `${outlier}.interval`], "between two looks at the hosts"),
  flag("duration", ["base-ejection-time", `${outlier}.baseEjectionTime`], "times the number of ejections"),
  flag("count", ["max-ejection-percent", `${outlier}.maxEjectionPercent`], "hosts ejected at most", {
    value: "percent",
  }),
  flag("count", ["min-health-percent", `${outlier}.minHealthPercent`], "below it nobody is ejected", {
    value: "percent",
  }),
]

/** `REGION/ZONE/SUBZONE=TO:WEIGHT,TO:WEIGHT` */
function distribution(text: string): unknown {
  const [, from, targets = ""] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (from === undefined) return undefined
  const pairs = targets.split(",").map((target) => /^(.+):(\d{1,3})$/.exec(target))
  if (pairs.includes(null)) return undefined
  return { from, to: Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", Number(pair?.[2])])) }
}
type Distribution = { from: string; to: Record<string, number> }
type Failover = { from: string; to: string }

const localityFlags: readonly FormFlag[] = [
  flag("switch", ["locality", "locality.enabled"], "prefer what is near"),
  {
    name: "distribute",
    path: ["locality", "distribute"],
    value: "from=to:weight,...",
    words: "where requests of a locality go: 'eu/a/*=eu/a/*:80,eu/b/*:20'; repeated",
    many: "list",
    read: distribution,
    write: (value) => {
      const { from, to } = value as Distribution
      return `${from}=${Object.entries(to)
        .map(([name, weight]) => `${name}:${weight}`)
        .join(",")}`
    },
    wants: "FROM=TO:WEIGHT,TO:WEIGHT, each as REGION/ZONE/SUBZONE",
  },
  {
    name: "failover",
    path: ["locality", "failover"],
    value: "from=to",
    words: "region that takes over from another: eu=us; repeated",
    many: "list",
    read: (text) => {
      const [, from, to] = /^([^=]+)=(.+)$/.exec(text) ?? []
      return from === undefined ? undefined : { from, to }
    },
    write: (value) => `${(value as Failover).from}=${(value as Failover).to}`,
    wants: "FROM=TO, regions",
  },
  flag("text", ["failover-priority", "locality.failoverPriority"], "label that orders hosts; repeated", {
    value: "label",
    many: "list",
  }),
]

const hash = "consistentHash"

export const loadBalancingFlags: readonly FormFlag[] = [
  choice(["algorithm", "simple"], "how a host is chosen", [
    "ROUND_ROBIN",
    "LEAST_REQUEST",
    "RANDOM",
    "PASSTHROUGH",
    "LEAST_CONN",
    "UNSPECIFIED",
  ]),
  flag("text", ["hash-header", `${hash}.httpHeaderName`], "same header, same host", { value: "name" }),
  flag("text", ["hash-query", `${hash}.httpQueryParameterName`], "same query parameter, same host", {
    value: "name",
  }),
  flag("switch", ["hash-source-ip", `${hash}.useSourceIp`], "same address, same host"),
  flag("text", ["hash-cookie", `${hash}.httpCookie.name`], "same cookie, same host", { value: "name" }),
  flag("text", ["hash-cookie-path", `${hash}.httpCookie.path`], "path of a cookie that is made", {
    value: "path",
  }),
  flag("duration", ["hash-cookie-ttl", `${hash}.httpCookie.ttl`], "makes the cookie where it is missing"),
  flag("count", ["ring-size", `${hash}.ringHash.minimumRingSize`], "ring hash, with at least so many places"),
  flag("count", ["maglev-table-size", `${hash}.maglev.tableSize`], "Maglev, with a table of this size"),
  ...localityFlags,
  flag("duration", ["warmup", "warmup.duration"], "new hosts get their full share after it"),
  flag("number", ["warmup-minimum-percent", "warmup.minimumPercent"], "share that they start with", {
    value: "percent",
  }),
  flag("number", ["warmup-aggression", "warmup.aggression"], "how fast it grows"),
]

export const clientTlsFlags: readonly FormFlag[] = [
  choice(["mode", "mode"], "how clients connect", ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]),
  flag("text", ["sni", "sni"], "name that is asked for", { value: "host" }),
  flag("text", ["credential-name", "credentialName"], "Secret with the certificates", { value: "name" }),
  flag("text", ["client-certificate", "clientCertificate"], "file in the proxy", { value: "path" }),
  flag("text", ["private-key", "privateKey"], "file in the proxy", { value: "path" }),
  flag("text", ["ca-certificates", "caCertificates"], "file in the proxy", { value: "path" }),
  flag("text", ["subject-alt-name", "subjectAltNames"], "name the server must have; repeated", {
    value: "name",
    many: "list",
  }),
  flag("switch", ["insecure-skip-verify", "insecureSkipVerify"], "take any certificate"),
]

/** What stands in every form about a rule: which one. */
export const faultFlags: readonly FormFlag[] = [
  {
    name: "abort",
    path: ["abort"],
    value: "status",
    words: "answer with this: 503, or of gRPC UNAVAILABLE",
    read: (text) => {
      if (/^\d{3}$/.test(text)) return { httpStatus: Number(text) }
      return /^[A-Z][A-Z_]*$/.test(text) ? { grpcStatus: text } : undefined
    },
    write: (value) => {
      const { httpStatus, grpcStatus } = value as { httpStatus?: number; grpcStatus?: string }
      return String(httpStatus ?? grpcStatus)
    },
    wants: "an HTTP status (503) or a gRPC one (UNAVAILABLE)",
  },
  flag("percent", ["abort-percent", "abort.percent"], "share of the requests; else --percent"),
  flag("duration", ["delay", "delay.fixedDelay"], "wait so long before the request goes on"),
  flag("percent", ["delay-percent", "delay.percent"], "share of the requests; else --percent"),
]
