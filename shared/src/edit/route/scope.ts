import { configHost, serviceHost } from "../../istio/host.ts"
import type { RegistryService } from "../../istio/registry.ts"

/** What names in an object that routes a service are relative to. */
export type Scope = {
  service: RegistryService
  /** Of the object. */
  namespace: string
  domain: string
  /** Names of the Services that stand for versions of the service, by version. Only the Gateway API knows such. */
  versionServices: ReadonlyMap<string, string>
}

/** How a new object names the service. */
export const spelledHost = ({ service, namespace }: Scope): string =>
  service.namespace === namespace && service.object.kind === "Service" ? service.name : service.host

export const isOwnHost = (host: string, { service, namespace, domain }: Scope): boolean =>
  configHost(host, namespace, domain) === service.host

/** The full name of the host that a destination of a form means. */
export const destinationHost = (host: string | undefined, scope: Scope): string =>
  host === undefined ? scope.service.host : configHost(host, scope.namespace, scope.domain)

/** A host of a route of the Gateway API, which names Services: `name`, `name.namespace`, or in full. */
export function serviceNamed(
  host: string,
  { namespace, domain }: Scope,
): { name: string; namespace: string } {
  const [name = "", of = namespace] = host.split(".")
  const full = serviceHost(name, of, domain)
  return host === name || host === `${name}.${of}` || host === `${name}.${of}.svc` || host === full
    ? { name, namespace: of }
    : { name: host, namespace }
}
