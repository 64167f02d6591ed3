import type { Edit } from "../edit.ts"
import type { HttpRule } from "../form.ts"
import { invalid } from "../invalid.ts"
import type { Warning } from "../plan.ts"
import type { World } from "../world.ts"
import { changedRoutes } from "../route/changed-routes.ts"
import { type Routes, holdersFor } from "../route/routes.ts"
import { type Choice, type Which, chosenRule, isCatchAll, withRule } from "../route/rule-choice.ts"
import { type Target, hasHttp, nameOf } from "../route/target.ts"
import { withDelegates } from "./reading.ts"

export type Outcome = { edits: Edit[]; warnings: Warning[] }

export const nothingToDo: Outcome = { edits: [], warnings: [] }

/** Where a form that names one rule says what stands at a place of the routing form, outside of what it is about. */
export const choicePath = (path: string): string =>
  /\.matches\[\d+\]/.test(path) ? path.replace(/^.*?\.matches\[\d+\]/, "match") : "rule"

type RuleEdit = {
  which: Which
  change: (choice: Choice) => HttpRule
  /** Places in the routing form as the control's own form calls them. */
  pathOf: (path: string) => string
}

/** Changes the rule of a service's routes that is meant. @throws AppError input.invalid */
export function changedRule(
  world: World,
  target: Target,
  routes: Routes,
  { which, change, pathOf }: RuleEdit,
): Outcome {
  const choice = chosenRule(world, target, holdersFor(world, target, routes), which)
  const wanted = withRule(choice, change(choice))
  return changedRoutes(world, target, routes, { holder: choice.holder, wanted, pathOf })
}

/** Changes every http rule that routes a service. */
export function changedEverywhere(
  world: World,
  target: Target,
  routes: Routes,
  change: (rule: HttpRule) => HttpRule,
): Outcome {
  const outcomes = withDelegates(world, target, routes).map((holder) =>
    changedRoutes(world, target, routes, {
      holder,
      wanted: { ...holder.form, http: holder.form.http.map(change) },
    }),
  )
  return {
    edits: outcomes.flatMap(({ edits }) => edits),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
  }
}

/** @throws AppError input.invalid when no port of the service is for HTTP */
export function wantsHttp(target: Target, what: string): void {
  if (hasHttp(target.service)) return
  throw invalid([
    {
      path: "service",
      message: `no port of ${nameOf(target)} is for HTTP, and only HTTP requests can be ${what}; name a port http-..., or set its appProtocol`,
    },
  ])
}

type First<T> = { found: T; rule?: number; more: number[] }

/** The first rule that has something, as a control's form names it: without a number where it is the rule that is taken without one. */
export function firstRule<T>(
  world: World,
  target: Target,
  routes: Routes,
  read: (rule: HttpRule) => T | undefined,
): First<T> | undefined {
  const [root, ...others] = withDelegates(world, target, routes).map(({ form }) => form.http)
  const having = (rules: readonly HttpRule[]): { found: T; at: number }[] =>
    rules.flatMap((rule, at) => {
      const found = read(rule)
      return found === undefined ? [] : [{ found, at }]
    })
  const [first, ...more] = having(root ?? [])
  if (root === undefined || first === undefined) {
    const [elsewhere] = others.flatMap(having)
    return elsewhere && { found: elsewhere.found, more: [] }
  }
  const isMeant = root.findIndex(isCatchAll) === first.at
  return {
    found: first.found,
    ...(isMeant ? {} : { rule: first.at + 1 }),
    more: more.map(({ at }) => at + 1),
  }
}
