import { isSubset } from "../../istio/mesh.ts"
import type { RegistryService } from "../../istio/registry.ts"
import { record, stringMap } from "../../topology/fact/read.ts"
import type { World } from "../world.ts"

/**
 * The Services that stand for versions of a service, by version: those of its namespace that select by its labels and more. The version is the `version` they
 * select, or the only label more, else their own name.
 */
export function versionServices(world: World, service: RegistryService): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (Object.keys(service.selector).length === 0) return found
  for (const { metadata, ...object } of world.list("Service", service.namespace)) {
    const selector = stringMap(record(object["spec"])["selector"])
    if (metadata.name === service.name || !isSubset(service.selector, selector)) continue
    const more = Object.entries(selector).filter(([label]) => service.selector[label] === undefined)
    if (more.length === 0) continue
    const [first] = more
    const version =
      selector["version"] ?? (more.length === 1 && first !== undefined ? first[1] : metadata.name)
    if (!found.has(version)) found.set(version, metadata.name)
  }
  return found
}
