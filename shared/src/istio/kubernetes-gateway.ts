import { type Json, list, number, record, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { commonHost, hostMatches, isWildcard } from "./host.ts"
import { joinedRoutes } from "./http-route-join.ts"
import { type Config, type GatewayRule, type Mesh, key } from "./mesh.ts"
import type { Routed } from "./rule.ts"
import type { Server } from "./server.ts"

const gatewayLabel = "gateway.networking.k8s.io/gateway-name"

/** The Gateway of the Gateway API that a proxy was made for. Source: gateway.networking.k8s.io/gateway-name, istio.io "Kubernetes Gateway API". */
const gatewayOf = (mesh: Mesh, client: Client): Config | undefined => {
  const name = client.labels[gatewayLabel]
  return name === undefined ? undefined : mesh.kubernetesGateways.get(key(client.namespace, name))
}

/** Namespaces whose routes a listener lets in; its own, when it says nothing. A selector is only read for the names of namespaces. */
function namespacesOf(listener: Json, own: string): readonly string[] {
  const { from, selector } = record(record(listener["allowedRoutes"])["namespaces"])
  if (from === "All") return ["*"]
  if (from !== "Selector") return [own]
  const named = text(record(record(selector)["matchLabels"])["kubernetes.io/metadata.name"])
  return [named === "" ? "*" : named]
}

const listenersIn = (gateway: Config): Json[] => list(gateway.spec["listeners"]).map(record)
const hostnameOf = (listener: Json): string => text(listener["hostname"]).toLowerCase()

/** Listeners of a Gateway as servers of one each, in the order of their names, which is how istiod sorts what it makes of them. */
export function serversOfKubernetes(mesh: Mesh, client: Client): Server[] {
  const gateway = gatewayOf(mesh, client)
  if (gateway === undefined) return []
  return listenersIn(gateway)
    .map((listener, index): Server => {
      const mode = text(record(listener["tls"])["mode"])
      return {
        gateway,
        name: `kubernetes/${key(gateway.namespace, gateway.object.name)}/${text(listener["name"])}`,
        path: `spec.listeners[${index}]`,
        port: number(listener["port"]),
        bind: "",
        hosts: namespacesOf(listener, gateway.namespace).map((namespace) => ({
          namespace,
          host: hostnameOf(listener) || "*",
        })),
        protocol: text(listener["protocol"]).toUpperCase(),
        tls: listener["tls"] === undefined ? undefined : mode === "Passthrough" ? "PASSTHROUGH" : "SIMPLE",
        httpsRedirect: false,
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Whether a route's host is for this listener, and not for another of the same port and protocol that names it closer.
 * Source: Gateway API, Listener.hostname; pilot `hostnameAllowedByIsolation`.
 */
function isOwnHost(listener: Json, others: readonly Json[], host: string): boolean {
  const own = hostnameOf(listener)
  if (own !== "" && !isWildcard(own)) return true
  if (own !== "" && commonHost(own, host) === undefined) return false
  return others.every((other) => {
    const banned = hostnameOf(other)
    return banned === "" || own.length > banned.length || !hostMatches(banned, host)
  })
}

const isSamePort = (a: Json, b: Json): boolean =>
  number(a["port"]) === number(b["port"]) && a["protocol"] === b["protocol"]

/** Whether a listener takes a route: by port, section, hosts and namespace. Source: pilot `referenceAllowed`. */
function isAttached(rule: GatewayRule, parent: string, listener: Json, own: string): boolean {
  const port = number(listener["port"])
  const name = text(listener["name"])
  const referred = rule.parents.some(
    (ref) =>
      ref.key === parent &&
      (ref.port === 0 || ref.port === port) &&
      (ref.section === "" || ref.section === name),
  )
  if (!referred || !isKindAllowed(rule, listener)) return false
  const namespaces = namespacesOf(listener, own)
  if (!namespaces.includes("*") && !namespaces.includes(rule.namespace)) return false
  const hostname = hostnameOf(listener) || "*"
  return rule.hosts.length === 0 || rule.hosts.some((host) => commonHost(hostname, host) !== undefined)
}

function isKindAllowed(rule: GatewayRule, listener: Json): boolean {
  const kinds = list(record(listener["allowedRoutes"])["kinds"])
  const kind = rule.object.kind.split(".")[0]
  return kinds.length === 0 || kinds.some((entry) => record(entry)["kind"] === kind)
}

/** The routes of a listener, one of each host. */
export function routesOfListener(mesh: Mesh, { gateway, path }: Server): Routed[] {
  const parent = `gateway/${gateway.namespace}/${gateway.object.name}`
  const listeners = listenersIn(gateway)
  const index = Number(/\d+/.exec(path)?.[0] ?? 0)
  const listener = listeners[index]
  if (listener === undefined) return []
  const others = listeners.filter((other) => other !== listener && isSamePort(other, listener))
  const attached = (mesh.httpRoutes.get(parent) ?? []).filter((rule) =>
    isAttached(rule, parent, listener, gateway.namespace),
  )
  return joinedRoutes(attached, (rule) =>
    (rule.hosts.length === 0 ? ["*"] : strings(rule.hosts)).filter((host) =>
      isOwnHost(listener, others, host.toLowerCase()),
    ),
  )
}
