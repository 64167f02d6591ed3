import type { Fields } from "../json.ts"
import {
  anything,
  anythings,
  closed,
  definition,
  duration,
  integer,
  list,
  oneOf,
  open,
  port,
  text,
  textMap,
  texts,
  truth,
} from "./definition.ts"

const group = "networking.istio.io"
const istio = {
  categories: ["istio-io", "networking-istio-io"],
  labels: { app: "istio-pilot", chart: "istio" },
}

const selector = closed({ labels: textMap, matchLabels: textMap })
const destination = closed({ host: text, subset: text, port: closed({ number: port }) }, "host")
const match = closed({ exact: text, prefix: text, regex: text })
const percent = closed({ value: { type: "number", minimum: 0, maximum: 100 } })
const headers = closed({
  request: closed({ set: textMap, add: textMap, remove: texts }),
  response: closed({ set: textMap, add: textMap, remove: texts }),
})

const weighted = closed({ destination, weight: integer, headers }, "destination")

const httpRoute = open({
  name: text,
  match: list(
    open({
      name: text,
      uri: match,
      scheme: match,
      method: match,
      authority: match,
      headers: { type: "object", additionalProperties: match },
      queryParams: { type: "object", additionalProperties: match },
      withoutHeaders: { type: "object", additionalProperties: match },
      port: integer,
      sourceLabels: textMap,
      sourceNamespace: text,
      gateways: texts,
      ignoreUriCase: truth,
    }),
  ),
  route: list(weighted),
  redirect: anything,
  directResponse: open({ status: integer, body: anything }, "status"),
  delegate: closed({ name: text, namespace: text }),
  rewrite: open({ uri: text, authority: text, uriRegexRewrite: closed({ match: text, rewrite: text }) }),
  timeout: duration,
  retries: open({ attempts: integer, perTryTimeout: duration, retryOn: text }),
  fault: closed({
    delay: open({ percentage: percent, percent: integer, fixedDelay: duration, exponentialDelay: duration }),
    abort: open({
      percentage: percent,
      percent: integer,
      httpStatus: integer,
      grpcStatus: text,
      http2Error: text,
    }),
  }),
  mirror: destination,
  mirrors: list(open({ destination, percentage: percent }, "destination")),
  mirrorPercentage: percent,
  corsPolicy: anything,
  headers,
})

const layer4Match = open({
  destinationSubnets: texts,
  port: integer,
  sourceLabels: textMap,
  sourceNamespace: text,
  gateways: texts,
  sniHosts: texts,
})

const virtualService = closed({
  hosts: texts,
  gateways: texts,
  exportTo: texts,
  http: list(httpRoute),
  tls: list(closed({ match: list(layer4Match), route: list(weighted) }, "match")),
  tcp: list(closed({ match: list(layer4Match), route: list(weighted) })),
})

const trafficPolicyFields: Record<string, Fields> = {
  connectionPool: anything,
  loadBalancer: open({
    simple: oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    consistentHash: anything,
    localityLbSetting: anything,
  }),
  outlierDetection: anything,
  tls: open({
    mode: oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
    clientCertificate: text,
    privateKey: text,
    caCertificates: text,
    credentialName: text,
    sni: text,
    subjectAltNames: texts,
  }),
}

const trafficPolicy = open({
  ...trafficPolicyFields,
  portLevelSettings: list(open({ port: closed({ number: port }), ...trafficPolicyFields })),
})

const destinationRule = closed(
  {
    host: text,
    exportTo: texts,
    workloadSelector: selector,
    trafficPolicy,
    subsets: list(closed({ name: text, labels: textMap, trafficPolicy }, "name")),
  },
  "host",
)

const gatewayServer = open(
  {
    name: text,
    hosts: texts,
    bind: text,
    port: closed(
      { number: integer, name: text, protocol: text, targetPort: integer },
      "number",
      "protocol",
      "name",
    ),
    tls: open({ mode: text, credentialName: text, httpsRedirect: truth }),
  },
  "port",
  "hosts",
)

const workloadEntry = closed({
  address: text,
  labels: textMap,
  ports: { type: "object", additionalProperties: integer },
  network: text,
  locality: text,
  serviceAccount: text,
  weight: integer,
})

const serviceEntry = closed(
  {
    hosts: { ...texts, minItems: 1 },
    addresses: texts,
    exportTo: texts,
    location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
    resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
    ports: {
      ...list(closed({ number: integer, name: text, protocol: text, targetPort: integer }, "number", "name")),
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    },
    endpoints: list(workloadEntry),
    workloadSelector: selector,
    subjectAltNames: texts,
  },
  "hosts",
)

const sidecar = closed({
  workloadSelector: selector,
  egress: list(open({ hosts: texts, bind: text, captureMode: text, port: anything }, "hosts")),
  ingress: list(
    open({ port: anything, bind: text, defaultEndpoint: text, captureMode: text, tls: anything }, "port"),
  ),
  inboundConnectionPool: anything,
  outboundTrafficPolicy: open({ mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY") }),
})

/** The kinds of networking.istio.io. */
export const istioNetworking = [
  definition({
    ...istio,
    key: `VirtualService.${group}`,
    shortNames: ["vs"],
    spec: virtualService,
    columns: { Gateways: ".spec.gateways", Hosts: ".spec.hosts" },
  }),
  definition({
    ...istio,
    key: `DestinationRule.${group}`,
    shortNames: ["dr"],
    spec: destinationRule,
    columns: { Host: ".spec.host" },
  }),
  definition({
    ...istio,
    key: `Gateway.${group}`,
    shortNames: ["gw"],
    spec: closed({ selector: textMap, servers: list(gatewayServer) }),
  }),
  definition({
    ...istio,
    key: `ServiceEntry.${group}`,
    shortNames: ["se"],
    spec: serviceEntry,
    columns: { Hosts: ".spec.hosts", Location: ".spec.location", Resolution: ".spec.resolution" },
  }),
  definition({ ...istio, key: `Sidecar.${group}`, spec: sidecar }),
  definition({
    ...istio,
    key: `WorkloadEntry.${group}`,
    shortNames: ["we"],
    spec: workloadEntry,
    columns: { Address: ".spec.address" },
  }),
  definition({
    ...istio,
    key: `WorkloadGroup.${group}`,
    shortNames: ["wg"],
    spec: closed(
      {
        metadata: closed({ labels: textMap, annotations: textMap }),
        template: workloadEntry,
        probe: anything,
      },
      "template",
    ),
  }),
  definition({
    ...istio,
    key: `EnvoyFilter.${group}`,
    spec: closed({
      workloadSelector: selector,
      targetRefs: anythings,
      configPatches: anythings,
      priority: integer,
    }),
  }),
  definition({
    ...istio,
    key: `ProxyConfig.${group}`,
    spec: closed({ selector, concurrency: integer, environmentVariables: textMap, image: anything }),
  }),
]
