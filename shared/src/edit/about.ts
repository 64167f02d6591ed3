import { configHost, serviceHost } from "../istio/host.ts"
import { type KubeObject, kindKeyOf } from "../kube/object.ts"
import { type Json, list, record, strings, text } from "../topology/fact/read.ts"
import type { World } from "./world.ts"

const networking = "networking.istio.io"
const gateway = "gateway.networking.k8s.io"

type Hosts = (spec: Json, namespace: string, domain: string) => string[]

const destinations = (spec: Json): string[] =>
  ["http", "tcp", "tls"].flatMap((section) =>
    list(spec[section]).flatMap((rule) =>
      list(record(rule)["route"]).map((entry) => text(record(record(entry)["destination"])["host"])),
    ),
  )

/** Those of the hosts that it routes, else (a delegate, or one for hosts from outside) those it sends to. */
const ofVirtualService: Hosts = (spec) => [...strings(spec["hosts"]), ...destinations(spec)]

const ofRoute: Hosts = (spec, namespace, domain) => {
  const services = (refs: unknown): string[] =>
    list(refs)
      .map(record)
      .filter(({ kind = "Service" }) => kind === "Service")
      .map((ref) => serviceHost(text(ref["name"]), text(ref["namespace"]) || namespace, domain))
  const parents = list(spec["parentRefs"]).filter((ref) => record(ref)["kind"] === "Service")
  return [
    ...services(parents),
    ...list(spec["rules"]).flatMap((rule) => services(record(rule)["backendRefs"])),
  ]
}

const hostsOf: Readonly<Record<string, Hosts>> = {
  [`VirtualService.${networking}`]: ofVirtualService,
  [`DestinationRule.${networking}`]: (spec) => [text(spec["host"])],
  [`ServiceEntry.${networking}`]: (spec) => strings(spec["hosts"]),
  [`HTTPRoute.${gateway}`]: ofRoute,
  [`GRPCRoute.${gateway}`]: ofRoute,
  [`TCPRoute.${gateway}`]: ofRoute,
  [`TLSRoute.${gateway}`]: ofRoute,
}

function ofObject(world: World, object: KubeObject): string[] {
  const { domain } = world.mesh.settings
  const namespace = object.metadata.namespace ?? ""
  const kind = kindKeyOf(object)
  if (kind === "Service") return [`${namespace}/${object.metadata.name}`]
  return (hostsOf[kind]?.(record(object["spec"]), namespace, domain) ?? []).flatMap((host) => {
    const [service] = world.mesh.services.get(configHost(host, namespace, domain)) ?? []
    return service === undefined ? [] : [`${service.namespace}/${service.name}`]
  })
}

/** Services that objects are about, as `namespace/name`: those they name. */
export const servicesOf = (world: World, objects: readonly KubeObject[]): string[] => [
  ...new Set(objects.flatMap((object) => ofObject(world, object))),
]
