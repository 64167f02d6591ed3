import { instancesOf } from "../../istio/endpoints.ts"
import { named } from "../../istio/reason.ts"
import { type ObjectRef, refOf } from "../../kube/object.ts"
import type { FormControl } from "../intent.ts"
import type { Reading, Warning } from "../plan.ts"
import type { World } from "../world.ts"
import { type Holder, type Routes, delegateHolder, specOf } from "../route/routes.ts"
import { shadowedOf } from "../route/shadow.ts"
import { type Target, nameOf } from "../route/target.ts"
import { leftPaths } from "../route/unshown.ts"
import { type Version, readyPods, versionsOf } from "../route/versions.ts"

/** Those that count, each with the delegates its rules leave requests to. */
export const withDelegates = (world: World, target: Target, { holders }: Routes): Holder[] =>
  holders.flatMap((holder) => [holder, ...delegatesOf(world, target, holder)])

const delegatesOf = (world: World, target: Target, holder: Holder): Holder[] => [
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

const isSameRef = (a: ObjectRef, b: ObjectRef): boolean =>
  a.kind === b.kind && a.name === b.name && a.namespace === b.namespace

/** Objects that name the service beside the one that is shown. */
function others({ holders, objects, wide }: Routes): Warning[] {
  const [first, ...joined] = holders
  if (first === undefined) return []
  const own = refOf(first.object)
  const known = [own, ...joined.map(({ object }) => refOf(object)), ...wide]
  const unused = objects.filter((object) => !known.some((ref) => isSameRef(ref, object)))
  const warnings: Warning[] = []
  if (joined.length > 0)
    warnings.push({
      code: "route.joined",
      message: `${joined.map(({ object }) => named(refOf(object))).join(", ")} ${joined.length === 1 ? "is" : "are"} joined with ${named(own)}, whose rules are shown`,
    })
  if (unused.length > 0)
    warnings.push({
      code: "route.several",
      message: `${unused.map(named).join(", ")} also ${unused.length === 1 ? "names" : "name"} the service; for clients in the mesh ${named(own)} comes first`,
    })
  return warnings
}

function warningsOf(world: World, target: Target, routes: Routes): Warning[] {
  const { holders, wide } = routes
  const warnings = others(routes)
  if (holders.length === 0 && wide[0] !== undefined)
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
  const { api, holders, objects } = routes
  const [holder] = holders
  const delegates = holders.flatMap((own) => delegatesOf(world, target, own))
  return {
    control,
    form,
    api,
    objects: [...objects, ...delegates.map(({ object }) => refOf(object))],
    unshown,
    versions: offeredVersions(world, target, api, holder?.scope.versionServices ?? new Map()),
    shadowed: holder === undefined ? [] : shadowedOf(holder),
    warnings: [...warnings, ...warningsOf(world, target, routes)],
  }
}
