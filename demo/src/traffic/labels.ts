import type { Call } from "./behaviour.ts"
import type { Branch, Served } from "./branch.ts"
import type { Workload } from "./workload.ts"

/** Istio's standard labels with their values, in the order Envoy prints them. */
export type Labels = Readonly<Record<string, string>>

const unknown = "unknown"

function side(
  name: "source" | "destination",
  workload: Workload | null,
  cluster: string,
  mutual: boolean,
): Labels {
  return {
    [`${name}_workload`]: workload?.name ?? unknown,
    [`${name}_canonical_service`]: workload?.canonicalName ?? unknown,
    [`${name}_canonical_revision`]: workload?.canonicalRevision ?? "latest",
    [`${name}_workload_namespace`]: workload?.namespace ?? unknown,
    [`${name}_principal`]: workload && mutual ? workload.principal : unknown,
    [`${name}_app`]: workload?.app ?? unknown,
    [`${name}_version`]: workload?.version ?? unknown,
    [`${name}_cluster`]: workload ? cluster : unknown,
  }
}

function serviceLabels(branch: Pick<Branch, "service" | "cluster">, call: Call): Labels {
  const { service, cluster } = branch
  return {
    destination_service: service?.host ?? call.host,
    destination_service_name: service?.name ?? (cluster === "" ? call.host : cluster),
    destination_service_namespace: service?.namespace ?? unknown,
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

/** What the caller's proxy reports. It cannot tell whether the connection was secured. Source: istio.io, "Istio Standard Metrics". */
export const sourceLabels = ({ caller, call, branch, cluster }: Ends): Labels => {
  const mutual = branch.server?.security === "mutual_tls"
  return {
    reporter: "source",
    ...side("source", caller, cluster, mutual),
    ...side("destination", branch.server?.workload ?? null, cluster, mutual),
    ...serviceLabels(branch, call),
    ...responseLabels(call, branch.code, branch.grpc, branch.flags),
    connection_security_policy: unknown,
  }
}

/** What the server's proxy reports; a caller without a proxy is unknown to it. */
export const destinationLabels = (ends: Ends & { served: Served }): Labels => {
  const { caller, call, branch, cluster, served } = ends
  const mutual = served.security === "mutual_tls"
  return {
    reporter: "destination",
    ...side("source", caller.sidecar ? caller : null, cluster, mutual),
    ...side("destination", served.workload, cluster, mutual),
    ...serviceLabels(branch, call),
    ...responseLabels(call, served.code, served.flags === "DC" ? "" : branch.grpc, served.flags),
    connection_security_policy: mutual ? "mutual_tls" : "none",
  }
}

const escape = (value: string): string =>
  value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`)

/** `a="b",c="d"` as the exposition format has it. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(",")
