import { rule } from "../../rule.ts"

const tls = "https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/"
const auto = "https://istio.io/latest/docs/tasks/security/authentication/authn-policy/#auto-mutual-tls"

export const plaintextToStrict = rule({
  code: "destinationrule.plaintext_to_strict",
  aliases: ["KIA0207"],
  level: "error",
  title: "DestinationRule sends plain text to servers that take only mutual TLS",
  effect: "The servers close the connections, and callers get 503",
  remedy:
    "Leave the mode out, so that mutual TLS is used where the server has a proxy, or make the server PERMISSIVE",
  source: tls,
})

export const plaintextToMeshStrict = rule({
  code: "destinationrule.plaintext_to_mesh_strict",
  aliases: ["KIA0208"],
  level: "error",
  title: "DestinationRule sends plain text in a mesh that takes only mutual TLS",
  effect: "The servers close the connections, and callers get 503",
  remedy: "Leave the mode out, so that mutual TLS is used where the server has a proxy",
  source: tls,
})

export const mutualToDisabled = rule({
  code: "destinationrule.mutual_to_disabled",
  aliases: [],
  level: "error",
  title: "DestinationRule asks for mutual TLS of servers that have it disabled",
  effect: "The servers take the handshake for data, and callers get 503",
  remedy: "Leave the mode out, or let the PeerAuthentication be PERMISSIVE",
  source: tls,
})

export const mutualToNoProxy = rule({
  code: "destinationrule.mutual_to_no_proxy",
  aliases: ["KIA0205", "KIA0206"],
  level: "error",
  title: "DestinationRule asks for mutual TLS of pods without a proxy",
  effect: "The application takes the handshake for data, and callers get 503",
  remedy: "Leave the mode out, so that each pod is called as it can answer, or bring the pods into the mesh",
  source: tls,
})

export const mutualToExternal = rule({
  code: "destinationrule.mutual_to_external",
  aliases: [],
  level: "warning",
  title: "DestinationRule uses the mesh's own certificates for a host outside",
  effect:
    "The host does not know the mesh's authority, and refuses the connection unless it is of a mesh with the same root",
  remedy: "Use SIMPLE, or MUTUAL with a certificate of that host's authority",
  source: tls,
})

export const tlsToSidecar = rule({
  code: "destinationrule.tls_to_sidecar",
  aliases: [],
  level: "error",
  title: "DestinationRule originates its own TLS to servers in the mesh",
  effect:
    "A server that takes only mutual TLS refuses it; a PERMISSIVE one hands the encrypted bytes to the application",
  remedy: "Leave the mode out, or use ISTIO_MUTUAL",
  source: tls,
})

export const widerHidden = rule({
  code: "destinationrule.hides_wider_mutual",
  aliases: ["KIA0204"],
  level: "warning",
  title: "DestinationRule hides the mutual TLS of a wider one",
  effect:
    "Only the rule with the closest host counts; this one says nothing of TLS, and automatic mutual TLS is off, so plain text is sent",
  remedy: "Say trafficPolicy.tls.mode ISTIO_MUTUAL here too",
  source: tls,
})

export const strictWithoutMeshRule = rule({
  code: "peerauthentication.strict_mesh_without_client_mutual",
  aliases: ["KIA0401"],
  level: "error",
  title: "Mesh takes only mutual TLS, and its clients send plain text",
  effect: "Automatic mutual TLS is off and no DestinationRule asks for it, so servers close the connections",
  remedy: "Turn enableAutoMtls on, or ask for ISTIO_MUTUAL in a DestinationRule for the mesh",
  source: auto,
})

export const strictWithoutRule = rule({
  code: "peerauthentication.strict_without_client_mutual",
  aliases: ["KIA0501"],
  level: "error",
  title: "Namespace takes only mutual TLS, and its clients send plain text",
  effect: "Automatic mutual TLS is off and no DestinationRule asks for it, so servers close the connections",
  remedy: "Turn enableAutoMtls on, or ask for ISTIO_MUTUAL in a DestinationRule for the namespace",
  source: auto,
})

export const disabledToMutual = rule({
  code: "peerauthentication.disabled_with_client_mutual",
  aliases: ["KIA0505"],
  level: "error",
  title: "Namespace disables mutual TLS, and its clients use it",
  effect: "The servers take the handshake for data, and callers get 503",
  remedy: "Make it PERMISSIVE, or disable TLS in a DestinationRule for the namespace",
  source: tls,
})

export const meshDisabledToMutual = rule({
  code: "peerauthentication.mesh_disabled_with_client_mutual",
  aliases: ["KIA0506"],
  level: "error",
  title: "Mesh disables mutual TLS, and its clients use it",
  effect: "The servers take the handshake for data, and callers get 503",
  remedy: "Make it PERMISSIVE, or disable TLS in the DestinationRule",
  source: tls,
})

export const plaintextClients = rule({
  code: "peerauthentication.strict_beside_plaintext",
  aliases: [],
  level: "info",
  title: "Pods without a proxy stand beside servers that take only mutual TLS",
  effect: "Calls from them are refused, and nothing asks mutual TLS of those who call them",
  remedy: "Bring them into the mesh, or make the servers they call PERMISSIVE",
  source: "https://istio.io/latest/docs/concepts/security/#peer-authentication",
})

export const mtlsNeeded = rule({
  code: "authorizationpolicy.identity_without_mutual_tls",
  aliases: ["KIA0105"],
  level: "error",
  title: "Rule asks for an identity that callers cannot show",
  effect: "Callers come in plain text and have no identity: ALLOW lets none of them in, DENY stops none",
  remedy: "Let the workloads be called with mutual TLS, or ask for something else than an identity",
  source: "https://istio.io/latest/docs/concepts/security/#dependency-on-mutual-tls",
})

export const mtlsRules = [
  plaintextToStrict,
  plaintextToMeshStrict,
  mutualToDisabled,
  mutualToNoProxy,
  mutualToExternal,
  tlsToSidecar,
  widerHidden,
  strictWithoutMeshRule,
  strictWithoutRule,
  disabledToMutual,
  meshDisabledToMutual,
  plaintextClients,
  mtlsNeeded,
] as const
