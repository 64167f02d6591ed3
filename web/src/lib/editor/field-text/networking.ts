import {
  type Entry,
  type Texts,
  connectionPool,
  exportTo,
  serverTls,
  under,
  workloadSelector,
} from "./text.ts"

const protocol: Entry = "What is spoken at the port: HTTP, HTTPS, HTTP2, GRPC, TLS, TCP or MONGO."

const server: Texts = {
  "": "A port at which the gateway listens, with the hosts it serves there.",
  port: "The port at which it listens.",
  "port.number": "Number of the port.",
  "port.name": "A name of the port.",
  "port.protocol": protocol,
  hosts:
    "Hosts that are served, as [namespace/]name: a name may begin with *., and the namespace says whose VirtualServices may bind.",
  bind: "Address at which it listens.",
  name: "A name of the server, for statistics.",
  ...under("tls", serverTls),
}

export const gateway: Texts = {
  "spec.selector": "Labels of the pods that are the gateway, such as istio: ingressgateway.",
  "spec.servers": "Ports at which the gateway listens, and what it serves there.",
  ...Object.fromEntries(
    Object.entries(under("spec.servers[]", server)).filter(([path]) => path !== "spec.servers[]"),
  ),
}

export const serviceEntry: Texts = {
  "spec.hosts":
    "Names by which the service is called. With HTTP they are matched to the Host header, with TLS to SNI.",
  "spec.addresses": "Virtual IP addresses or CIDR ranges of the service.",
  "spec.ports": "Ports of the service.",
  "spec.ports[].number": "Number of the port.",
  "spec.ports[].name": "A name of the port.",
  "spec.ports[].protocol": protocol,
  "spec.ports[].targetPort": ["Port of the endpoints.", "the number of the port"],
  "spec.location": [
    "MESH_EXTERNAL: a service outside of the mesh, without its mutual TLS. MESH_INTERNAL: one that is part of it.",
    "MESH_EXTERNAL",
  ],
  "spec.resolution": [
    "Where addresses come from. NONE: the caller has one already. STATIC: the endpoints. DNS: names are asked for and all answers used; DNS_ROUND_ROBIN uses the first.",
    "NONE",
  ],
  "spec.endpoints": "Endpoints of the service.",
  "spec.endpoints[].address": "IP address; with DNS a name, and a unix:// path with STATIC.",
  "spec.endpoints[].ports": "Ports of the endpoint by the names of the service's ports.",
  "spec.endpoints[].labels": "Labels of the endpoint, which subsets go by.",
  "spec.endpoints[].locality": "Where the endpoint is, as region/zone/subzone.",
  "spec.endpoints[].network": "Network of the endpoint; endpoints of one network reach one another directly.",
  "spec.endpoints[].weight": "Share of load of the endpoint, relative to the others.",
  "spec.endpoints[].serviceAccount": "Service account of the workload, in MESH_INTERNAL.",
  "spec.exportTo": exportTo,
  "spec.subjectAltNames": "Names of which a server's certificate has to have one.",
  "spec.workloadSelector": "Pods and WorkloadEntries of this namespace that are the endpoints.",
  "spec.workloadSelector.labels": "Labels that they have to have, all of them.",
}

export const sidecar: Texts = {
  ...under("spec", workloadSelector),
  "spec.egress": "What the workloads may call, and through which listeners.",
  "spec.egress[].hosts":
    "Services that are visible, as namespace/name: ./* is all of the own namespace, */* all, ~/* none.",
  "spec.egress[].port": "The port at which the proxy listens for calls; without it, all others.",
  "spec.egress[].bind": "Address or unix:// path at which it listens.",
  "spec.egress[].captureMode":
    "How traffic comes to the listener: DEFAULT as the mesh says, by IPTABLES, or NONE.",
  "spec.ingress": [
    "Listeners for requests to the workloads.",
    "one for each port of the services that choose them",
  ],
  "spec.ingress[].port": "The port at which the proxy listens.",
  "spec.ingress[].port.number": "Number of the port.",
  "spec.ingress[].port.protocol": protocol,
  "spec.ingress[].defaultEndpoint":
    "Where the workload listens: 127.0.0.1:port, 0.0.0.0:port or unix:///path.",
  "spec.ingress[].bind": "Address at which it listens; there is seldom a need to say it.",
  "spec.ingress[].captureMode":
    "How traffic comes to the listener: DEFAULT as the mesh says, by IPTABLES, or NONE.",
  ...under("spec.ingress[].tls", serverTls),
  ...under("spec.ingress[].connectionPool", connectionPool),
  ...under("spec.inboundConnectionPool", connectionPool),
  "spec.outboundTrafficPolicy": "Calls to what the mesh does not know.",
  "spec.outboundTrafficPolicy.mode": "REGISTRY_ONLY drops them, ALLOW_ANY lets them through.",
}
