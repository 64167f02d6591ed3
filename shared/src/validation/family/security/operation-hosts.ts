import { serviceHost } from "../../../istio/host.ts"
import { type Json, record, strings, text } from "../../../topology/fact/read.ts"
import { type View, check, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import {
  authorizationPolicy,
  grpcRoute,
  httpRoute,
  istioGateway,
  kubernetesGateway,
  serviceEntry,
  virtualService,
} from "./kinds.ts"
import {
  eachText,
  namespaceOf,
  operationOf,
  operationPath,
  rulesOf,
  specOf,
  tosOf,
  valuePath,
} from "./policy.ts"

export const hostUnknown = rule({
  code: "authorizationpolicy.host_unknown",
  aliases: ["KIA0104"],
  level: "warning",
  title: "Host is not known to the mesh",
  effect:
    "No service, service entry, route or gateway has it, so no request is likely to bear it and the rule does not match",
  remedy: "Correct the host, or drop it",
  source: "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation",
})

/** The wildcards that take a host: `*.shop.example`, `*.example`, `*`. */
function wildcardsOver(host: string): string[] {
  const found: string[] = []
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
    found.push(`*${host.slice(dot)}`)
  found.push("*")
  return found
}

/** A host under itself and, for those who ask with a wildcard, under each that takes it; a wildcard also as one. */
const keysOfHosts = (hosts: readonly string[]): string[] =>
  hosts.flatMap((written) => {
    const host = written.slice(written.indexOf("/") + 1).toLowerCase()
    return host.startsWith("*")
      ? [...wildcardsOver(host.slice(1)), `wildcard ${host}`]
      : [host, ...wildcardsOver(host)]
  })

const hostsOf = (spec: Json): readonly string[] => strings(spec["hosts"])
const serverHosts = (spec: Json): readonly string[] =>
  Array.isArray(spec["servers"]) ? spec["servers"].flatMap((server) => strings(record(server)["hosts"])) : []
const listenerHosts = (spec: Json): readonly string[] =>
  Array.isArray(spec["listeners"])
    ? spec["listeners"].flatMap((listener) => text(record(listener)["hostname"]) || [])
    : []
const hostnames = (spec: Json): readonly string[] => strings(spec["hostnames"])

const hostIndex = (kind: string, read: (spec: Json) => readonly string[]) =>
  index({
    name: `security/hosts/${kind}`,
    kind,
    keysOf: (object) => keysOfHosts(read(record(object["spec"]))),
  })

const indexes = [
  hostIndex(serviceEntry, hostsOf),
  hostIndex(virtualService, hostsOf),
  hostIndex(istioGateway, serverHosts),
  hostIndex(kubernetesGateway, listenerHosts),
  hostIndex(httpRoute, hostnames),
  hostIndex(grpcRoute, hostnames),
]

function isWritten(view: View, host: string, isInternal: boolean): boolean {
  for (const hosts of indexes) if (view.find(hosts, host).length > 0) return true
  for (const wildcard of wildcardsOver(host.startsWith("*") ? host.slice(1) : host)) {
    // A gateway for all hosts says nothing of names that only the cluster resolves.
    if (wildcard === "*" && isInternal) continue
    for (const hosts of indexes) if (view.find(hosts, `wildcard ${wildcard}`).length > 0) return true
  }
  return false
}

/** The service that a host is a spelling of (`reviews`, `reviews.shop`, `reviews.shop.svc`, the full name), there or not; undefined for other hosts. */
export function serviceNamed(
  view: View,
  host: string,
  namespace: string,
): { name: string; namespace: string } | undefined {
  const { domain } = view.settings
  const short = host.endsWith(`.svc.${domain}`)
    ? host.slice(0, -domain.length - 5)
    : host.endsWith(".svc")
      ? host.slice(0, -4)
      : host
  const dot = short.indexOf(".")
  const [name, where] = dot < 0 ? [short, namespace] : [short.slice(0, dot), short.slice(dot + 1)]
  return where.includes(".") ? undefined : { name, namespace: where }
}

function isService(view: View, host: string, from: string): boolean {
  const named = serviceNamed(view, host, from)
  if (named === undefined) return false
  const { name, namespace } = named
  if (name !== "*") return view.mesh.services.has(serviceHost(name, namespace, view.settings.domain))
  return namespace === from || view.inNamespace("Service", namespace).length > 0
}

/** A host as a request bears it, without its port. */
export function hostOf(written: string): string {
  const colon = written.lastIndexOf(":")
  return (colon > 0 ? written.slice(0, colon) : written).toLowerCase()
}

function isKnown(view: View, written: string, namespace: string): boolean {
  const host = hostOf(written)
  // `prefix*` and addresses are beyond what the registry can tell.
  if (host === "" || host === "*" || host.indexOf("*", 1) > 0 || /^[\d.]+$|^\[/.test(host)) return true
  if (host.startsWith("*") && !host.startsWith("*.")) return true
  const isInternal =
    !host.includes(".") || host.endsWith(".svc") || host.endsWith(`.svc.${view.settings.domain}`)
  return (
    isService(view, host, namespace) ||
    isWritten(view, host, isInternal) ||
    view.others.some((other) => isService(other, host, namespace) || isWritten(other, host, isInternal))
  )
}

export const operationHosts = check({
  name: "authorizationpolicy/operation_hosts",
  subject: authorizationPolicy,
  reads: ["Service", serviceEntry, virtualService, istioGateway, kubernetesGateway, httpRoute, grpcRoute],
  needs: ["Service"],
  rules: [hostUnknown],
  run: (policy, view, report) => {
    const namespace = namespaceOf(policy)
    rulesOf(specOf(policy)).forEach((item, at) =>
      tosOf(record(item)).forEach((to, position) => {
        const operation = operationOf(to)
        for (const field of ["hosts", "notHosts"]) {
          eachText(operation[field], (host, place) => {
            if (isKnown(view, host, namespace)) return
            report(hostUnknown, {
              path: valuePath(operationPath(at, position), field, place),
              message: `no service, service entry, virtual service, route or gateway has the host ${host}`,
            })
          })
        }
      }),
    )
  },
})
