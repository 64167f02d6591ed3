import { configHost } from "../../istio/host.ts"
import type { RegistryService } from "../../istio/registry.ts"
import { list, record, text } from "../../topology/fact/read.ts"
import { named } from "../../istio/reason.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { Issue } from "../invalid.ts"
import { newObject } from "../new-object.ts"
import type { Warning } from "../plan.ts"
import type { World } from "../world.ts"
import { serviceOfHost } from "./target.ts"
import { type Version, ruleOf, versionNames, versionsOf } from "./versions.ts"

const kind = "DestinationRule.networking.istio.io"

/** A subset that a route sends to, and where the form says so; `known`: it did before as well, so that there may be none is nothing new. */
export type Wanted = { host: string; subset: string; path: string; known: boolean }
export type Made = { edits: Edit[]; issues: Issue[]; warnings: Warning[] }

const entryOf = ({ subset, labels }: Version): unknown => ({ name: subset, labels: { ...labels } })

/** Rules of clients' own namespaces count before the service's, and do not get the subset. */
function overruled(world: World, service: RegistryService, namespace: string): Warning[] {
  const own = new Set<string>()
  for (const rules of world.mesh.destinationRules.values())
    for (const rule of rules)
      if (rule.host === service.host && rule.namespace !== namespace) own.add(rule.namespace)
  own.delete(service.namespace)
  own.delete(world.mesh.settings.rootNamespace)
  return own.size === 0
    ? []
    : [
        {
          code: "destination_rule.overruled",
          message: `Clients in ${[...own].toSorted().join(", ")} have a DestinationRule of their own for ${service.host}, which does not get the new subsets`,
        },
      ]
}

/** A rule for just this service takes the place of a wider one as a whole, so what that one says is taken along. */
function fromWider(world: World, service: RegistryService, made: readonly Version[]): Edit {
  const rule = ruleOf(world, service)
  const wider = rule.objects[0] && world.object(rule.objects[0])
  const { host: _, subsets, workloadSelector: __, exportTo: ___, ...policy } = record(wider?.["spec"])
  const place = { kind, namespace: service.namespace, name: service.name }
  const host = service.object.kind === "Service" ? service.name : service.host
  return {
    create: newObject(world, place, { host, ...policy, subsets: [...list(subsets), ...made.map(entryOf)] }),
  }
}

function made(world: World, service: RegistryService, versions: readonly Version[]): Edit {
  const [first] = ruleOf(world, service).objects
  const object = first && world.object(first)
  const spec = record(object?.["spec"])
  const { domain } = world.mesh.settings
  const host = configHost(text(spec["host"]), object?.metadata.namespace ?? "", domain)
  if (object === undefined || first === undefined || host !== service.host)
    return fromWider(world, service, versions)
  const subsets = [...list(spec["subsets"]), ...versions.map(entryOf)]
  return { object: first, patch: patchBetween(object, { ...object, spec: { ...spec, subsets } }) }
}

/** Subsets that routes want and no destination rule gives, made from the labels of pods. */
export function madeSubsets(world: World, wanted: readonly Wanted[]): Made {
  const result: Made = { edits: [], issues: [], warnings: [] }
  for (const [host, wants] of Map.groupBy(wanted, (want) => want.host)) {
    const service = serviceOfHost(world, host, "")
    if (service === undefined) {
      result.issues.push(
        ...wants
          .filter(({ known }) => !known)
          .map(({ path, subset }) => ({
            path,
            message: `subset ${subset} of ${host} cannot be found: there is no such service`,
          })),
      )
      continue
    }
    const versions = versionsOf(world, service)
    const found = new Map<string, Version>()
    for (const { subset, path, known } of wants) {
      const version = versions.find((candidate) => candidate.subset === subset)
      if (version === undefined && known) continue
      if (version === undefined)
        result.issues.push({
          path,
          message: `no pod of ${named(service.object)} is of version ${subset}, and no DestinationRule has such a subset; versions are: ${versionNames(versions)}`,
        })
      else if (!version.exists) found.set(subset, version)
    }
    if (found.size === 0) continue
    const edit = made(world, service, [...found.values()])
    result.edits.push(edit)
    const namespace = "object" in edit ? edit.object.namespace : service.namespace
    result.warnings.push(...overruled(world, service, namespace))
  }
  return result
}
