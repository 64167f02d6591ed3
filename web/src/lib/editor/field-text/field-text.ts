import { destinationRule } from "./destination-rule.ts"
import * as api from "./gateway-api.ts"
import { gateway, serviceEntry, sidecar } from "./networking.ts"
import { authorizationPolicy, peerAuthentication, requestAuthentication } from "./security.ts"
import type { Texts } from "./text.ts"
import { virtualService } from "./virtual-service.ts"

/** `otherwise`: what holds where the field is absent; empty: nothing is said of it. */
export type FieldText = { says: string; otherwise: string }

const gatewayApi = "gateway.networking.k8s.io"

/** By KindKey. */
export const fieldTexts: Readonly<Record<string, Texts>> = {
  "VirtualService.networking.istio.io": virtualService,
  "DestinationRule.networking.istio.io": destinationRule,
  "Gateway.networking.istio.io": gateway,
  "ServiceEntry.networking.istio.io": serviceEntry,
  "Sidecar.networking.istio.io": sidecar,
  "PeerAuthentication.security.istio.io": peerAuthentication,
  "AuthorizationPolicy.security.istio.io": authorizationPolicy,
  "RequestAuthentication.security.istio.io": requestAuthentication,
  [`HTTPRoute.${gatewayApi}`]: api.httpRoute,
  [`GRPCRoute.${gatewayApi}`]: api.grpcRoute,
  [`TCPRoute.${gatewayApi}`]: api.streamRoute,
  [`TLSRoute.${gatewayApi}`]: api.tlsRoute,
  [`Gateway.${gatewayApi}`]: api.gateway,
  [`ReferenceGrant.${gatewayApi}`]: api.referenceGrant,
}

const everywhere: Texts = {
  apiVersion: "API group and version in which the object is written.",
  kind: "Kind of the object.",
  "metadata.name": "Name of the object in its namespace.",
  "metadata.namespace": "Namespace of the object.",
  "metadata.labels": "Labels by which others choose the object.",
  "metadata.annotations": "Notes for programs and people; nothing chooses by them.",
  status: "What controllers say of the object; it is not written by hand.",
}

/** Of a field at its path, with `*` for the keys of maps. */
export function textOf(kindKey: string, path: string): FieldText {
  const entry = fieldTexts[kindKey]?.[path] ?? everywhere[path] ?? ""
  const [says, otherwise] = typeof entry === "string" ? [entry, ""] : entry
  return { says, otherwise }
}
