import { list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client, HttpRequest } from "./client.ts"
import { commonHost, compareSpecificity, hostMatches } from "./host.ts"
import { comparePrecedence } from "./http-route.ts"
import { type Config, type Mesh, isSubset, key } from "./mesh.ts"
import { named, reason } from "./reason.ts"
import { type Rule, forProxy, isCatchAll, rulesOf } from "./rule.ts"
import { type Rules, ruleOfGatewayApi } from "./sidecar-routes.ts"
import { isExportedTo } from "./visibility.ts"

/** One server of a Gateway (or listener of a Gateway API one) that a gateway's proxy runs on a port. */
export type Server = {
  gateway: Config
  /** `namespace/name`. */
  name: string
  /** Host patterns with the namespaces whose routes may bind (`*`: all). */
  hosts: readonly { namespace: string; host: string }[]
  protocol: string
  httpsRedirect: boolean
}

function serverHost(entry: string, own: string): { namespace: string; host: string } {
  const slash = entry.indexOf("/")
  if (slash < 0) return { namespace: "*", host: entry }
  const namespace = entry.slice(0, slash)
  return { namespace: namespace === "." ? own : namespace, host: entry.slice(slash + 1) }
}

/** Istio Gateways select proxies by labels, in any namespace. */
export const serversOf = (mesh: Mesh, client: Client, port: number): Server[] =>
  mesh.gateways
    .filter(({ spec }) => isSubset(stringMap(spec["selector"]), client.labels))
    .flatMap((gateway) =>
      list(gateway.spec["servers"])
        .map(record)
        .filter((server) => number(record(server["port"])["number"]) === port)
        .map((server) => ({
          gateway,
          name: key(gateway.namespace, gateway.object.name),
          hosts: strings(server["hosts"]).map((host) => serverHost(host, gateway.namespace)),
          protocol: text(record(server["port"])["protocol"]).toUpperCase(),
          httpsRedirect: record(server["tls"])["httpsRedirect"] === true,
        })),
    )

type Bound = { domain: string; rules: Rule[] }

/** Virtual services bound to the servers, each under the narrowest of its hosts and the server's that takes the request. */
function boundRoutes(mesh: Mesh, client: Client, request: HttpRequest, servers: readonly Server[]): Bound[] {
  const context = { client, port: request.port, gateways: new Set(servers.map(({ name }) => name)) }
  return servers.flatMap((server) =>
    (mesh.gatewayRoutes.get(server.name) ?? [])
      .filter((config) => isExportedTo(config.exportTo, config.namespace, client.namespace))
      .flatMap((config): Bound[] => {
        const domain = server.hosts
          .filter(({ namespace }) => namespace === "*" || namespace === config.namespace)
          .flatMap(({ host }) => config.hosts.map((own) => commonHost(host, own)))
          .filter((host): host is string => host !== undefined && hostMatches(host, request.host))
          .sort(compareSpecificity)[0]
        return domain === undefined ? [] : [{ domain, rules: forProxy(rulesOf(mesh, config), context) }]
      }),
  )
}

function gatewayApiRoutes(mesh: Mesh, client: Client, request: HttpRequest): Rule[] {
  const name = client.labels["gateway.networking.k8s.io/gateway-name"]
  const gateway = name === undefined ? undefined : mesh.kubernetesGateways.get(key(client.namespace, name))
  if (!gateway || name === undefined) return []
  const bound = `gateway/${client.namespace}/${name}`
  const listeners = list(gateway.spec["listeners"])
    .map(record)
    .filter((listener) => number(listener["port"]) === request.port)
  const domainOf = (hosts: readonly string[], section: string): string | undefined =>
    listeners
      .filter((listener) => section === "" || listener["name"] === section)
      .flatMap((listener) =>
        (hosts.length === 0 ? ["*"] : hosts).map((host) =>
          commonHost(text(listener["hostname"]) || "*", host),
        ),
      )
      .filter((host): host is string => host !== undefined && hostMatches(host, request.host))
      .sort(compareSpecificity)[0]
  const all = (mesh.httpRoutes.get(bound) ?? []).flatMap((rule) => {
    const domain = rule.parents
      .filter((ref) => ref.key === bound && (ref.port === 0 || ref.port === request.port))
      .map((ref) => domainOf(rule.hosts, ref.section))
      .find((host) => host !== undefined)
    return domain === undefined ? [] : [{ rule, domain }]
  })
  const closest = all.map(({ domain }) => domain).sort(compareSpecificity)[0]
  return all
    .filter(({ domain }) => domain === closest)
    .map(({ rule }) => rule)
    .sort(comparePrecedence)
    .map(ruleOfGatewayApi)
}

/** At a gateway the virtual services of one host are joined: oldest first, rules that take everything last. Source: pilot `SortVHostRoutes`. */
export function rulesAtGateway(mesh: Mesh, client: Client, request: HttpRequest): Rules {
  const servers = serversOf(mesh, client, request.port)
  const ofGatewayApi = gatewayApiRoutes(mesh, client, request)
  if (ofGatewayApi.length > 0) return { rules: ofGatewayApi, reasons: [] }
  if (servers.length === 0)
    return {
      rules: undefined,
      reasons: [reason("gateway.no_server", `No gateway server listens on port ${request.port} here`)],
    }
  const redirecting = servers.find(
    ({ httpsRedirect, hosts }) => httpsRedirect && hosts.some(({ host }) => hostMatches(host, request.host)),
  )
  if (redirecting) return { rules: [redirectRule(redirecting)], reasons: [] }
  const bound = boundRoutes(mesh, client, request, servers)
  const closest = bound.map(({ domain }) => domain).sort(compareSpecificity)[0]
  if (closest === undefined)
    return {
      rules: undefined,
      reasons: servers.map(({ gateway }) =>
        reason(
          "gateway.no_route",
          `No virtual service bound to ${named(gateway.object)} takes the host ${request.host}`,
          gateway.object,
        ),
      ),
    }
  const rules = bound.filter(({ domain }) => domain === closest).flatMap((entry) => entry.rules)
  return { rules: [...rules.filter((rule) => !isCatchAll(rule)), ...rules.filter(isCatchAll)], reasons: [] }
}

const redirectRule = ({ gateway }: Server): Rule => ({
  object: gateway.object,
  path: "spec.servers",
  namespace: gateway.namespace,
  matches: [],
  route: { redirect: { redirectCode: 301 } },
})
