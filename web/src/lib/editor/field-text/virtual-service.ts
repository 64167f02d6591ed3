import { type Texts, destination, exportTo, under } from "./text.ts"

const stringMatch: Texts = {
  exact: "The whole value is this text.",
  prefix: "The value begins with this text.",
  regex: "The whole value matches this RE2 expression.",
}

const headerChanges: Texts = {
  "": "Changes of headers.",
  request: "Changes of the request's headers before it is sent on.",
  "request.set": "Writes these headers over what is there.",
  "request.add": "Adds these values to what is there.",
  "request.remove": "Takes these headers out.",
  response: "Changes of the answer's headers before the caller gets it.",
  "response.set": "Writes these headers over what is there.",
  "response.add": "Adds these values to what is there.",
  "response.remove": "Takes these headers out.",
}

const http = "spec.http[]"
const match = `${http}.match[]`

const matches: Texts = {
  [`${http}.match`]: [
    "When the rule is taken: one entry of the list is enough, and all parts of that entry have to hold.",
    "every request",
  ],
  ...under(match, {
    name: "A name of the match; it stands in access logs behind the route's.",
    uri: "The path of the request; case matters, unless ignoreUriCase is true.",
    ignoreUriCase: ["true: exact and prefix of uri do not look at case.", "false"],
    scheme: "The scheme of the request: http or https.",
    method: "The method of the request, such as GET.",
    authority: "The Host header of the request, or :authority of HTTP/2; case matters.",
    headers:
      "Headers that have to match, by their names in lower case with hyphens. An empty match asks only that the header is there.",
    withoutHeaders: "Headers that must not match, written as headers are.",
    queryParams: "Query parameters that have to match, by name.",
    port: "The port that the caller addressed.",
    sourceLabels:
      "Labels of the calling workload. For sidecars only: where gateways are set, mesh has to be one of them.",
    sourceNamespace:
      "Namespace of the calling workload. For sidecars only: where gateways are set, mesh has to be one of them.",
    gateways: "Gateways that the match is for, in place of the object's own list.",
    statPrefix: "Prefix of the statistics that the proxy keeps of this route.",
  }),
  ...Object.fromEntries(
    ["uri", "scheme", "method", "authority", "headers.*", "withoutHeaders.*", "queryParams.*"].flatMap(
      (name) => Object.entries(under(`${match}.${name}`, stringMatch)),
    ),
  ),
}

const resilience: Texts = under(http, {
  timeout: ["Longest time for the whole request, its retries included.", "no limit"],
  retries: ["How often, when and how fast a failed request is tried again.", "2 retries"],
  "retries.attempts":
    "How often a request may be tried again; 0: never. The route's timeout ends it earlier.",
  "retries.perTryTimeout": ["Longest time for one try, the first one too.", "the timeout of the route"],
  "retries.retryOn": [
    "What is tried again, with commas: conditions such as 5xx, reset or gateway-error, or status codes.",
    "connect-failure,refused-stream,unavailable,cancelled",
  ],
  "retries.backoff": ["Shortest wait between two tries; it grows with each of them.", "25ms"],
  "retries.retryRemoteLocalities": "true: retries may go to endpoints of other localities.",
  "retries.retryIgnorePreviousHosts": ["true: a retry leaves out endpoints that were tried already.", "true"],
  fault:
    "Faults for tests, made by the caller's proxy. Timeout and retries of the route are not in force beside them.",
  "fault.delay": "Holds requests before they are sent on.",
  "fault.delay.fixedDelay": "How long a request is held.",
  "fault.delay.percentage": ["Share of the requests that are held.", "none"],
  "fault.delay.percentage.value": "In percent, from 0 to 100; 0.1 is one of a thousand.",
  "fault.delay.percent": "Out of use: percentage is what is meant now.",
  "fault.abort": "Answers requests with an error without sending them on.",
  "fault.abort.httpStatus": "HTTP status of the answer.",
  "fault.abort.grpcStatus": "gRPC status of the answer by its name, such as UNAVAILABLE.",
  "fault.abort.percentage": ["Share of the requests that are answered so.", "none"],
  "fault.abort.percentage.value": "In percent, from 0 to 100; 0.1 is one of a thousand.",
})

const forwarding: Texts = {
  [`${http}.route`]: "Where requests go: one destination, or several that share them by weight.",
  ...under(`${http}.route[]`, {
    destination: "The service, and which part of it, that gets the requests.",
    weight: "Share of the requests: this weight of the sum of all. 0 gets none; a lone destination gets all.",
  }),
  ...under(`${http}.route[].destination`, destination),
  ...under(`${http}.route[].headers`, headerChanges),
  ...under(`${http}.headers`, headerChanges),
  ...under(http, {
    mirror: "A service that gets a copy of the requests; nobody waits for its answers.",
    mirrorPercentage: ["Share of the requests that are copied to mirror.", "all"],
    "mirrorPercentage.value": "In percent, from 0 to 100.",
    mirrorPercent: "Out of use: mirrorPercentage is what is meant now.",
    mirrors: "Services that get copies of the requests, each with its own share.",
    "mirrors[].destination": "The service that gets the copies.",
    "mirrors[].percentage": ["Share of the requests that are copied.", "all"],
    "mirrors[].percentage.value": "In percent, from 0 to 100.",
    delegate:
      "Another VirtualService, without hosts, whose rules stand here. Only one level deep, and only without route and redirect.",
    "delegate.name": "Name of the VirtualService.",
    "delegate.namespace": ["Its namespace.", "that of this object"],
  }),
  ...under(`${http}.mirror`, destination),
  ...under(`${http}.mirrors[].destination`, destination),
}

const answers: Texts = under(http, {
  rewrite: "Changes path or authority of the request before it is sent on. Not with redirect.",
  "rewrite.uri": "The new path; where the match was by prefix, it takes the place of the prefix only.",
  "rewrite.authority": "The new Host header.",
  "rewrite.uriRegexRewrite": "Changes the path by an RE2 expression.",
  "rewrite.uriRegexRewrite.match": "What is replaced, an RE2 expression.",
  "rewrite.uriRegexRewrite.rewrite": "What takes its place; \\1 is the first group of the expression.",
  redirect: "Answers with a redirect; nothing is sent on.",
  "redirect.uri": "The new path, whole, however the path was matched.",
  "redirect.authority": "The new host.",
  "redirect.port": "The new port.",
  "redirect.derivePort":
    "Where the new port comes from: FROM_PROTOCOL_DEFAULT is 80 or 443, FROM_REQUEST_PORT is that of the request.",
  "redirect.scheme": "The new scheme: http or https.",
  "redirect.redirectCode": ["HTTP status of the redirect.", "301"],
  directResponse: "Answers with a status and text of its own; nothing is sent on.",
  "directResponse.status": "HTTP status of the answer.",
  "directResponse.body": "What the answer says.",
  corsPolicy: "Which pages of other origins a browser lets call this service (CORS).",
  "corsPolicy.allowOrigins": "Origins that may call; one match is enough.",
  "corsPolicy.allowMethods": "Methods that they may use.",
  "corsPolicy.allowHeaders": "Request headers that they may send.",
  "corsPolicy.exposeHeaders": "Response headers that their scripts may read.",
  "corsPolicy.maxAge": "How long a browser may keep the answer of a preflight request.",
  "corsPolicy.allowCredentials": "true: they may send cookies and other credentials.",
  "corsPolicy.unmatchedPreflights": [
    "Preflight requests of other origins: FORWARD sends them to the service, IGNORE does not.",
    "FORWARD",
  ],
})

export const virtualService: Texts = {
  "spec.hosts":
    "Names that callers use and the rules apply to: services, or hosts at a gateway. A short name is of this object's namespace.",
  "spec.gateways": [
    "Gateways that the rules apply at, as namespace/name; mesh stands for all sidecars.",
    "mesh",
  ],
  "spec.exportTo": exportTo,
  "spec.http": "Rules for HTTP and gRPC, in order: the first that matches is taken.",
  "spec.http[].name": "A name of the route; it stands in access logs.",
  "spec.tls": "Rules for TLS that stays closed, by SNI; the first that matches is taken.",
  "spec.tls[].match": "When the rule is taken; one entry of the list is enough.",
  "spec.tls[].match[].sniHosts":
    "Names in SNI, which have to be within the object's hosts; *.example.com is one.",
  "spec.tls[].match[].port": "The port that the caller addressed.",
  "spec.tls[].route": "Where connections go, shared by weight.",
  "spec.tls[].route[].weight": "Share of the connections: this weight of the sum of all.",
  ...under("spec.tls[].route[].destination", destination),
  "spec.tcp": "Rules for other TCP; the first that matches is taken.",
  "spec.tcp[].match": ["When the rule is taken; one entry of the list is enough.", "every connection"],
  "spec.tcp[].match[].port": "The port that the caller addressed.",
  "spec.tcp[].route": "Where connections go, shared by weight.",
  "spec.tcp[].route[].weight": "Share of the connections: this weight of the sum of all.",
  ...under("spec.tcp[].route[].destination", destination),
  ...matches,
  ...forwarding,
  ...resilience,
  ...answers,
}
