import type { RegistryService } from "../../../istio/registry.ts"

/** The namespaces an object is exported to; `all` where it names none of them. */
export type Audience = { all: boolean; namespaces: ReadonlySet<string> }

const everywhere: Audience = { all: true, namespaces: new Set() }

/** Source: istio.io, `exportTo`; `byDefault` is MeshConfig's, empty: everywhere. */
export function audienceOf(
  exportTo: readonly string[],
  own: string,
  byDefault: readonly string[] = [],
): Audience {
  const entries = exportTo.length > 0 ? exportTo : byDefault
  if (entries.length === 0 || entries.includes("*")) return everywhere
  const namespaces = new Set<string>()
  for (const entry of entries) if (entry !== "~") namespaces.add(entry === "." ? own : entry)
  return { all: false, namespaces }
}

export const hears = (audience: Audience, namespace: string): boolean =>
  audience.all || audience.namespaces.has(namespace)

/** The namespaces that hear both; undefined when no one does. */
export function shared(a: Audience, b: Audience): Audience | undefined {
  if (a.all) return b.all || b.namespaces.size > 0 ? b : undefined
  if (b.all) return a.namespaces.size > 0 ? a : undefined
  const namespaces = new Set<string>()
  for (const namespace of a.namespaces) if (b.namespaces.has(namespace)) namespaces.add(namespace)
  return namespaces.size > 0 ? { all: false, namespaces } : undefined
}

export const audienceOfService = (
  service: RegistryService,
  byDefault: readonly string[] | undefined,
): Audience => audienceOf(service.exportTo, service.namespace, byDefault)

/** For sentences. */
export const audienceText = (audience: Audience): string =>
  audience.all ? "all namespaces" : [...audience.namespaces].sort().join(", ")
