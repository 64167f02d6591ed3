import { type Texts, under } from "./text.ts"

const reference: Texts = {
  name: "Name of the object.",
  namespace: ["Its namespace; another one than the own takes a ReferenceGrant there.", "that of this object"],
  kind: "Its kind.",
  group: "Its API group; empty for core kinds such as Service.",
}

const backend: Texts = { ...reference, port: "Port of the Service." }

const parents: Texts = {
  "spec.useDefaultGateways": "Attaches the route to the Gateways that are the default of this scope as well.",
  "spec.parentRefs": "What the route is attached to: Gateways, or a Service for calls within the mesh.",
  ...under("spec.parentRefs[]", {
    name: "Name of the Gateway or Service.",
    namespace: ["Its namespace.", "that of this route"],
    kind: "Gateway, or Service for calls within the mesh.",
    group: "API group of the parent; empty for a Service.",
    sectionName: ["Listener of the Gateway, by name.", "every listener that takes the route"],
    port: ["Port of the parent.", "every one"],
  }),
}

const hostnames: Texts = {
  "spec.hostnames": [
    "Hosts that the route is for; they have to fit those of the listener. *.example.com is one.",
    "those of the listener",
  ],
}

const backends: Texts = {
  "spec.rules[].backendRefs": "Where requests go, shared by weight.",
  ...under("spec.rules[].backendRefs[]", {
    ...backend,
    weight: "Share of the requests: this weight of the sum of all. 0 gets none.",
  }),
}

const headerModifier: Texts = {
  set: "Writes these headers over what is there.",
  add: "Adds these values to what is there.",
  remove: "Takes these headers out.",
}

const mirror: Texts = {
  "": "Sends a copy of the requests to a backend; nobody waits for its answers.",
  backendRef: "The backend that gets the copies.",
  percent: ["Share of the requests that are copied, in percent.", "all"],
  fraction: "The same as a fraction.",
  ...under("backendRef", backend),
}

const httpFilter: Texts = {
  type: "Which filter it is; the field of the same name has its settings.",
  requestHeaderModifier: "Changes headers of the request.",
  ...under("requestHeaderModifier", headerModifier),
  responseHeaderModifier: "Changes headers of the answer.",
  ...under("responseHeaderModifier", headerModifier),
  ...under("requestMirror", mirror),
  requestRedirect: "Answers with a redirect; nothing is sent on.",
  "requestRedirect.scheme": ["The new scheme.", "that of the request"],
  "requestRedirect.hostname": ["The new host.", "that of the request"],
  "requestRedirect.path": "How the path changes.",
  "requestRedirect.port": "The new port.",
  "requestRedirect.statusCode": "HTTP status of the redirect.",
  urlRewrite: "Changes host or path of the request before it is sent on.",
  "urlRewrite.hostname": "The new Host header.",
  "urlRewrite.path": "How the path changes.",
  cors: "Which pages of other origins a browser lets call this service (CORS).",
  extensionRef: "A filter of the implementation's own.",
}

const matchType =
  "Exact: the whole value. RegularExpression: by an expression, in the implementation's dialect."

export const httpRoute: Texts = {
  ...parents,
  ...hostnames,
  ...backends,
  "spec.rules": "Rules of the route. Of several that match, the more exact wins, whatever their order.",
  ...under("spec.rules[]", {
    name: "A name of the rule.",
    matches: "When the rule is taken: one entry is enough, and all parts of that entry have to hold.",
    "matches[].path": "The path of the request.",
    "matches[].path.type":
      "Exact: the whole path. PathPrefix: whole elements at its begin, /a for /a/b and not /ab. RegularExpression: by an expression.",
    "matches[].path.value": "The path, prefix or expression.",
    "matches[].headers": "Headers that have to match, all of them.",
    "matches[].headers[].name": "Name of the header; case does not matter.",
    "matches[].headers[].type": matchType,
    "matches[].headers[].value": "Its value.",
    "matches[].queryParams": "Query parameters that have to match, all of them.",
    "matches[].queryParams[].name": "Name of the parameter.",
    "matches[].queryParams[].type": matchType,
    "matches[].queryParams[].value": "Its value.",
    "matches[].method": "The method of the request.",
    filters: "What is done to requests and answers of the rule.",
    timeouts: "Longest times for requests of the rule.",
    "timeouts.request": "Longest time for the whole request, its retries included; 0s: no limit.",
    "timeouts.backendRequest": "Longest time for one try at a backend; not above request.",
    retry: "How failed requests are tried again.",
    "retry.attempts": "How often a request may be tried again.",
    "retry.backoff": "Shortest wait between two tries.",
    "retry.codes": "HTTP statuses that are tried again.",
    sessionPersistence: "Keeps a session at one backend.",
  }),
  ...under("spec.rules[].filters[]", httpFilter),
  "spec.rules[].backendRefs[].filters": "What is done to requests to this backend only.",
  ...under("spec.rules[].backendRefs[].filters[]", httpFilter),
}

export const grpcRoute: Texts = {
  ...parents,
  ...hostnames,
  ...backends,
  "spec.rules": "Rules of the route. Of several that match, the more exact wins, whatever their order.",
  ...under("spec.rules[]", {
    matches: [
      "When the rule is taken: one entry is enough, and all parts of that entry have to hold.",
      "every call",
    ],
    "matches[].method": "The gRPC service and method that is called.",
    "matches[].method.service": "Full name of the service, with its package.",
    "matches[].method.method": "Name of the method.",
    "matches[].headers": "Headers that have to match, all of them.",
    filters: "What is done to calls and answers of the rule.",
  }),
}

export const streamRoute: Texts = { ...parents, ...backends, "spec.rules": "Where the connections go." }

export const tlsRoute: Texts = { ...streamRoute, ...hostnames }

export const gateway: Texts = {
  "spec.gatewayClassName": "The GatewayClass, which says who runs the gateway: istio, or istio-waypoint.",
  "spec.listeners": "Ports at which the gateway listens, and what it takes there.",
  ...under("spec.listeners[]", {
    name: "Name of the listener, which routes bind to as sectionName.",
    port: "Number of the port; several listeners may share one where hosts differ.",
    protocol: "What is spoken: HTTP, HTTPS, TLS, TCP; HBONE at a waypoint.",
    hostname: ["The host that is served; *.example.com is one.", "every host"],
    allowedRoutes: "Which routes may bind to the listener.",
    "allowedRoutes.namespaces": "Namespaces whose routes may bind.",
    "allowedRoutes.namespaces.from":
      "Same: the gateway's own. All: every one. Selector: those with the labels of selector.",
    "allowedRoutes.namespaces.selector": "Labels of the namespaces, with Selector.",
    "allowedRoutes.kinds": ["Kinds of routes that may bind.", "those of the protocol"],
    tls: "How TLS is ended or passed on; for HTTPS and TLS.",
    "tls.mode": "Terminate ends TLS with certificateRefs; Passthrough leaves it closed, by SNI.",
    "tls.certificateRefs":
      "Secrets with the certificates; one in another namespace takes a ReferenceGrant there.",
  }),
  "spec.addresses": ["Addresses that are asked for.", "what the implementation gives"],
  "spec.defaultScope": "Makes the gateway one of the default ones, for routes that ask for this scope.",
  "spec.allowedListeners": "Namespaces whose ListenerSets may add listeners to the gateway.",
  "spec.tls":
    "TLS of the whole gateway: client certificates that it asks for, and the one that it shows to backends.",
  "spec.infrastructure": "Labels and annotations of what is made for the gateway.",
}

export const referenceGrant: Texts = {
  "spec.from": "Who may refer to objects of this namespace.",
  "spec.to": "What may be referred to.",
}
