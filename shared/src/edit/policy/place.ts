import { configHost } from "../../istio/host.ts"
import type { EffectiveRule } from "../../istio/destination-rule.ts"
import type { RegistryService } from "../../istio/registry.ts"
import { type KubeObject, type ObjectRef, refOf } from "../../kube/object.ts"
import { type Json, list, number, record, text } from "../../topology/fact/read.ts"
import type { PolicyScope, ServiceName } from "../form.ts"
import { type Issue, refuse } from "../invalid.ts"
import { newObject } from "../new-object.ts"
import { type Target, targetOf } from "../route/target.ts"
import { type Version, ruleOf, versionNamed, versionNames, versionsOf } from "../route/versions.ts"
import type { World } from "../world.ts"

export const destinationRule = "DestinationRule.networking.istio.io"

/** What a control of a DestinationRule is about. */
export type PolicyTarget = { service: ServiceName; scope: PolicyScope }

/** Where such a control reads and writes. */
export type Place = {
  target: Target
  scope: PolicyScope
  rule: EffectiveRule
  /** The object that is to be edited, or made. */
  object: KubeObject
  isNew: boolean
  /** What a new object says before the control says anything: what the wider rule did whose place it takes. */
  base: Json
  version: Version | undefined
}

export const specOf = (object: KubeObject): Json => record(object["spec"])

const hasSubset = (object: KubeObject, subset: string): boolean =>
  list(specOf(object)["subsets"]).some((entry) => text(record(entry)["name"]) === subset)

/** Of the objects that istiod made one rule of, the one whose word counts at a scope. */
function counting(world: World, rule: EffectiveRule, { subset }: PolicyScope): KubeObject | undefined {
  const objects = rule.objects.map((ref) => world.object(ref)).filter((object) => object !== undefined)
  const speaks = (object: KubeObject): boolean =>
    subset === undefined
      ? specOf(object)["trafficPolicy"] !== undefined && specOf(object)["trafficPolicy"] !== null
      : hasSubset(object, subset)
  return objects.find(speaks) ?? objects[0]
}

/** A rule for just this service takes the place of a wider one as a whole, so what that one says is taken along. */
function fresh(world: World, service: RegistryService, wider: KubeObject | undefined): KubeObject {
  const { host: _, workloadSelector: __, exportTo: ___, ...said } = wider === undefined ? {} : specOf(wider)
  const host = service.object.kind === "Service" ? service.name : service.host
  const { namespace, name } = service
  return newObject(world, { kind: destinationRule, namespace, name }, { host, ...said })
}

function scopeIssues(place: Place, versions: readonly Version[]): Issue[] {
  const { scope, target, version } = place
  const { ports } = target.service
  const issues: Issue[] = []
  if (scope.subset !== undefined && version === undefined)
    issues.push({
      path: "scope.subset",
      message: `${target.service.namespace}/${target.service.name} has no subset ${scope.subset}, and no pod of that version; versions are: ${versionNames(versions)}`,
    })
  if (scope.port !== undefined && !ports.some((own) => own.number === scope.port))
    issues.push({
      path: "scope.port",
      message: `${target.service.namespace}/${target.service.name} has no port ${scope.port}; its ports are ${ports.map((own) => own.number).join(", ") || "none"}`,
    })
  return issues
}

/**
 * The DestinationRule that takes effect for a service (client's namespace, service's, root namespace; asked for a client beside the service), where it is for just
 * this host; else a new one in the service's namespace. @throws AppError input.invalid where service, subset or port are not there
 */
export function placeOf(world: World, { service: name, scope }: PolicyTarget): Place {
  const target = targetOf(world, name)
  const { service } = target
  const rule = ruleOf(world, service)
  const found = counting(world, rule, scope)
  const host =
    found === undefined
      ? ""
      : configHost(text(specOf(found)["host"]), found.metadata.namespace ?? "", world.mesh.settings.domain)
  const isNew = found === undefined || host !== service.host
  const object = isNew ? fresh(world, service, found) : found
  const versions = versionsOf(world, service)
  const version = scope.subset === undefined ? undefined : versionNamed(versions, scope.subset)
  const place = { target, scope, rule, object, isNew, base: specOf(object), version }
  refuse(scopeIssues(place, versions))
  return place
}

/** Objects that are read, the first that counts first. */
export const objectsOf = ({ rule }: Place): readonly ObjectRef[] => rule.objects

const isOfPort = (entry: unknown, port: number): boolean =>
  number(record(record(entry)["port"])["number"]) === port

const subsetIndex = (spec: Json, subset: string): number =>
  list(spec["subsets"]).findIndex((entry) => text(record(entry)["name"]) === subset)

/** The holder of a traffic policy at a scope, and its path. */
function holderAt(spec: Json, { version }: Place): { holder: Json; path: string } {
  if (version === undefined) return { holder: spec, path: "spec" }
  const index = subsetIndex(spec, version.subset)
  const at = index === -1 ? list(spec["subsets"]).length : index
  return { holder: record(list(spec["subsets"])[at]), path: `spec.subsets[${at}]` }
}

/** The traffic policy that is written at the scope itself, and its path; `{}` where there is none. */
export function policyAt(spec: Json, place: Place): { policy: Json; path: string } {
  const { holder, path } = holderAt(spec, place)
  const policy = record(holder["trafficPolicy"])
  const inside = `${path}.trafficPolicy`
  const { port } = place.scope
  if (port === undefined) return { policy, path: inside }
  const ports = list(policy["portLevelSettings"])
  const index = ports.findIndex((entry) => isOfPort(entry, port))
  const found = index === -1 ? ports.length : index
  return { policy: record(ports[found]), path: `${inside}.portLevelSettings[${found}]` }
}

const filled = (policy: Json): Json | undefined => (Object.keys(policy).length === 0 ? undefined : policy)

const withField = (json: Json, field: string, value: unknown): Json => {
  if (value !== undefined) return { ...json, [field]: value }
  const { [field]: _, ...rest } = json
  return rest
}

const replacedAt = (entries: readonly unknown[], index: number, entry: unknown): unknown[] =>
  index === -1 ? [...entries, entry] : entries.with(index, entry)

/** The policy of a port stands among the others; one that says nothing goes, which Istio would refuse. */
function withPort(policy: Json, port: number, settings: Json): Json {
  const ports = list(policy["portLevelSettings"])
  const index = ports.findIndex((entry) => isOfPort(entry, port))
  const { port: _, ...said } = settings
  if (Object.keys(said).length > 0) {
    const entry = { port: settings["port"] ?? { number: port }, ...said }
    return { ...policy, portLevelSettings: replacedAt(ports, index, entry) }
  }
  const rest = ports.filter((_entry, i) => i !== index)
  return withField(policy, "portLevelSettings", rest.length === 0 ? undefined : rest)
}

/** The spec with another policy at the scope. A subset that is not there yet is made. */
export function withPolicyAt(spec: Json, place: Place, policy: Json): Json {
  const { scope, version } = place
  const { holder } = holderAt(spec, place)
  const whole =
    scope.port === undefined ? policy : withPort(record(holder["trafficPolicy"]), scope.port, policy)
  const written = withField(holder, "trafficPolicy", filled(whole))
  if (version === undefined) return written
  const index = subsetIndex(spec, version.subset)
  const made = index === -1 ? { name: version.subset, labels: { ...version.labels }, ...written } : written
  return { ...spec, subsets: replacedAt(list(spec["subsets"]), index, made) }
}

export const serviceOf = ({ target }: Place): string => `${target.service.namespace}/${target.service.name}`

/** `bookinfo/reviews`, `subset v1 of bookinfo/reviews`, `port 9080 of subset v1 of bookinfo/reviews`. */
export const wordsOf = (place: Place): string =>
  [
    ...(place.scope.port === undefined ? [] : [`port ${place.scope.port}`]),
    ...(place.version === undefined ? [] : [`subset ${place.version.subset}`]),
    serviceOf(place),
  ].join(" of ")

export const isOurs = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.["app.kubernetes.io/managed-by"] === "service-mesh-manager"

export const refOfPlace = ({ object }: Place): ObjectRef => refOf(object)
