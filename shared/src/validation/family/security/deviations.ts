import type { Deviation } from "../../deviation.ts"

const reason =
  "Without a PeerAuthentication servers are PERMISSIVE, and the DestinationRule has clients use mutual TLS: callers do show an identity, and the policy works"
const issue = "https://github.com/kiali/kiali/issues/10235"

const identity = (id: string): Deviation => ({
  corpus: "kiali/fixtures",
  case: id,
  kind: "missing",
  code: "KIA0105",
  resource: "AuthorizationPolicy bookinfo/policy",
  reason,
  issue,
})

export const deviations: readonly Deviation[] = [
  identity("TestPeerAuthnNotFoundDestRuleIstioMutual:53 mtls_enabled_checker_6.yaml"),
  identity("TestAutoAuthzMeshDestRuleEnabled:115 mtls_enabled_checker_12.yaml"),
]
