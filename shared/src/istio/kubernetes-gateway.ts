import { list, number, record, text } from "../topology/fact/read.ts"
import type { GatewayQuestion } from "./gateway.ts"
import { commonHost, compareSpecificity, hostMatches } from "./host.ts"
import { comparePrecedence } from "./http-route.ts"
import { type GatewayRule, type Mesh, key } from "./mesh.ts"
import type { Rule } from "./rule.ts"

export const ruleOfGatewayApi = (rule: GatewayRule): Rule => ({
  object: rule.object,
  path: rule.path,
  namespace: rule.namespace,
  matches: rule.match === undefined ? [] : [rule.match],
  route: rule.route,
})

/** HTTPRoutes bound to the Gateway of the Gateway API that this proxy was made for; undefined when it was made for none, or none takes the host. */
export function rulesAtKubernetesGateway(
  mesh: Mesh,
  { client, port, host }: GatewayQuestion,
): readonly Rule[] | undefined {
  const name = client.labels["gateway.networking.k8s.io/gateway-name"]
  const gateway = name === undefined ? undefined : mesh.kubernetesGateways.get(key(client.namespace, name))
  if (!gateway || name === undefined) return undefined
  const bound = `gateway/${client.namespace}/${name}`
  const listeners = list(gateway.spec["listeners"])
    .map(record)
    .filter((listener) => number(listener["port"]) === port)
  const domainOf = (hosts: readonly string[], section: string): string | undefined =>
    listeners
      .filter((listener) => section === "" || listener["name"] === section)
      .flatMap((listener) =>
        (hosts.length === 0 ? ["*"] : hosts).map((own) => commonHost(text(listener["hostname"]) || "*", own)),
      )
      .filter((domain): domain is string => domain !== undefined && hostMatches(domain, host))
      .sort(compareSpecificity)[0]
  const all = (mesh.httpRoutes.get(bound) ?? []).flatMap((rule) => {
    const domain = rule.parents
      .filter((ref) => ref.key === bound && (ref.port === 0 || ref.port === port))
      .map((ref) => domainOf(rule.hosts, ref.section))
      .find((found) => found !== undefined)
    return domain === undefined ? [] : [{ rule, domain }]
  })
  const closest = all.map(({ domain }) => domain).sort(compareSpecificity)[0]
  if (closest === undefined) return undefined
  return all
    .filter(({ domain }) => domain === closest)
    .map(({ rule }) => rule)
    .sort(comparePrecedence)
    .map(ruleOfGatewayApi)
}
