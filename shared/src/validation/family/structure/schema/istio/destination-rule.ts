import { object, list, map, string, choice, integer, decimal, boolean, uint32, int32 } from "../../schema.ts"
import { duration } from "../../duration.ts"
import { strings, stringMap } from "../common.ts"
import { connectionPool, portNumber, policySelector } from "./common.ts"

const failovers = list(object({ from: string, to: string }))

const loadBalancer = object(
  {
    backendUtilization: object({
      errorUtilizationPenaltyPercent: uint32,
      metricNamesForComputingUtilization: strings,
      weightExpirationPeriod: string,
      weightStabilizationPeriod: string,
      weightUpdatePeriod: string,
    }),
    consistentHash: object(
      {
        httpCookie: object(
          {
            attributes: list(object({ name: string, value: string }, { required: ["name"] })),
            name: string,
            path: string,
            ttl: string,
          },
          { required: ["name"] },
        ),
        httpHeaderName: string,
        httpQueryParameterName: string,
        maglev: object({ tableSize: integer(0, Infinity) }),
        minimumRingSize: integer(0, Infinity),
        ringHash: object({ minimumRingSize: integer(0, Infinity) }),
        useSourceIp: boolean,
      },
      {
        exclusive: [
          ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
          ["ringHash", "maglev"],
        ],
      },
    ),
    localityLbSetting: object({
      distribute: list(object({ from: string, to: map(uint32) })),
      enabled: boolean,
      failover: failovers,
      failoverPriority: strings,
    }),
    simple: choice("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    warmup: object(
      { aggression: decimal(0, Infinity), duration, minimumPercent: decimal(0, 100) },
      { required: ["duration"] },
    ),
    warmupDurationSecs: duration,
    zoneAwareLbSetting: object({
      enabled: boolean,
      failover: failovers,
      failoverPriority: strings,
      minClusterSize: integer(1, 4294967295),
    }),
  },
  { exclusive: [["simple", "consistentHash", "backendUtilization"]] },
)

const outlierDetection = object({
  baseEjectionTime: duration,
  consecutive5xxErrors: uint32,
  consecutiveErrors: int32,
  consecutiveGatewayErrors: uint32,
  consecutiveLocalOriginFailures: uint32,
  interval: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
  outlierDetectionHttpErrorCodes: list(integer(100, 599)),
  splitExternalLocalOriginErrors: boolean,
})

const clientTls = object({
  caCertificates: string,
  caCrl: string,
  clientCertificate: string,
  credentialName: string,
  insecureSkipVerify: boolean,
  mode: choice("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  privateKey: string,
  sni: string,
  subjectAltNames: strings,
})

const trafficPolicy = object({
  connectionPool,
  loadBalancer,
  outlierDetection,
  portLevelSettings: list(
    object({
      connectionPool,
      loadBalancer,
      outlierDetection,
      port: portNumber,
      tls: clientTls,
    }),
    { max: 4096 },
  ),
  proxyProtocol: object({ version: choice("V1", "V2") }),
  retryBudget: object({ budgetInterval: string, minRetryConcurrency: uint32, percent: decimal(0, 100) }),
  tls: clientTls,
  tunnel: object(
    { protocol: string, targetHost: string, targetPort: uint32 },
    { required: ["targetHost", "targetPort"] },
  ),
})

export const destinationRule = object(
  {
    exportTo: strings,
    host: string,
    subsets: list(object({ labels: stringMap, name: string, trafficPolicy }, { required: ["name"] })),
    trafficPolicy,
    workloadSelector: policySelector,
  },
  { required: ["host"] },
)
