import { z } from "zod"

/**
 * What a control's form shows of plain objects, as data. Every schema here is read from objects (`read`) and turned back into the smallest edits of them
 * (`edits`); what a form cannot show is left as it is and told of.
 */

const KubeName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "wants a Kubernetes name: lower case letters, digits, - and .")

/** Go's duration as Istio takes it: `1.5s`, `250ms`, `1m30s`. */
export const Duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, "wants a duration such as 250ms, 1.5s or 1m")
export const Percent = z.number().min(0).max(100)

/** A service, as people write it: `NAMESPACE/SERVICE`. */
export const ServiceName = z.object({ namespace: KubeName, name: KubeName }).meta({ id: "ServiceName" })
export type ServiceName = z.infer<typeof ServiceName>

/** How a text is compared; one of the three. Regular expressions are RE2's. */
export const StringMatch = z
  .union([
    z.strictObject({ exact: z.string() }),
    z.strictObject({ prefix: z.string().min(1) }),
    z.strictObject({ regex: z.string().min(1) }),
  ])
  .meta({ id: "StringMatch" })
export type StringMatch = z.infer<typeof StringMatch>

/** Of a header: also that it is there at all. */
const HeaderMatch = z.union([...StringMatch.options, z.strictObject({ present: z.literal(true) })])

/** One match of a rule: all that is given must hold. A rule takes a request that one of its matches takes. */
export const Match = z
  .strictObject({
    /** Place of this match in its rule as it was read; null or absent: a new one. */
    origin: z.int().nonnegative().nullable().optional(),
    name: z.string().optional(),
    uri: StringMatch.optional(),
    ignoreUriCase: z.boolean().optional(),
    method: StringMatch.optional(),
    scheme: StringMatch.optional(),
    authority: StringMatch.optional(),
    headers: z.record(z.string(), HeaderMatch).optional(),
    withoutHeaders: z.record(z.string(), HeaderMatch).optional(),
    queryParams: z.record(z.string(), HeaderMatch).optional(),
    port: z.int().min(1).max(65535).optional(),
    sourceLabels: z.record(z.string(), z.string()).optional(),
    sourceNamespace: z.string().optional(),
    gateways: z.array(z.string()).optional(),
  })
  .meta({ id: "RouteMatch" })
export type Match = z.infer<typeof Match>

/** Where requests go. Absent `host`: the service itself. `subset` is a version of it (of a Gateway API route: the Service that stands for it). */
export const Destination = z
  .strictObject({
    host: z.string().min(1).optional(),
    subset: z.string().min(1).optional(),
    port: z.int().min(1).max(65535).optional(),
  })
  .meta({ id: "RouteDestination" })
export type Destination = z.infer<typeof Destination>

const HeaderOperations = z.strictObject({
  set: z.record(z.string(), z.string()).optional(),
  add: z.record(z.string(), z.string()).optional(),
  remove: z.array(z.string()).optional(),
})

export const FaultForm = z
  .strictObject({
    delay: z.strictObject({ percent: Percent, fixedDelay: Duration }).optional(),
    /** One of httpStatus (200..599) and grpcStatus (`UNAVAILABLE`). */
    abort: z
      .strictObject({
        percent: Percent,
        httpStatus: z.int().min(200).max(599).optional(),
        grpcStatus: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: "FaultForm" })
export type FaultForm = z.infer<typeof FaultForm>

export const MirrorTarget = z
  .strictObject({ destination: Destination, percent: Percent })
  .meta({ id: "MirrorTarget" })
export type MirrorTarget = z.infer<typeof MirrorTarget>

const Action = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("route"),
    /** Weights are whole numbers that sum to 100; of a single destination the weight may be left out. */
    destinations: z.array(
      z.strictObject({
        origin: z.int().nonnegative().nullable().optional(),
        destination: Destination,
        weight: z.int().min(0).max(100).optional(),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal("redirect"),
    uri: z.string().optional(),
    authority: z.string().optional(),
    scheme: z.enum(["http", "https"]).optional(),
    port: z.int().min(1).max(65535).optional(),
    code: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal("direct"),
    status: z.int().min(100).max(599),
    body: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("delegate"), namespace: z.string(), name: z.string() }),
])

export const HttpRule = z
  .strictObject({
    /** Place of the rule in its object as it was read; null or absent: a new one. What the form cannot show moves with it. */
    origin: z.int().nonnegative().nullable().optional(),
    name: z.string().optional(),
    /** None: every request. */
    matches: z.array(Match),
    action: Action,
    rewrite: z
      .strictObject({
        uri: z.string().optional(),
        uriRegex: z.strictObject({ match: z.string(), rewrite: z.string() }).optional(),
        authority: z.string().optional(),
      })
      .optional(),
    timeout: Duration.optional(),
    retries: z
      .strictObject({
        attempts: z.int().min(0),
        perTryTimeout: Duration.optional(),
        retryOn: z.string().optional(),
      })
      .optional(),
    cors: z
      .strictObject({
        allowOrigins: z.array(StringMatch).optional(),
        allowMethods: z.array(z.string()).optional(),
        allowHeaders: z.array(z.string()).optional(),
        exposeHeaders: z.array(z.string()).optional(),
        maxAge: Duration.optional(),
        allowCredentials: z.boolean().optional(),
      })
      .optional(),
    headers: z
      .strictObject({ request: HeaderOperations.optional(), response: HeaderOperations.optional() })
      .optional(),
    mirrors: z.array(MirrorTarget).optional(),
    fault: FaultForm.optional(),
  })
  .meta({ id: "HttpRule" })
export type HttpRule = z.infer<typeof HttpRule>

const L4Destinations = z.array(
  z.strictObject({ destination: Destination, weight: z.int().min(0).max(100).optional() }),
)
const L4Match = z.strictObject({
  destinationSubnets: z.array(z.string()).optional(),
  port: z.int().min(1).max(65535).optional(),
  sourceLabels: z.record(z.string(), z.string()).optional(),
  sourceNamespace: z.string().optional(),
  gateways: z.array(z.string()).optional(),
})
const TcpRule = z.strictObject({
  origin: z.int().nonnegative().nullable().optional(),
  matches: z.array(L4Match),
  destinations: L4Destinations,
})
const TlsRule = z.strictObject({
  origin: z.int().nonnegative().nullable().optional(),
  matches: z.array(L4Match.extend({ sniHosts: z.array(z.string()).min(1) })),
  destinations: L4Destinations,
})

/** All routes of a service, in order. */
export const RoutingForm = z
  .strictObject({
    /** Absent: the short or full name of the service. */
    hosts: z.array(z.string()).optional(),
    /** Absent: `mesh`. */
    gateways: z.array(z.string()).optional(),
    http: z.array(HttpRule),
    tcp: z.array(TcpRule).optional(),
    tls: z.array(TlsRule).optional(),
  })
  .meta({ id: "RoutingForm" })
export type RoutingForm = z.infer<typeof RoutingForm>

/** Which rule of a service's routes is meant: its number from 1, or what it matches (a rule is made before the others when none does). Neither: the one that takes everything. */
const Which = { rule: z.int().positive().optional(), match: Match.optional() }

export const ShiftForm = z
  .strictObject({
    ...Which,
    /** Whole numbers that sum to 100. */
    weights: z.record(z.string(), z.int().min(0).max(100)),
  })
  .meta({ id: "ShiftForm" })
export type ShiftForm = z.infer<typeof ShiftForm>

export const MirrorForm = z
  .strictObject({ ...Which, mirrors: z.array(MirrorTarget).min(1) })
  .meta({ id: "MirrorForm" })
export type MirrorForm = z.infer<typeof MirrorForm>

export const FaultControlForm = FaultForm.extend(Which).meta({ id: "FaultControlForm" })
export type FaultControlForm = z.infer<typeof FaultControlForm>

/** Where in a DestinationRule: the whole host, one subset of it, one port of either. */
export const PolicyScope = z
  .strictObject({ subset: z.string().optional(), port: z.int().min(1).max(65535).optional() })
  .meta({ id: "PolicyScope" })
export type PolicyScope = z.infer<typeof PolicyScope>

const count = z.int().min(0).max(2_147_483_647)
export const CircuitBreakerForm = z
  .strictObject({
    connectionPool: z
      .strictObject({
        maxConnections: count.optional(),
        connectTimeout: Duration.optional(),
        tcpIdleTimeout: Duration.optional(),
        maxConnectionDuration: Duration.optional(),
        http1MaxPendingRequests: count.optional(),
        http2MaxRequests: count.optional(),
        maxRequestsPerConnection: count.optional(),
        maxRetries: count.optional(),
        idleTimeout: Duration.optional(),
        h2UpgradePolicy: z.enum(["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]).optional(),
      })
      .optional(),
    outlierDetection: z
      .strictObject({
        consecutive5xxErrors: count.optional(),
        consecutiveGatewayErrors: count.optional(),
        consecutiveLocalOriginFailures: count.optional(),
        splitExternalLocalOriginErrors: z.boolean().optional(),
        interval: Duration.optional(),
        baseEjectionTime: Duration.optional(),
        maxEjectionPercent: z.int().min(0).max(100).optional(),
        minHealthPercent: z.int().min(0).max(100).optional(),
      })
      .optional(),
  })
  .meta({ id: "CircuitBreakerForm" })
export type CircuitBreakerForm = z.infer<typeof CircuitBreakerForm>

export const LoadBalancingForm = z
  .strictObject({
    simple: z
      .enum(["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "PASSTHROUGH", "LEAST_CONN", "UNSPECIFIED"])
      .optional(),
    consistentHash: z
      .strictObject({
        /** One of the four keys. */
        httpHeaderName: z.string().optional(),
        httpQueryParameterName: z.string().optional(),
        useSourceIp: z.boolean().optional(),
        httpCookie: z
          .strictObject({ name: z.string(), path: z.string().optional(), ttl: Duration.optional() })
          .optional(),
        /** One of the two rings. */
        ringHash: z.strictObject({ minimumRingSize: count.optional() }).optional(),
        maglev: z.strictObject({ tableSize: count.optional() }).optional(),
      })
      .optional(),
    locality: z
      .strictObject({
        enabled: z.boolean().optional(),
        /** `from` and each `to` are `region/zone/subzone`; weights sum to 100. */
        distribute: z
          .array(z.strictObject({ from: z.string(), to: z.record(z.string(), z.int().min(0).max(100)) }))
          .optional(),
        failover: z.array(z.strictObject({ from: z.string(), to: z.string() })).optional(),
        failoverPriority: z.array(z.string()).optional(),
      })
      .optional(),
    warmup: z
      .strictObject({
        duration: Duration,
        minimumPercent: z.number().optional(),
        aggression: z.number().optional(),
      })
      .optional(),
  })
  .meta({ id: "LoadBalancingForm" })
export type LoadBalancingForm = z.infer<typeof LoadBalancingForm>

export const ClientTlsForm = z
  .strictObject({
    mode: z.enum(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]),
    sni: z.string().optional(),
    credentialName: z.string().optional(),
    clientCertificate: z.string().optional(),
    privateKey: z.string().optional(),
    caCertificates: z.string().optional(),
    subjectAltNames: z.array(z.string()).optional(),
    insecureSkipVerify: z.boolean().optional(),
  })
  .meta({ id: "ClientTlsForm" })
export type ClientTlsForm = z.infer<typeof ClientTlsForm>

/** What mTLS is said for: the mesh (neither), a namespace, a service's workloads, one port of them. */
export const MtlsScope = z
  .strictObject({
    namespace: KubeName.optional(),
    service: KubeName.optional(),
    port: z.int().min(1).max(65535).optional(),
  })
  .meta({ id: "MtlsScope" })
export type MtlsScope = z.infer<typeof MtlsScope>

/** require, allow, disable; `unset` takes over what the level above says. */
export const MtlsMode = z.enum(["STRICT", "PERMISSIVE", "DISABLE", "UNSET"])
export type MtlsMode = z.infer<typeof MtlsMode>
export const MtlsForm = z.strictObject({ mode: MtlsMode }).meta({ id: "MtlsForm" })
export type MtlsForm = z.infer<typeof MtlsForm>
