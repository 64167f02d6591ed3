import { instancesOf } from "../../istio/endpoints.ts"
import { named } from "../../istio/reason.ts"
import { refOf } from "../../kube/object.ts"
import type { FormControl } from "../intent.ts"
import type { Reading, Warning } from "../plan.ts"
import type { World } from "../world.ts"
import { type Holder, type Routes, delegateHolder, specOf } from "../route/routes.ts"
import { shadowedOf } from "../route/shadow.ts"
import { type Target, nameOf } from "../route/target.ts"
import { leftPaths } from "../route/unshown.ts"
import { type Version, versionsOf } from "../route/versions.ts"
import { readyPods } from "../route/versions.ts"

/** The holder and the delegates its rules leave requests to. */
export const withDelegates = (world: World, target: Target, holder: Holder): Holder[] => [
  holder,
  ...holder.form.http.flatMap(({ action }) =>
    action.type === "delegate" ? (delegateHolder(world, target, holder, action) ?? []) : [],
  ),
]

/** What the routing form cannot show of an object. */
export const unshownOf = ({ object, lens }: Holder): Reading["unshown"] =>
  leftPaths(specOf(object), lens.rest(specOf(object)), "spec").map((path) => ({
    object: refOf(object),
    path,
  }))

/** Of the Gateway API the versions are Services of their own. */
function gatewayVersions(world: World, target: Target, versions: ReadonlyMap<string, string>): Version[] {
  const { service } = target
  const standing = [...versions].map(([subset, name]): Version => {
    const version = world.mesh.services.get(service.host.replace(service.name, name))?.[0]
    const labels = Object.fromEntries(
      Object.entries(version?.selector ?? {}).filter(([label]) => service.selector[label] === undefined),
    )
    return { subset, labels, pods: version === undefined ? 0 : readyPods(world, version, {}), exists: true }
  })
  const others = versionsOf(world, service).filter(
    ({ subset, exists }) => !exists && standing.every((version) => version.subset !== subset),
  )
  return [...standing, ...others]
}

export const offeredVersions = (
  world: World,
  target: Target,
  api: Routes["api"],
  versions: ReadonlyMap<string, string>,
): Version[] =>
  api === "gateway" ? gatewayVersions(world, target, versions) : versionsOf(world, target.service)

function warningsOf(world: World, target: Target, { holder, objects, wide }: Routes): Warning[] {
  const warnings: Warning[] = []
  const own = holder && refOf(holder.object)
  const unused = objects.filter(
    ({ kind, name, namespace }) =>
      own !== undefined &&
      own.kind === kind &&
      (own.name !== name || own.namespace !== namespace) &&
      !wide.some((other) => other.name === name && other.namespace === namespace),
  )
  if (own !== undefined && unused.length > 0)
    warnings.push({
      code: "route.several",
      message: `${unused.map(named).join(", ")} also ${unused.length === 1 ? "names" : "name"} the service; for clients in the mesh ${named(own)} comes first`,
    })
  if (holder === undefined && wide[0] !== undefined)
    warnings.push({
      code: "route.wildcard",
      message: `${named(wide[0])} routes the service by a wildcard; what is set here takes its place`,
    })
  const pods = instancesOf(world.mesh, target.service)
  if (pods.length > 0 && pods.every(({ sidecar }) => !sidecar))
    warnings.push({ code: "service.no_sidecar", message: `No pod of ${nameOf(target)} has a sidecar` })
  return warnings
}

type Said<F> = { form: F | null; unshown: Reading["unshown"]; warnings?: readonly Warning[] }

/** The reading of a control over the routes of a service. */
export function readingOf<F>(
  world: World,
  target: Target,
  routes: Routes,
  { control, form, unshown, warnings = [] }: Said<F> & { control: FormControl },
): Reading<F> {
  const { api, holder, objects } = routes
  const delegates = holder === undefined ? [] : withDelegates(world, target, holder).slice(1)
  return {
    control,
    form,
    api,
    objects: [...objects, ...delegates.map(({ object }) => refOf(object))],
    unshown,
    versions: offeredVersions(world, target, api, holder?.scope.versionServices ?? new Map()),
    shadowed: holder === undefined ? [] : shadowedOf(holder.object),
    warnings: [...warnings, ...warningsOf(world, target, routes)],
  }
}
