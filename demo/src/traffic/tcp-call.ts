import { authorize } from "#shared/istio/authorization.ts"
import { connectionTo } from "#shared/istio/connection.ts"
import { targetOf } from "#shared/istio/endpoints.ts"
import { routeTcp } from "#shared/istio/tcp-route.ts"
import { type CallContext, containerPort, serversOf } from "./attempt.ts"
import type { Call } from "./behaviour.ts"
import type { Branch } from "./branch.ts"
import { around } from "./latency.ts"
import { type Workload, clientOf } from "./workload.ts"

const ended = (share: number, flags: string, over: Partial<Branch>): Branch => ({
  share,
  code: "0",
  flags,
  grpc: "",
  service: null,
  cluster: "",
  server: null,
  upstream: null,
  latency: around(0.3),
  ...over,
})

/** All the ways in which one kind of TCP exchange ends; code `200` stands for one that carried its bytes. */
export function tcpCall(context: CallContext, caller: Workload, call: Call): Branch[] {
  const { mesh } = context
  const client = clientOf(caller)
  const destinations = caller.sidecar
    ? routeTcp(mesh, client, call)
    : [{ host: call.host, subset: "", port: call.port, share: 1 }]
  return destinations.flatMap((destination) => {
    const target = targetOf(mesh, client, destination)
    const { service } = target
    if (target.state === "outside" && service)
      return [ended(destination.share, "-", { code: "200", service })]
    if (target.state !== "endpoints" || !service)
      return [
        target.state === "no_endpoints" && service
          ? ended(destination.share, "UH", { service })
          : ended(destination.share, "NC", {}),
      ]
    return serversOf(context, target).map(({ workload, instance, share }) => {
      const part = share * destination.share
      const port = containerPort(target, instance)
      const connection = connectionTo(mesh, {
        fromProxy: caller.sidecar,
        policy: target.policy,
        service,
        server: instance,
        port,
      })
      if (!connection.accepted)
        return ended(part, connection.security === "none" ? "UC" : "UF", { service, upstream: workload })
      const mutual = connection.security === "mutual_tls"
      const { allowed } = authorize(mesh, instance, {
        principal: mutual ? caller.principal.replace("spiffe://", "") : "",
        namespace: mutual ? caller.namespace : "",
        port,
        http: null,
      })
      const code = allowed ? "200" : "0"
      return ended(part, "-", {
        code,
        service,
        upstream: workload,
        server: {
          workload,
          share: part,
          code,
          flags: "-",
          security: connection.security,
          latency: around(1),
          worked: allowed,
        },
      })
    })
  })
}
