/** The annotations of Istio, and the kinds they are read from. Source: istio.io/docs/reference/config/annotations. */

export type Annotation = { kinds: readonly string[]; stage: "alpha" | "beta" | "stable"; deprecated: boolean }

const pods = ["Pod"]

/** Names by what holds for all of them, joined by blanks. */
const groups: readonly [Annotation, string][] = [
  [
    { kinds: pods, stage: "alpha", deprecated: false },
    "ambient.istio.io/bypass-inbound-capture ambient.istio.io/dns-capture inject.istio.io/templates " +
      "istio.io/reroute-virtual-interfaces istio.io/rev prometheus.istio.io/merge-metrics proxy.istio.io/overrides " +
      "readiness.status.sidecar.istio.io/applicationPorts readiness.status.sidecar.istio.io/failureThreshold " +
      "readiness.status.sidecar.istio.io/initialDelaySeconds readiness.status.sidecar.istio.io/periodSeconds " +
      "sidecar.istio.io/agentLogLevel sidecar.istio.io/bootstrapOverride sidecar.istio.io/componentLogLevel " +
      "sidecar.istio.io/interceptionMode sidecar.istio.io/logLevel sidecar.istio.io/nativeSidecar " +
      "sidecar.istio.io/proxyCPU sidecar.istio.io/proxyCPULimit sidecar.istio.io/proxyImage " +
      "sidecar.istio.io/proxyImageType sidecar.istio.io/proxyMemory sidecar.istio.io/proxyMemoryLimit " +
      "sidecar.istio.io/rewriteAppHTTPProbers sidecar.istio.io/statsEvictionInterval " +
      "sidecar.istio.io/statsFlushInterval sidecar.istio.io/statsHistogramBins sidecar.istio.io/statsHistogramBuckets " +
      "sidecar.istio.io/status sidecar.istio.io/userVolume sidecar.istio.io/userVolumeMount " +
      "status.sidecar.istio.io/port traffic.sidecar.istio.io/excludeInboundPorts " +
      "traffic.sidecar.istio.io/excludeInterfaces traffic.sidecar.istio.io/excludeOutboundIPRanges " +
      "traffic.sidecar.istio.io/excludeOutboundPorts traffic.sidecar.istio.io/includeInboundPorts " +
      "traffic.sidecar.istio.io/includeOutboundIPRanges traffic.sidecar.istio.io/includeOutboundPorts",
  ],
  [{ kinds: pods, stage: "beta", deprecated: false }, "ambient.istio.io/redirection proxy.istio.io/config"],
  [
    { kinds: pods, stage: "alpha", deprecated: true },
    "sidecar.istio.io/discoveryAddress sidecar.istio.io/extraStatTags sidecar.istio.io/statsCompression " +
      "sidecar.istio.io/statsInclusionPrefixes sidecar.istio.io/statsInclusionRegexps " +
      "sidecar.istio.io/statsInclusionSuffixes traffic.sidecar.istio.io/kubevirtInterfaces",
  ],
  [{ kinds: pods, stage: "beta", deprecated: true }, "sidecar.istio.io/inject"],
  [
    { kinds: ["Service"], stage: "alpha", deprecated: true },
    "alpha.istio.io/canonical-serviceaccounts alpha.istio.io/kubernetes-serviceaccounts",
  ],
  [{ kinds: ["Service"], stage: "alpha", deprecated: false }, "networking.istio.io/exportTo"],
  [{ kinds: ["Service"], stage: "stable", deprecated: false }, "traffic.istio.io/nodeSelector"],
  [{ kinds: ["Ingress"], stage: "stable", deprecated: false }, "kubernetes.io/ingress.class"],
  [{ kinds: ["Namespace"], stage: "alpha", deprecated: false }, "topology.istio.io/controlPlaneClusters"],
  [{ kinds: ["AuthorizationPolicy"], stage: "alpha", deprecated: false }, "istio.io/dry-run"],
  [
    { kinds: ["Namespace", "Service", "ServiceEntry"], stage: "alpha", deprecated: false },
    "networking.istio.io/traffic-distribution istio.io/use-waypoint-canary-weight",
  ],
  [
    { kinds: ["Gateway"], stage: "alpha", deprecated: false },
    "gateway.istio.io/name-override gateway.istio.io/service-account networking.istio.io/service-type",
  ],
  [
    { kinds: ["GatewayClass", "Gateway"], stage: "alpha", deprecated: false },
    "ambient.istio.io/waypoint-inbound-binding",
  ],
  [
    { kinds: ["WorkloadEntry"], stage: "alpha", deprecated: false },
    "istio.io/autoRegistrationGroup istio.io/connectedAt istio.io/disconnectedAt istio.io/workloadController",
  ],
  /** On any kind. */
  [
    { kinds: [], stage: "alpha", deprecated: false },
    "galley.istio.io/analyze-suppress gateway.istio.io/controller-version",
  ],
]

export const annotations: ReadonlyMap<string, Annotation> = new Map(
  groups.flatMap(([annotation, names]) => names.split(" ").map((name) => [name, annotation] as const)),
)

/** Written by Istio itself, not by people. */
export const writtenByIstio: ReadonlySet<string> = new Set([
  "sidecar.istio.io/status",
  "gateway.istio.io/controller-version",
  "istio.io/rev",
])
