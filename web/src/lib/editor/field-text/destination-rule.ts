import { type Texts, connectionPool, exportTo, under } from "./text.ts"

const loadBalancer: Texts = {
  "": "How a caller's proxy chooses among the endpoints of the service.",
  simple: [
    "LEAST_REQUEST prefers endpoints with fewer requests under way, RANDOM and ROUND_ROBIN do what they say, PASSTHROUGH goes to the address that the caller asked for. LEAST_CONN is out of use.",
    "LEAST_REQUEST",
  ],
  consistentHash: "Requests with the same hash go to the same endpoint, as long as the endpoints stay.",
  "consistentHash.httpHeaderName": "The hash is of this header.",
  "consistentHash.httpCookie": "The hash is of this cookie, which is made where it is missing.",
  "consistentHash.httpCookie.name": "Name of the cookie.",
  "consistentHash.httpCookie.path": "Path of the cookie.",
  "consistentHash.httpCookie.ttl": "Lifetime of the cookie.",
  "consistentHash.useSourceIp": "true: the hash is of the caller's IP address.",
  "consistentHash.httpQueryParameterName": "The hash is of this query parameter.",
  "consistentHash.ringHash": "Hashes onto a ring of endpoints.",
  "consistentHash.ringHash.minimumRingSize": [
    "Least number of places on the ring; more of them spread load more evenly.",
    "1024",
  ],
  "consistentHash.maglev": "Hashes by Maglev's table.",
  localityLbSetting: "Whether and how load stays in its region and zone, in place of what the mesh says.",
  "localityLbSetting.enabled": "true or false, in place of what the mesh says.",
  "localityLbSetting.distribute": "Shares of load by locality of the caller. Not with failover.",
  "localityLbSetting.distribute[].from": "Locality of the caller, as region/zone/subzone; * for any.",
  "localityLbSetting.distribute[].to": "Shares in percent by locality of the endpoint; their sum is 100.",
  "localityLbSetting.failover": "Where load goes when endpoints of a region fail; takes outlier detection.",
  "localityLbSetting.failover[].from": "The region that fails.",
  "localityLbSetting.failover[].to": "The region that load goes to.",
  "localityLbSetting.failoverPriority":
    "Labels, in order, that an endpoint has to share with the caller to be preferred.",
  warmup: "Endpoints that are new get their share of load little by little.",
  "warmup.duration": "How long that takes.",
  warmupDurationSecs: "Out of use: warmup is what is meant now.",
}

const outlierDetection: Texts = {
  "": "Takes endpoints that fail out of load balancing for a while.",
  consecutive5xxErrors: [
    "Errors of 5xx in a row after which an endpoint is taken out; failed connections count. 0: never.",
    "5",
  ],
  consecutiveGatewayErrors: [
    "Errors of 502, 503 and 504 in a row after which an endpoint is taken out. 0: never.",
    "0",
  ],
  consecutiveLocalOriginFailures: [
    "Failures to connect in a row after which an endpoint is taken out; only with splitExternalLocalOriginErrors.",
    "5",
  ],
  splitExternalLocalOriginErrors: [
    "true: failures to connect are counted apart from errors that the endpoint answers.",
    "false",
  ],
  interval: ["Time between two looks at the endpoints.", "10s"],
  baseEjectionTime: ["How long an endpoint stays out, times how often it was taken out.", "30s"],
  maxEjectionPercent: ["Most endpoints that may be out at a time, in percent.", "10"],
  minHealthPercent: [
    "Share of healthy endpoints, in percent, below which nobody is taken out any more.",
    "0",
  ],
}

const clientTls: Texts = {
  "": "TLS that callers begin to the service.",
  mode: "DISABLE: none. SIMPLE: TLS. MUTUAL: with a client certificate of yours. ISTIO_MUTUAL: with the mesh's own certificates.",
  credentialName:
    "Secret with certificates; gateways read it, and sidecars where the rule has a workloadSelector.",
  caCertificates: "File with the authorities that the server's certificate is checked against.",
  clientCertificate: "File with the client's certificate, for MUTUAL.",
  privateKey: "File with the client's key, for MUTUAL.",
  sni: "Name that is sent as SNI.",
  subjectAltNames: "Names of which the server's certificate has to have one.",
  insecureSkipVerify: ["true: the server's certificate is not checked.", "false"],
}

const settings: Texts = {
  ...under("connectionPool", connectionPool),
  ...under("loadBalancer", loadBalancer),
  ...under("outlierDetection", outlierDetection),
  ...under("tls", clientTls),
}

const trafficPolicy: Texts = {
  ...settings,
  portLevelSettings:
    "Settings of one port. They stand in place of the policy's: what is left out here takes its default, not what the policy says.",
  "portLevelSettings[].port": "The port of the service.",
  "portLevelSettings[].port.number": "Number of the port.",
  ...under("portLevelSettings[]", settings),
  proxyProtocol: "Sends the PROXY protocol to the service.",
  tunnel: "Sends connections through a proxy, by CONNECT or POST.",
}

export const destinationRule: Texts = {
  "spec.host": "The service that the policy is for. A short name is of this object's namespace.",
  "spec.exportTo": exportTo,
  "spec.workloadSelector": ["Callers in this namespace that the policy is for.", "every caller"],
  "spec.trafficPolicy": "How callers treat the service: connections, load balancing, failing endpoints, TLS.",
  ...under("spec.trafficPolicy", trafficPolicy),
  "spec.subsets":
    "Parts of the service by labels, such as its versions. A part counts only where a route names it.",
  "spec.subsets[].name": "Name by which routes send to the part.",
  "spec.subsets[].labels": "Labels that endpoints of the part have to have, all of them.",
  "spec.subsets[].trafficPolicy": "What differs for this part from the policy of the service.",
  ...under("spec.subsets[].trafficPolicy", trafficPolicy),
}
