import { type Texts, selector, targetRefs, under } from "./text.ts"

const mode =
  "STRICT takes mutual TLS only, PERMISSIVE plain text as well, DISABLE none of it; UNSET leaves it to the wider policy."

export const peerAuthentication: Texts = {
  ...under("spec", selector),
  "spec.mtls": "Whether workloads take only mutual TLS.",
  "spec.mtls.mode": [mode, "what the namespace or the mesh says; PERMISSIVE where nothing does"],
  "spec.portLevelMtls": "The same for single ports of the workload, by number; takes a selector.",
  "spec.portLevelMtls.*.mode": mode,
}

const source: Texts = {
  "": "Who calls; all fields that are set have to hold.",
  principals:
    "Identities of callers by their certificates, as cluster.local/ns/shop/sa/cart; takes mutual TLS.",
  notPrincipals: "Identities that must not be the caller's.",
  requestPrincipals: "Identities by a checked JWT, as issuer/subject; * is any.",
  notRequestPrincipals: "Identities by a JWT that must not be the caller's; * is: no token at all.",
  namespaces: "Namespaces of callers by their certificates; takes mutual TLS.",
  notNamespaces: "Namespaces that must not be the caller's.",
  serviceAccounts: "Service accounts of callers, as namespace/name or name; takes mutual TLS.",
  ipBlocks: "Addresses or CIDR ranges that the packets come from.",
  notIpBlocks: "Addresses that packets must not come from.",
  remoteIpBlocks: "Addresses or CIDR ranges of the first caller, by X-Forwarded-For or the PROXY protocol.",
  notRemoteIpBlocks: "Addresses that must not be the first caller's.",
}

const operation: Texts = {
  "": "What is called; all fields that are set have to hold.",
  hosts: "Host headers; case does not matter. * at the begin or end is for anything.",
  notHosts: "Host headers that it must not be.",
  ports: "Ports of the workload, as texts.",
  notPorts: "Ports that it must not be.",
  methods: "HTTP methods, such as GET; for gRPC it is always POST.",
  notMethods: "Methods that it must not be.",
  paths: "Paths; * at the begin or end is for anything. For gRPC: /package.service/method.",
  notPaths: "Paths that it must not be.",
}

export const authorizationPolicy: Texts = {
  ...under("spec", selector),
  ...under("spec", targetRefs),
  "spec.action": [
    "What happens to requests that a rule matches. CUSTOM asks a provider and comes first, then DENY, then ALLOW: where one of those is, what none allows is refused. AUDIT only records.",
    "ALLOW",
  ],
  "spec.provider": "Who is asked, with CUSTOM.",
  "spec.provider.name": "Name of an extension provider of the mesh's configuration.",
  "spec.rules":
    "Which requests are meant: one rule is enough. Without rules there is never a match, so that ALLOW refuses all; one empty rule {} matches all.",
  "spec.rules[].from": ["Who calls; one entry is enough.", "anybody"],
  ...under("spec.rules[].from[].source", source),
  "spec.rules[].to": ["What is called; one entry is enough.", "anything"],
  ...under("spec.rules[].to[].operation", operation),
  "spec.rules[].when": ["Further conditions; all of them have to hold.", "none"],
  "spec.rules[].when[].key":
    "What is looked at, such as request.headers[version] or request.auth.claims[iss].",
  "spec.rules[].when[].values": "Values of which one has to be there.",
  "spec.rules[].when[].notValues": "Values that must not be there.",
}

export const requestAuthentication: Texts = {
  ...under("spec", selector),
  ...under("spec", targetRefs),
  "spec.jwtRules":
    "Tokens that are taken. A bad one is refused; a request without one passes, unless an AuthorizationPolicy asks for it.",
  "spec.jwtRules[].issuer": "Who made the token, as its iss says.",
  "spec.jwtRules[].audiences": "Audiences of which the token has to have one in aud.",
  "spec.jwtRules[].jwksUri": "Where the issuer's keys are read.",
  "spec.jwtRules[].jwks": "The issuer's keys themselves.",
  "spec.jwtRules[].fromHeaders": ["Headers that the token is read from.", "Authorization, after Bearer"],
  "spec.jwtRules[].fromParams": "Query parameters that the token is read from.",
  "spec.jwtRules[].forwardOriginalToken": ["true: the token goes on to the workload.", "false"],
  "spec.jwtRules[].outputPayloadToHeader":
    "Header in which the workload gets the token's payload, in base64url.",
  "spec.jwtRules[].outputClaimToHeaders": "Headers in which the workload gets single claims.",
}
