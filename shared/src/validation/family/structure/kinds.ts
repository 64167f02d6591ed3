import { kindKey } from "../../../kube/object.ts"
import { any, list, map, object, string } from "./schema.ts"
import type { ObjectSchema } from "./schema.ts"
import { backendTlsPolicy } from "./schema/gateway-api/backend-tls-policy.ts"
import { gatewayClass } from "./schema/gateway-api/gateway-class.ts"
import { gateway as gatewayApiGateway } from "./schema/gateway-api/gateway.ts"
import { grpcRoute } from "./schema/gateway-api/grpc-route.ts"
import { httpRoute } from "./schema/gateway-api/http-route.ts"
import { listenerSet } from "./schema/gateway-api/listener-set.ts"
import { referenceGrant } from "./schema/gateway-api/reference-grant.ts"
import { tcpRoute, tcpRouteAlpha } from "./schema/gateway-api/tcp-route.ts"
import { tlsRoute, tlsRouteAlpha } from "./schema/gateway-api/tls-route.ts"
import { authorizationPolicy } from "./schema/istio/authorization-policy.ts"
import { destinationRule } from "./schema/istio/destination-rule.ts"
import { envoyFilter } from "./schema/istio/envoy-filter.ts"
import { gateway } from "./schema/istio/gateway.ts"
import { peerAuthentication } from "./schema/istio/peer-authentication.ts"
import { proxyConfig } from "./schema/istio/proxy-config.ts"
import { requestAuthentication } from "./schema/istio/request-authentication.ts"
import { serviceEntry } from "./schema/istio/service-entry.ts"
import { sidecar } from "./schema/istio/sidecar.ts"
import { telemetry } from "./schema/istio/telemetry.ts"
import { trafficExtension } from "./schema/istio/traffic-extension.ts"
import { virtualService } from "./schema/istio/virtual-service.ts"
import { wasmPlugin } from "./schema/istio/wasm-plugin.ts"
import { workloadEntry } from "./schema/istio/workload-entry.ts"
import { workloadGroup } from "./schema/istio/workload-group.ts"

/** A kind whose definition we know: the schema of whole objects in each version that the API server serves, the newest first. */
export type Kind = {
  kind: string
  versions: ReadonlyMap<string, ObjectSchema>
  /** The same by apiVersion. */
  byApiVersion: ReadonlyMap<unknown, ObjectSchema>
}

/** What every object has. Only what the API server reads as something else than text is looked at: it takes no number for a label. */
const metadata = object({
  name: string,
  generateName: string,
  namespace: string,
  labels: map(string),
  annotations: map(string),
  finalizers: list(string),
  uid: string,
  resourceVersion: string,
  generation: any,
  creationTimestamp: any,
  deletionTimestamp: any,
  deletionGracePeriodSeconds: any,
  ownerReferences: any,
  managedFields: any,
  selfLink: any,
  clusterName: any,
})

/** Status is written by controllers, through an API of its own. */
const whole = (spec: ObjectSchema, required: boolean): ObjectSchema =>
  object(
    { apiVersion: string, kind: string, metadata, spec, status: any },
    required ? { required: ["spec"] } : {},
  )

type Entry = [
  group: string,
  kind: string,
  needsSpec: boolean,
  versions: Readonly<Record<string, ObjectSchema>>,
]

const same = (spec: ObjectSchema, ...versions: readonly string[]): Record<string, ObjectSchema> =>
  Object.fromEntries(versions.map((version) => [version, spec]))

const networking = "networking.istio.io"
const security = "security.istio.io"
const extensions = "extensions.istio.io"
const gatewayApi = "gateway.networking.k8s.io"

const table: readonly Entry[] = [
  [networking, "VirtualService", false, same(virtualService, "v1", "v1beta1", "v1alpha3")],
  [networking, "DestinationRule", false, same(destinationRule, "v1", "v1beta1", "v1alpha3")],
  [networking, "Gateway", false, same(gateway, "v1", "v1beta1", "v1alpha3")],
  [networking, "ServiceEntry", true, same(serviceEntry, "v1", "v1beta1", "v1alpha3")],
  [networking, "Sidecar", false, same(sidecar, "v1", "v1beta1", "v1alpha3")],
  [networking, "WorkloadEntry", true, same(workloadEntry, "v1", "v1beta1", "v1alpha3")],
  [networking, "WorkloadGroup", true, same(workloadGroup, "v1", "v1beta1", "v1alpha3")],
  [networking, "EnvoyFilter", false, same(envoyFilter, "v1alpha3")],
  [networking, "ProxyConfig", false, same(proxyConfig, "v1beta1")],
  [security, "AuthorizationPolicy", false, same(authorizationPolicy, "v1", "v1beta1")],
  [security, "PeerAuthentication", false, same(peerAuthentication, "v1", "v1beta1")],
  [security, "RequestAuthentication", false, same(requestAuthentication, "v1", "v1beta1")],
  ["telemetry.istio.io", "Telemetry", false, same(telemetry, "v1", "v1alpha1")],
  [extensions, "WasmPlugin", true, same(wasmPlugin, "v1alpha1")],
  [extensions, "TrafficExtension", true, same(trafficExtension, "v1alpha1")],
  [gatewayApi, "GatewayClass", true, same(gatewayClass, "v1", "v1beta1")],
  [gatewayApi, "Gateway", true, same(gatewayApiGateway, "v1", "v1beta1")],
  [gatewayApi, "HTTPRoute", true, same(httpRoute, "v1", "v1beta1")],
  [gatewayApi, "GRPCRoute", true, same(grpcRoute, "v1")],
  [gatewayApi, "TLSRoute", true, { ...same(tlsRoute, "v1", "v1alpha3"), v1alpha2: tlsRouteAlpha }],
  [gatewayApi, "TCPRoute", true, { v1: tcpRoute, v1alpha2: tcpRouteAlpha }],
  [gatewayApi, "ReferenceGrant", true, same(referenceGrant, "v1", "v1beta1")],
  [gatewayApi, "ListenerSet", true, same(listenerSet, "v1")],
  [gatewayApi, "BackendTLSPolicy", true, same(backendTlsPolicy, "v1", "v1alpha3")],
]

/** The kinds of Istio 1.30 and Gateway API 1.6 (its experimental channel, which holds the standard one), by KindKey. */
export const kinds: ReadonlyMap<string, Kind> = new Map(
  table.map(([group, kind, needsSpec, versions]) => {
    const known = Object.entries(versions).map(
      ([version, spec]) => [version, whole(spec, needsSpec)] as const,
    )
    const byApiVersion = known.map(([version, schema]) => [`${group}/${version}`, schema] as const)
    return [
      kindKey(group, kind),
      { kind, versions: new Map(known), byApiVersion: new Map<unknown, ObjectSchema>(byApiVersion) },
    ]
  }),
)
