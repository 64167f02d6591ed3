import type { Client } from "../../../istio/client.ts"
import { type VirtualService, key } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { record, stringMap } from "../../../topology/fact/read.ts"
import { type View, derived } from "../../check.ts"
import { podsWith } from "../../pods.ts"
import { gatewayKind } from "./kinds.ts"

export const selectorOfGateway = (gateway: KubeObject): Record<string, string> =>
  stringMap(record(gateway["spec"])["selector"])

const labelKey = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .filter(([label]) => label !== "pod-template-hash")
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(",")

/** A proxy that runs a Gateway; `known` false: there is no pod to see, its labels are taken from the selector. */
export type GatewayClient = Client & { known: boolean }

/** The distinct proxies (by namespace and labels) that run a Gateway, by `namespace/name` of the Gateway. */
export const clientsOfGateway = derived<readonly GatewayClient[]>({
  name: "routing/clients of a gateway",
  compute: (view, at) => {
    const slash = at.indexOf("/")
    const gateway = view.get(gatewayKind, at.slice(0, slash), at.slice(slash + 1))
    if (gateway === undefined) return []
    const selector = selectorOfGateway(gateway)
    const clients = new Map<string, GatewayClient>()
    for (const { metadata } of podsWith(view, selector)) {
      const labels = metadata.labels ?? {}
      const namespace = metadata.namespace ?? ""
      const id = `${namespace} ${labelKey(labels)}`
      if (!clients.has(id)) clients.set(id, { kind: "gateway", namespace, labels, known: true })
    }
    if (clients.size > 0) return [...clients.values()]
    return [{ kind: "gateway", namespace: gateway.metadata.namespace ?? "", labels: selector, known: false }]
  },
})

/** The VirtualService as the model has it: hosts completed, gateways by their full names. */
export const modelOf = (view: View, { metadata }: KubeObject): VirtualService | undefined =>
  view.mesh.virtualServices.get(key(metadata.namespace ?? "", metadata.name))

/** Namespaces whose sidecars may use it, as far as they are named: those of `exportTo`, else its own (it is for all). */
export function meshNamespaces({
  exportTo,
  namespace,
}: Pick<VirtualService, "exportTo" | "namespace">): string[] {
  if (exportTo.length === 0 || exportTo.includes("*")) return [namespace]
  return [...new Set(exportTo.map((entry) => (entry === "." ? namespace : entry)))]
}

/** The proxies that follow a VirtualService: a sidecar of each namespace it is for, and the pods of its gateways. */
export function clientsOf(view: View, config: VirtualService): GatewayClient[] {
  const clients: GatewayClient[] = []
  for (const gateway of config.gateways)
    if (gateway === "mesh")
      for (const namespace of meshNamespaces(config))
        clients.push({ kind: "sidecar", namespace, labels: {}, known: false })
    else clients.push(...view.derive(clientsOfGateway, gateway))
  return clients
}

/** Without gateways whose pods are not known: where they run is a guess. */
export const certain = (clients: readonly GatewayClient[]): GatewayClient[] =>
  clients.filter(({ kind, known }) => kind === "sidecar" || known)
