import type { HttpRule, RoutingForm, ServiceName, ShiftForm } from "../form.ts"
import { type Issue, invalid, refuse } from "../invalid.ts"
import type { Plan, Reading, Warning } from "../plan.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { changedRoutes } from "../route/changed-routes.ts"
import { type Holder, type Routes, holdersFor, routesOf } from "../route/routes.ts"
import { type Choice, chosenRule, isCatchAll, withRule } from "../route/rule-choice.ts"
import { type Target, hasHttp, nameOf, targetOf } from "../route/target.ts"
import { type Version, versionNamed, versionNames } from "../route/versions.ts"
import { offeredVersions, readingOf, unshownOf, withDelegates } from "./reading.ts"
import { type Outcome, choicePath, nothingToDo } from "./rule-edit.ts"

type Destinations = Extract<HttpRule["action"], { type: "route" }>["destinations"]
type Weights = ShiftForm["weights"]

const isOwn = ({ destination }: Destinations[number]): boolean => destination.host === undefined

/** The versions that the weights name, by the names of subsets. */
function resolved(weights: Weights, versions: readonly Version[], { service }: Target): Weights {
  const issues: Issue[] = []
  const entries = Object.entries(weights).map(([name, weight]): [string, number] => {
    const version = versionNamed(versions, name)
    if (version === undefined)
      issues.push({
        path: `weights.${name}`,
        message: `no pod of ${service.namespace}/${service.name} is of version ${name}; versions are: ${versionNames(versions)}`,
      })
    return [version?.subset ?? name, weight]
  })
  const sum = entries.reduce((total, [, weight]) => total + weight, 0)
  if (sum !== 100)
    issues.push({ path: "weights", message: `the weights sum to ${sum}; they have to sum to 100` })
  refuse(issues)
  return Object.fromEntries(entries)
}

/** The port that all destinations of the service agree on. */
function portOf(destinations: Destinations): number | undefined {
  const ports = new Set(destinations.filter(isOwn).map(({ destination }) => destination.port))
  return ports.size === 1 ? [...ports][0] : undefined
}

/** Those that stay keep what else they say; new ones come last. */
function shifted(destinations: Destinations, weights: Weights): Destinations {
  const left = new Map(Object.entries(weights))
  const kept = destinations.flatMap((entry): Destinations => {
    const { subset } = entry.destination
    const weight = subset === undefined || !isOwn(entry) ? undefined : left.get(subset)
    if (subset === undefined || weight === undefined) return []
    left.delete(subset)
    return [{ ...entry, weight }]
  })
  const port = portOf(destinations)
  const added = [...left].map(([subset, weight]) => ({
    destination: { subset, ...(port === undefined ? {} : { port }) },
    weight,
  }))
  return lone([...kept, ...added], destinations)
}

/** The only destination gets everything; its weight is only said where one was. */
function lone(destinations: Destinations, before: Destinations): Destinations {
  const [only] = destinations
  if (only === undefined || destinations.length > 1) return destinations
  const known = before.find(({ origin }) => origin === only.origin && only.origin !== undefined)
  const { weight: _, ...bare } = only
  return known?.weight === undefined || before.length > 1 ? [bare] : [only]
}

/** One destination, the whole service: the first of it, which keeps what else it says. */
function whole(destinations: Destinations): Destinations {
  const first = destinations.find(isOwn)
  if (first === undefined) return [{ destination: {} }]
  const { weight: _, destination, ...entry } = first
  const { subset: __, ...place } = destination
  return [{ ...entry, destination: place }]
}

function routed({ rule, at }: Choice): Destinations {
  if (rule.action.type === "route") return rule.action.destinations
  throw invalid([
    {
      path: "rule",
      message: `rule ${at + 1} has no destinations (it is a ${rule.action.type}); choose another rule, or change it with routing`,
    },
  ])
}

const dropped = (before: Destinations, service: string): Warning[] =>
  before
    .filter((entry) => !isOwn(entry) && entry.weight !== 0)
    .map(({ destination }) => ({
      code: "shift.dropped",
      message: `${destination.host ?? service} no longer gets a share of these requests`,
    }))

/** The rule for all connections of a service that speaks no HTTP. */
function shiftedTcp(form: RoutingForm, change: (destinations: Destinations) => Destinations): RoutingForm {
  const rules = form.tcp ?? []
  const at = rules.findIndex(({ matches }) => matches.length === 0)
  const rule = rules[at] ?? { matches: [], destinations: [] }
  const destinations = change(rule.destinations.map((entry, origin) => ({ ...entry, origin }))).map(
    ({ origin: _, ...entry }) => entry,
  )
  const next = { ...rule, destinations }
  return { ...form, tcp: at < 0 ? [...rules, next] : rules.with(at, next) }
}

const shareText = (weights: Weights): string =>
  Object.entries(weights)
    .map(([version, weight]) => `${version} ${weight} %`)
    .join(", ")

const isTcp = (target: Target, { api }: Routes): boolean => !hasHttp(target.service) && api === "istio"

const takesAll = ({ matches }: { matches: readonly unknown[] }): boolean => matches.length === 0

/** One route to the whole service, where a rule takes everything. */
function cleared(world: World, target: Target, routes: Routes): Outcome {
  const [holder] = routes.holders
  if (holder === undefined) return nothingToDo
  if (isTcp(target, routes))
    return holder.form.tcp?.some(takesAll) === true
      ? changedRoutes(world, target, routes, { holder, wanted: shiftedTcp(holder.form, whole) })
      : nothingToDo
  const choice = chosenRule(world, target, holdersFor(world, target, routes), {})
  if (choice.form !== choice.holder.form || choice.rule.action.type !== "route") return nothingToDo
  const action = { type: "route" as const, destinations: whole(choice.rule.action.destinations) }
  const wanted = withRule(choice, { ...choice.rule, action })
  return changedRoutes(world, target, routes, { holder: choice.holder, wanted })
}

function applied(world: World, target: Target, routes: Routes, set: ShiftForm): Outcome {
  const holders = holdersFor(world, target, routes)
  const [holder] = holders
  if (isTcp(target, routes)) {
    const wanted = shiftedTcp(holder.form, (before) => shifted(before, set.weights))
    return changedRoutes(world, target, routes, { holder, wanted, pathOf })
  }
  const choice = chosenRule(world, target, holders, set)
  const before = routed(choice)
  const action = { type: "route" as const, destinations: shifted(before, set.weights) }
  const wanted = withRule(choice, { ...choice.rule, action })
  const { edits, warnings } = changedRoutes(world, target, routes, { holder: choice.holder, wanted, pathOf })
  return { edits, warnings: [...warnings, ...dropped(before, nameOf(target))] }
}

/** Places in the routing form as they are called in this one. */
const pathOf = (path: string): string =>
  /\.(action|destinations)\b/.test(path) ? "weights" : choicePath(path)

/** Requests of a rule by version, in percent; null: one route to the whole service. @throws AppError input.invalid */
export function plan(world: World, service: ServiceName, set: ShiftForm | null): Plan {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const services = [nameOf(target)]
  if (set === null)
    return {
      ...cleared(world, target, routes),
      title: `Send all requests of ${target.service.name} to the whole service`,
      services,
    }
  const title = `Shift ${target.service.name} to ${shareText(set.weights)}`
  if (isSame(formOf(world, target, routes), set)) return { ...nothingToDo, title, services }
  const [{ api, scope }] = holdersFor(world, target, routes)
  const versions = offeredVersions(world, target, api, scope.versionServices)
  const weights = resolved(set.weights, versions, target)
  return { ...applied(world, target, routes, { ...set, weights }), title, services }
}

/** The weights of a rule's versions; null where the whole service is meant. */
function weightsOf(destinations: Destinations): Weights | null {
  const own = destinations.filter((entry) => isOwn(entry) && entry.destination.subset !== undefined)
  if (own.length === 0) return null
  const alone = destinations.length === 1
  const weights: Weights = {}
  for (const { destination, weight } of own) {
    const subset = destination.subset ?? ""
    weights[subset] = (weights[subset] ?? 0) + (alone ? 100 : (weight ?? 0))
  }
  return weights
}

const formWith = (weights: Weights | null): ShiftForm | null => (weights === null ? null : { weights })

const shownOf = (action: HttpRule["action"]): Weights | null =>
  action.type === "route" ? weightsOf(action.destinations) : null

function formOf(world: World, target: Target, routes: Routes): ShiftForm | null {
  const holders = withDelegates(world, target, routes)
  const [root] = holders
  if (isTcp(target, routes)) return formWith(weightsOf(root?.form.tcp?.find(takesAll)?.destinations ?? []))
  const actions = holders.flatMap(({ form }) => form.http.find(isCatchAll)?.action ?? [])
  const decides = actions.find(({ type }) => type !== "delegate")
  return decides === undefined ? firstShifted(root) : formWith(shownOf(decides))
}

/** Without a rule for everything: the first that divides requests between versions. */
function firstShifted(root: Holder | undefined): ShiftForm | null {
  for (const [at, { action }] of (root?.form.http ?? []).entries()) {
    const weights = shownOf(action)
    if (weights !== null) return { rule: at + 1, weights }
  }
  return null
}

export function read(world: World, service: ServiceName): Reading<ShiftForm> {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  return readingOf(world, target, routes, {
    control: "shift",
    form: formOf(world, target, routes),
    unshown: withDelegates(world, target, routes)
      .flatMap(unshownOf)
      .filter(({ path }) => /\.(route|backendRefs)\b/.test(path)),
  })
}
