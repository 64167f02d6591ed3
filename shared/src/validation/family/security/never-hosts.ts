import type { Instance } from "../../../istio/instance.ts"
import { serviceHost } from "../../../istio/host.ts"
import { isSubset } from "../../../istio/mesh.ts"
import { record, strings } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { coverageOf, dataplaneAt } from "./coverage.ts"
import { authorizationPolicy, httpRoute, instanceKinds, serviceKinds, virtualService } from "./kinds.ts"
import { hostElsewhere } from "./never-rules.ts"
import { hostOf, serviceNamed } from "./operation-hosts.ts"
import { oneOfEach } from "./peer-authentication.ts"
import {
  actionOf,
  isTargeted,
  namespaceOf,
  operationOf,
  operationPath,
  rulesOf,
  specOf,
  tosOf,
} from "./policy.ts"
import { some } from "./sentence.ts"

/** Whether requests for a host end at one of the workloads, or may: a route takes them anywhere, and what is no service of ours is not known. */
function mayReach(view: View, written: string, namespace: string, covered: readonly Instance[]): boolean {
  const host = hostOf(written)
  if (host.includes("*")) return true
  const named = serviceNamed(view, host, namespace)
  if (named === undefined) return true
  const full = serviceHost(named.name, named.namespace, view.settings.domain)
  const services = view.mesh.services.get(full)
  if (services === undefined || view.mesh.meshRoutes.byHost.has(full)) return true
  if (view.mesh.httpRoutes.has(`service/${named.namespace}/${named.name}`)) return true
  return services.some(
    (service) =>
      Object.keys(service.selector).length === 0 ||
      covered.some(
        (instance) => instance.namespace === service.namespace && isSubset(service.selector, instance.labels),
      ),
  )
}

export const unreachedHosts = check({
  name: "authorizationpolicy/unreached_hosts",
  subject: authorizationPolicy,
  reads: [...instanceKinds, ...serviceKinds, "Namespace", virtualService, httpRoute],
  needs: ["Pod", "Service"],
  rules: [hostElsewhere],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    const namespace = namespaceOf(policy)
    if (isTargeted(spec) || namespace === view.settings.rootNamespace) return
    let covered: readonly Instance[] | undefined
    rulesOf(spec).forEach((item, at) =>
      tosOf(record(item)).forEach((to, position) => {
        const hosts = operationOf(to)["hosts"] === undefined ? [] : strings(operationOf(to)["hosts"])
        if (hosts.length === 0) return
        if (covered === undefined) {
          const all = coverageOf(view, policy)
          covered = all === "mesh" ? [] : oneOfEach(all)
        }
        const own = covered
        // A gateway takes whatever host is sent to it, a waypoint those of its services.
        if (own.length === 0 || own.some((one) => one.gateway || dataplaneAt(view, one) !== "sidecar")) return
        if (hosts.some((host) => mayReach(view, host, namespace, own))) return
        report(hostElsewhere, {
          path: `${operationPath(at, position)}.hosts`,
          ...(actionOf(spec) === "DENY" ? { level: "error" as const } : {}),
          message: `${some(hosts)} ${hosts.length === 1 ? "is" : "are"} not answered by ${some([...new Set(own.map(({ workload }) => workload.name))])}`,
        })
      }),
    )
  },
})
