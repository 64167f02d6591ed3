import type { Call } from "./behaviour.ts"
import type { Branch, Served } from "./branch.ts"
import type { Workload } from "./workload.ts"

/** Istio's standard labels with their values, in the order Envoy prints them. */
export type Labels = Readonly<Record<string, string>>

const unknown = "unknown"

/** What a proxy knows of the other side. `named`: it told its name, its app and version too; else they come from the endpoint alone. */
type Peer = { workload: Workload; named: boolean; mutual: boolean }

const nobody = {
  name: unknown,
  canonicalName: unknown,
  canonicalRevision: "latest",
  namespace: unknown,
  principal: unknown,
  app: unknown,
  version: unknown,
}

function side(end: "source" | "destination", peer: Peer | null, cluster: string): Labels {
  const known = peer?.workload ?? nobody
  const { app, version } = peer?.named === true ? peer.workload : nobody
  return {
    [`${end}_workload`]: known.name,
    [`${end}_canonical_service`]: known.canonicalName,
    [`${end}_canonical_revision`]: known.canonicalRevision,
    [`${end}_workload_namespace`]: known.namespace,
    [`${end}_principal`]: peer?.mutual === true ? known.principal : unknown,
    [`${end}_app`]: app,
    [`${end}_version`]: version,
    [`${end}_cluster`]: peer ? cluster : unknown,
  }
}

/** Without a cluster the host that was asked for stands for the service; TCP has none. The namespace is the other side's, not the service's. */
function serviceLabels({ service, cluster }: Branch, call: Call, namespace: string): Labels {
  const asked = call.protocol === "tcp" ? unknown : call.host
  return {
    destination_service: service?.host ?? asked,
    destination_service_name: service?.name ?? (cluster === "" ? asked : cluster),
    destination_service_namespace: namespace,
  }
}

type Ends = { caller: Workload; call: Call; branch: Branch; cluster: string }

function responseLabels(call: Call, code: string, grpc: string, flags: string): Labels {
  return call.protocol === "tcp"
    ? { request_protocol: "tcp", response_flags: flags }
    : {
        request_protocol: call.protocol,
        response_code: code,
        grpc_response_status: grpc,
        response_flags: flags,
      }
}

/** Proxies tell each other their names in headers, over TCP only in the handshake of mutual TLS. */
const tells = (workload: Workload, call: Call, mutual: boolean): boolean =>
  workload.sidecar && (call.protocol !== "tcp" || mutual)

/**
 * What the caller's proxy reports. It cannot tell whether the connection was secured, and knows a server that did not answer by its endpoint
 * only. Source: istio.io, "Istio Standard Metrics"; istio/proxy `istio_stats.cc`.
 */
export const sourceLabels = ({ caller, call, branch, cluster }: Ends): Labels => {
  const { server, upstream } = branch
  const mutual = server?.security === "mutual_tls"
  const answered = server !== null && server.flags !== "DC"
  const named = upstream !== null && answered && tells(upstream, call, mutual)
  return {
    reporter: "source",
    ...side("source", { workload: caller, named: true, mutual }, cluster),
    ...side("destination", upstream && { workload: upstream, named, mutual }, cluster),
    ...serviceLabels(branch, call, upstream?.namespace ?? unknown),
    ...responseLabels(call, branch.code, branch.grpc, branch.flags),
    connection_security_policy: unknown,
  }
}

/** What the server's proxy reports; a caller that does not tell its name is unknown to it. */
export const destinationLabels = (ends: Ends & { served: Served }): Labels => {
  const { caller, call, branch, cluster, served } = ends
  const mutual = served.security === "mutual_tls"
  const named = tells(caller, call, mutual)
  return {
    reporter: "destination",
    ...side("source", named ? { workload: caller, named, mutual } : null, cluster),
    ...side("destination", { workload: served.workload, named: true, mutual }, cluster),
    ...serviceLabels(branch, call, served.workload.namespace),
    ...responseLabels(call, served.code, served.flags === "DC" ? "" : branch.grpc, served.flags),
    connection_security_policy: mutual ? "mutual_tls" : "none",
  }
}

const special = /["\\\n]/
const escaped = (value: string): string =>
  special.test(value) ? value.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`) : value

/** `a="b",c="d"` as the exposition format has it. */
export function labelText(labels: Labels): string {
  let text = ""
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escaped(labels[name] ?? "")}"`
  return text
}
