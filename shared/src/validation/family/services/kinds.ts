/** The kinds these rules look at, by key. */
export const destinationRuleKind = "DestinationRule.networking.istio.io"
export const serviceEntryKind = "ServiceEntry.networking.istio.io"
export const sidecarKind = "Sidecar.networking.istio.io"
export const virtualServiceKind = "VirtualService.networking.istio.io"
export const workloadEntryKind = "WorkloadEntry.networking.istio.io"
export const workloadGroupKind = "WorkloadGroup.networking.istio.io"
export const telemetryKind = "Telemetry.telemetry.istio.io"
export const wasmPluginKind = "WasmPlugin.extensions.istio.io"
export const requestAuthenticationKind = "RequestAuthentication.security.istio.io"
export const peerAuthenticationKind = "PeerAuthentication.security.istio.io"
export const deploymentKind = "Deployment.apps"

/** What the model's instances are made of. */
export const instanceKinds = ["Pod", workloadEntryKind] as const
/** What the model's services are made of. */
export const registryKinds = ["Service", serviceEntryKind] as const
/** What has pods to come. */
export const templateKinds = [
  deploymentKind,
  "StatefulSet.apps",
  "DaemonSet.apps",
  workloadGroupKind,
] as const
