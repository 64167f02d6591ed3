/** What a field is for, and with it what holds where it is absent. Facts are of the projects' own documentation, in our words. */
export type Entry = string | readonly [says: string, otherwise: string]

/** By path: `spec.http[].timeout`, `*` for the keys of a map. */
export type Texts = Readonly<Record<string, Entry>>

/** Fields that stand at several places; the empty name is the place itself. */
export const under = (path: string, texts: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).map(([name, entry]) => [name === "" ? path : `${path}.${name}`, entry]),
  )

const port: Entry = "Number of the port."

/** A service that requests go to. */
export const destination: Texts = {
  host: "The service: a Kubernetes Service or a host of a ServiceEntry. A short name is of this object's namespace.",
  subset: "A subset of the service, by the name that its DestinationRule gives it.",
  port: "The port of the service; may be left out where it has only one.",
  "port.number": port,
}

export const exportTo: Entry = [
  "Namespaces that see this object: . is its own, * is every one.",
  "every namespace, unless the mesh's configuration says otherwise",
]

export const selector: Texts = {
  selector: [
    "Workloads of this namespace that the object is for; in the root namespace, of every namespace.",
    "all of them",
  ],
  "selector.matchLabels": "Labels that a workload's pods have to have, all of them.",
}

export const targetRefs: Texts = {
  targetRef: "What the policy is attached to; targetRefs is the same for several.",
  targetRefs:
    "What the policy is attached to, such as a Gateway, a Service or a GatewayClass; a waypoint takes policies by it.",
  "targetRefs[].kind": "Kind of the target, such as Gateway or Service.",
  "targetRefs[].name": "Name of the target.",
  "targetRefs[].group": "API group of the target; empty for a Service.",
}

export const workloadSelector: Texts = {
  workloadSelector: ["Workloads of this namespace that the object is for.", "all of the namespace"],
  "workloadSelector.labels": "Labels that a workload's pods have to have, all of them.",
}

export const connectionPool: Texts = {
  "": "Limits of connections and requests to the service, for each proxy on its own. What is over them fails at once.",
  "tcp.maxConnections": ["Most connections to the service at a time.", "no limit in practice (4294967295)"],
  "tcp.connectTimeout": ["Longest time to open a connection.", "10s"],
  "tcp.idleTimeout": ["How long a connection without traffic is kept; 0s: for ever.", "1h"],
  "tcp.maxConnectionDuration": ["Longest life of a connection.", "no limit"],
  "tcp.tcpKeepalive": "Keep-alive probes of the operating system on the connections.",
  "tcp.tcpKeepalive.time": "Silence after which probing begins.",
  "tcp.tcpKeepalive.interval": "Time between two probes.",
  "tcp.tcpKeepalive.probes": "Probes without an answer after which the connection is dead.",
  tcp: "Limits for TCP, which hold for HTTP as well.",
  http: "Limits for HTTP/1.1, HTTP/2 and gRPC.",
  "http.http1MaxPendingRequests": [
    "Most requests that wait for a connection.",
    "no limit in practice (4294967295)",
  ],
  "http.http2MaxRequests": [
    "Most requests under way to the service, over HTTP/1.1 as well.",
    "no limit in practice (4294967295)",
  ],
  "http.maxRequestsPerConnection": [
    "Requests after which a connection is closed; 1 turns keep-alive off.",
    "0, no limit",
  ],
  "http.maxRetries": [
    "Most retries under way to the service at a time.",
    "no limit in practice (4294967295)",
  ],
  "http.idleTimeout": ["How long a connection without a request is kept.", "1h"],
  "http.h2UpgradePolicy": [
    "Whether requests over HTTP/1.1 go on as HTTP/2: UPGRADE does, DO_NOT_UPGRADE does not.",
    "DEFAULT, as the mesh's configuration says",
  ],
  "http.useClientProtocol": [
    "true: requests go on in the protocol they came in; h2UpgradePolicy is then not looked at.",
    "false",
  ],
  "http.maxConcurrentStreams": [
    "Most requests at a time on one HTTP/2 connection.",
    "no limit in practice (2147483647)",
  ],
}

/** What a listener of a Gateway or Sidecar asks for TLS. */
export const serverTls: Texts = {
  "": "How TLS is ended or passed on at this port.",
  mode: "SIMPLE ends TLS; MUTUAL asks for a client certificate too, OPTIONAL_MUTUAL takes it where there is one; PASSTHROUGH and AUTO_PASSTHROUGH go by SNI and leave TLS as it is; ISTIO_MUTUAL is the mesh's own.",
  credentialName: "Secret with the certificate and its key, in the namespace of the gateway's pods.",
  credentialNames: "Secrets with a certificate each, such as one RSA and one ECDSA.",
  httpsRedirect: ["true: plain HTTP is answered with 301 to HTTPS.", "false"],
  serverCertificate: "File with the certificate, in the proxy.",
  privateKey: "File with the certificate's key, in the proxy.",
  caCertificates: "File with the authorities that client certificates are checked against.",
  subjectAltNames: "Names of which a client certificate has to have one.",
  minProtocolVersion: ["Oldest TLS version that is spoken.", "TLSV1_2"],
  maxProtocolVersion: "Newest TLS version that is spoken.",
  cipherSuites: "Ciphers that are offered; others are refused.",
}
