import { reportReachability } from "../../validation/family/semantics-traffic/virtual-service/reachability.ts"
import { unreachable } from "../../validation/family/semantics-traffic/virtual-service/rules.ts"
import { httpRouteRules } from "../../istio/http-route.ts"
import { joinedRoutes } from "../../istio/http-route-join.ts"
import { configOf } from "../../istio/model.ts"
import { named } from "../../istio/reason.ts"
import { type KubeObject, type ObjectRef, refOf } from "../../kube/object.ts"
import { type HttpMatch, covers, readHttpMatch } from "../../validation/semantic/cover.ts"
import type { Holder } from "./routes.ts"
import type { Scope } from "./scope.ts"
import type { Reading } from "../plan.ts"

export type Shadowed = Reading["shadowed"][number]

export const placeIn = (path: string, section: string): number | null => {
  const found = new RegExp(`^spec\\.${section}\\[(\\d+)\\]`).exec(path)
  return found === null ? null : Number(found[1])
}

/** Http routes of a VirtualService that no request reaches, as validation sees it. */
export function shadowedRoutes(object: KubeObject): Shadowed[] {
  const found: Shadowed[] = []
  reportReachability(object, (rule, { path, message, references = [] }) => {
    const at = placeIn(path, "http")
    if (rule !== unreachable || at === null) return
    found.push({ rule: at, by: placeIn(references[0]?.path ?? "", "http"), message })
  })
  return found
}

type Step = { object: KubeObject; at: number; match: HttpMatch }

const sameObject = (a: ObjectRef, b: ObjectRef): boolean => a.name === b.name && a.namespace === b.namespace

/** Matches of the joined routes in the order in which they are asked. */
function stepsOf(objects: readonly KubeObject[], { service, domain }: Scope): Step[] {
  const bound = `service/${service.namespace}/${service.name}`
  const rules = objects
    .flatMap((object) => httpRouteRules(configOf(object), domain))
    .filter(({ parents }) => parents.some(({ key }) => key === bound))
  return joinedRoutes(rules, () => [service.host])
    .flatMap((routed) => routed.rules ?? [])
    .flatMap((rule) => {
      const object = objects.find((candidate) => sameObject(refOf(candidate), rule.object))
      const at = placeIn(rule.path, "rules")
      return object === undefined || at === null
        ? []
        : [{ object, at, match: readHttpMatch(rule.matches[0], rule.namespace) }]
    })
}

/** Rules of an HTTPRoute whose every match asks for no more than one that is asked before it. */
function shadowedRules({ scope, joined }: Pick<Holder, "scope" | "joined">, object: KubeObject): Shadowed[] {
  const steps = stepsOf([object, ...joined], scope)
  const byRule = Map.groupBy(
    [...steps.entries()].filter(([, step]) => step.object === object),
    ([, step]) => step.at,
  )
  return [...byRule].flatMap(([rule, own]): Shadowed[] => {
    const takers = own.map(([place, { match }]) =>
      steps
        .slice(0, place)
        .find((step) => (step.object !== object || step.at !== rule) && covers(step.match, match, [])),
    )
    const [first] = takers
    if (first === undefined || takers.includes(undefined)) return []
    const isOwn = first.object === object
    const by = `rules[${first.at}]${isOwn ? "" : ` of ${named(refOf(first.object))}`}`
    return [
      {
        rule,
        by: isOwn ? first.at : null,
        message: `rules[${rule}] is never used, as ${by} takes all that it would`,
      },
    ]
  })
}

/** Rules that no request reaches, of an object as it is or would be. */
export const shadowedOf = (holder: Holder, object = holder.object): Shadowed[] =>
  holder.api === "istio" ? shadowedRoutes(object) : shadowedRules(holder, object)
