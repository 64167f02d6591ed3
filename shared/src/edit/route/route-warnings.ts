import { instancesOf } from "../../istio/endpoints.ts"
import { named } from "../../istio/reason.ts"
import { type KubeObject, refOf } from "../../kube/object.ts"
import type { RoutingForm } from "../form.ts"
import type { Warning } from "../plan.ts"
import type { World } from "../world.ts"
import { type Named, reroutedOf } from "./named-destinations.ts"
import type { Holder } from "./routes.ts"
import { destinationHost } from "./scope.ts"
import { isCatchAll } from "./rule-choice.ts"
import { shadowedOf } from "./shadow.ts"
import { type Target, hasHttp, nameOf, serviceOfHost } from "./target.ts"
import { readyPods, versionsOf } from "./versions.ts"

const distinct = (warnings: readonly Warning[]): Warning[] => [
  ...new Map(warnings.map((warning) => [`${warning.code} ${warning.message}`, warning])).values(),
]

function podsBehind(world: World, { destination }: Named, { scope, api }: Holder): number | undefined {
  const host = destinationHost(destination.host, scope)
  const service = serviceOfHost(world, host, scope.namespace)
  if (service === undefined || Object.keys(service.selector).length === 0) return undefined
  if (destination.subset === undefined) return readyPods(world, service, {})
  if (api === "istio")
    return versionsOf(world, service).find(({ subset }) => subset === destination.subset)?.pods
  const stand = scope.versionServices.get(destination.subset)
  const version = world.mesh.services.get(service.host.replace(service.name, stand ?? service.name))?.[0]
  return version && readyPods(world, version, {})
}

function withoutPods(world: World, holder: Holder, wanted: RoutingForm): Warning[] {
  return reroutedOf(holder.form, wanted)
    .flat()
    .filter(({ weight }) => weight !== 0)
    .filter((one) => podsBehind(world, one, holder) === 0)
    .map(({ destination }) => {
      const to = `${destinationHost(destination.host, holder.scope)}${destination.subset === undefined ? "" : ` version ${destination.subset}`}`
      return {
        code: "destination.no_pods",
        message: `No pod behind ${to} is ready: requests that are sent there fail with 503`,
      }
    })
}

function newlyShadowed(holder: Holder, wanted: RoutingForm, after: KubeObject): Warning[] {
  const before = new Set(shadowedOf(holder).map(({ rule }) => rule))
  return shadowedOf(holder, after)
    .filter(({ rule }) => !before.has(wanted.http[rule]?.origin ?? -1))
    .map(({ message }) => ({ code: "route.shadowed", message }))
}

function ofService(world: World, target: Target, { form, api }: Holder, wanted: RoutingForm): Warning[] {
  const warnings: Warning[] = []
  const pods = instancesOf(world.mesh, target.service)
  if (pods.length > 0 && pods.every(({ sidecar }) => !sidecar))
    warnings.push({
      code: "service.no_sidecar",
      message: `No pod of ${nameOf(target)} has a sidecar: the routes count in the proxies of its clients only`,
    })
  if (!hasHttp(target.service) && wanted.http.length > form.http.length)
    warnings.push({
      code: "service.not_http",
      message: `No port of ${nameOf(target)} is for HTTP, so http routes do not count; name a port http-..., or set its appProtocol`,
    })
  const others = (wanted.hosts ?? []).filter(
    (host) => host !== target.service.name && host !== target.service.host,
  )
  if (api === "istio" && others.length > 0)
    warnings.push({
      code: "route.shared",
      message: `The same routes are for ${others.join(", ")} as well`,
    })
  return warnings
}

/** Of a service that all requests have reached until now. */
function withoutRest({ form, isNew }: Holder, { http }: RoutingForm): Warning[] {
  const all = isNew || form.http.some(isCatchAll)
  return !all || http.length === 0 || http.some(isCatchAll)
    ? []
    : [
        {
          code: "route.no_rest",
          message: "Requests that no rule takes are answered with 404: add a last rule without a match",
        },
      ]
}

/** What to know before routes are changed. */
export const routeWarnings = (
  world: World,
  target: Target,
  holder: Holder,
  { wanted, after }: { wanted: RoutingForm; after: KubeObject },
): Warning[] =>
  distinct([
    ...withoutPods(world, holder, wanted),
    ...newlyShadowed(holder, wanted, after),
    ...withoutRest(holder, wanted),
    ...ofService(world, target, holder, wanted),
  ])

/** A route that a change takes the place of without touching it. */
export const overtaken = (objects: Parameters<typeof named>[0][], by: KubeObject): Warning[] =>
  objects.map((object) => ({
    code: "route.overtaken",
    message: `${named(object)} routes the service by a wildcard and no longer does: ${named(refOf(by))} comes first`,
  }))
