import { configHost } from "../../istio/host.ts"
import { named } from "../../istio/reason.ts"
import { refOf } from "../../kube/object.ts"
import { list, record, strings, text } from "../../topology/fact/read.ts"
import type { RoutingForm, ServiceName } from "../form.ts"
import { type Issue, refuse } from "../invalid.ts"
import type { Plan, Reading, Warning } from "../plan.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { changedRoutes } from "../route/changed-routes.ts"
import { type Holder, type Routes, holdersFor, routesOf, specOf } from "../route/routes.ts"
import { type Target, nameOf, targetOf } from "../route/target.ts"
import { readingOf, unshownOf, withDelegates } from "./reading.ts"
import { type Outcome, nothingToDo } from "./rule-edit.ts"

/** What an object routes beside the service: hosts, and parents of an HTTPRoute. */
function othersOf({ api, object, scope }: Holder): string[] {
  const { service, namespace, domain } = scope
  if (api === "istio")
    return strings(specOf(object)["hosts"]).filter(
      (host) => configHost(host, namespace, domain) !== service.host,
    )
  return list(specOf(object)["parentRefs"])
    .map(record)
    .map((ref) => ({
      kind: text(ref["kind"]) || "Gateway",
      of: text(ref["namespace"]) || namespace,
      name: text(ref["name"]),
    }))
    .filter(({ kind, of, name }) => kind !== "Service" || of !== service.namespace || name !== service.name)
    .map(({ kind, of, name }) => `${kind} ${of}/${name}`)
}

/** What routes the service when its own routes are gone. */
function nextOf(target: Target, { api, objects, holders }: Routes): Warning[] {
  if (api === "gateway") return []
  const own = holders.map(({ object }) => refOf(object))
  const next = objects.find(
    (ref) => !own.some((known) => known.name === ref.name && known.namespace === ref.namespace),
  )
  return next === undefined
    ? []
    : [
        {
          code: "route.next",
          message: `${named(next)} also names ${nameOf(target)} and is then the first to count`,
        },
      ]
}

/** @throws AppError input.invalid for an object that routes others as well */
function removed(target: Target, routes: Routes): Outcome {
  const shared = routes.holders.map((holder) => ({ holder, others: othersOf(holder) }))
  refuse(
    shared
      .filter(({ others }) => others.length > 0)
      .map(({ holder, others }) => ({
        path: "set",
        message: `${named(refOf(holder.object))} also routes ${others.join(", ")}; remove its rules one by one, or delete the object`,
      })),
  )
  return {
    edits: routes.holders.map(({ object }) => ({ remove: refOf(object) })),
    warnings: routes.holders.length === 0 ? [] : nextOf(target, routes),
  }
}

/** What a form of routes lacks as a whole. */
function wholeIssues({ api, scope }: Holder, { hosts, http, tcp = [], tls = [] }: RoutingForm): Issue[] {
  const { service, namespace, domain } = scope
  const issues: Issue[] = []
  if (http.length + tcp.length + tls.length === 0)
    issues.push({ path: "http", message: "there is no rule; give one, or set null to remove the routes" })
  if (
    api === "istio" &&
    hosts?.some((host) => configHost(host, namespace, domain) === service.host) === false
  )
    issues.push({
      path: "hosts",
      message: `${hosts.join(", ")} do not include ${service.host}, and the routes would not be for it`,
    })
  return issues
}

// Names that clients ask for in TLS are in full, and have to be within the hosts.
const inFull = ({ isNew, scope }: Holder, set: RoutingForm): RoutingForm =>
  isNew && set.tls !== undefined && set.hosts === undefined ? { ...set, hosts: [scope.service.host] } : set

function applied(world: World, target: Target, routes: Routes, set: RoutingForm): Outcome {
  const [holder] = holdersFor(world, target, routes)
  if (!holder.isNew && isSame(holder.form, set)) return nothingToDo
  refuse(wholeIssues(holder, set))
  return changedRoutes(world, target, routes, { holder, wanted: inFull(holder, set) })
}

const countOf = ({ http, tcp = [], tls = [] }: RoutingForm): string => {
  const count = http.length + tcp.length + tls.length
  return count === 1 ? "1 rule" : `${count} rules`
}

/** All routes of a service; null: none. @throws AppError input.invalid */
export function plan(world: World, service: ServiceName, set: RoutingForm | null): Plan {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const services = [nameOf(target)]
  const { name } = target.service
  return set === null
    ? { ...removed(target, routes), title: `Remove the routes of ${name}`, services }
    : { ...applied(world, target, routes, set), title: `Route ${name} by ${countOf(set)}`, services }
}

export function read(world: World, service: ServiceName): Reading<RoutingForm> {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  return readingOf(world, target, routes, {
    control: "routing",
    form: routes.holders[0]?.form ?? null,
    unshown: withDelegates(world, target, routes).flatMap(unshownOf),
  })
}
