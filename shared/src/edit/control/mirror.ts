import type { HttpRule, MirrorForm, MirrorTarget, ServiceName } from "../form.ts"
import { type Issue, invalid, refuse } from "../invalid.ts"
import type { Plan, Reading } from "../plan.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { type Routes, holdersFor, routesOf } from "../route/routes.ts"
import type { Choice } from "../route/rule-choice.ts"
import { type Target, nameOf, targetOf } from "../route/target.ts"
import { type Version, versionNamed, versionNames } from "../route/versions.ts"
import { offeredVersions, readingOf, unshownOf, withDelegates } from "./reading.ts"
import { changedEverywhere, changedRule, choicePath, firstRule, nothingToDo, wantsHttp } from "./rule-edit.ts"

/** Mirrors by the names of subsets. */
function resolved(
  mirrors: readonly MirrorTarget[],
  versions: readonly Version[],
  target: Target,
): MirrorTarget[] {
  const issues: Issue[] = []
  const named = mirrors.map((mirror, at) => {
    const { host, subset } = mirror.destination
    if (host !== undefined || subset === undefined) return mirror
    const version = versionNamed(versions, subset)
    if (version === undefined)
      issues.push({
        path: `mirrors[${at}].destination.subset`,
        message: `no pod of ${nameOf(target)} is of version ${subset}; versions are: ${versionNames(versions)}`,
      })
    return { ...mirror, destination: { ...mirror.destination, subset: version?.subset ?? subset } }
  })
  refuse(issues)
  return named
}

const targetName = ({ destination: { host, subset } }: MirrorTarget, { service }: Target): string =>
  host === undefined ? (subset ?? service.name) : subset === undefined ? host : `${host} ${subset}`

const titleOf = (mirrors: readonly MirrorTarget[], target: Target): string =>
  `Mirror ${mirrors.map((mirror) => `${mirror.percent} % of the requests to ${target.service.name} to ${targetName(mirror, target)}`).join(" and ")}`

/** @throws AppError input.invalid for a rule that answers requests itself: nothing would be copied */
function mirrored({ rule, at }: Choice, mirrors: MirrorTarget[]): HttpRule {
  if (rule.action.type === "route") return { ...rule, mirrors }
  throw invalid([
    {
      path: "rule",
      message: `rule ${at + 1} sends requests nowhere (it is a ${rule.action.type}), so there is nothing to mirror; choose another rule`,
    },
  ])
}

/** Places in the routing form as they are called in this one. */
const pathOf = (path: string): string =>
  /\.mirrors\b/.test(path) ? path.replace(/^.*?\.mirrors/, "mirrors") : choicePath(path)

function withoutMirrors({ mirrors: _, ...rule }: HttpRule): HttpRule {
  return rule
}

/** Copies of a rule's requests; null: none in any rule of the service. @throws AppError input.invalid */
export function plan(world: World, service: ServiceName, set: MirrorForm | null): Plan {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const services = [nameOf(target)]
  if (set === null)
    return {
      ...changedEverywhere(world, target, routes, withoutMirrors),
      title: `Stop mirroring requests to ${target.service.name}`,
      services,
    }
  const title = titleOf(set.mirrors, target)
  if (isSame(formOf(world, target, routes), set)) return { ...nothingToDo, title, services }
  wantsHttp(target, "mirrored")
  const [{ api, scope }] = holdersFor(world, target, routes)
  const versions = offeredVersions(world, target, api, scope.versionServices)
  const mirrors = resolved(set.mirrors, versions, target)
  const outcome = changedRule(world, target, routes, {
    which: set,
    change: (choice) => mirrored(choice, mirrors),
    pathOf,
  })
  return { ...outcome, title, services }
}

function formOf(world: World, target: Target, routes: Routes): MirrorForm | null {
  const first = firstRule(world, target, routes, ({ mirrors }) => mirrors)
  if (first === undefined) return null
  const { found, rule } = first
  return { ...(rule === undefined ? {} : { rule }), mirrors: found }
}

export function read(world: World, service: ServiceName): Reading<MirrorForm> {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const more = firstRule(world, target, routes, ({ mirrors }) => mirrors)?.more ?? []
  return readingOf(world, target, routes, {
    control: "mirror",
    form: formOf(world, target, routes),
    unshown: withDelegates(world, target, routes)
      .flatMap(unshownOf)
      .filter(({ path }) => /\.(mirror|mirrors|mirrorPercent\w*|mirror_percent|requestMirror)\b/.test(path)),
    warnings:
      more.length === 0
        ? []
        : [{ code: "mirror.several", message: `Rules ${more.join(", ")} mirror requests as well` }],
  })
}
