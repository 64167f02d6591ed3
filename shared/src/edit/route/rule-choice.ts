import { type HttpMatch, covers, readHttpMatch } from "../../validation/semantic/cover.ts"
import type { HttpRule, Match, RoutingForm } from "../form.ts"
import { invalid } from "../invalid.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { type Holder, delegateHolder } from "./routes.ts"
import type { Target } from "./target.ts"
import { rawMatch } from "./virtual-service-match.ts"

/** Which rule is meant: its number from 1, or what it matches; neither: the one that takes everything. */
export type Which = { rule?: number | undefined; match?: Match | undefined }

/** A rule of a form; the form has it, also when the object does not have it yet. */
export type Choice = { holder: Holder; form: RoutingForm; at: number; rule: HttpRule }

const conditionsOf = ({
  origin: _,
  name: __,
  ignoreUriCase: ___,
  uri,
  gateways,
  ...others
}: Match): object => ({
  ...others,
  ...(uri === undefined || isSame(uri, { prefix: "/" }) || isSame(uri, { regex: ".*" }) ? {} : { uri }),
  ...(gateways === undefined || gateways.includes("mesh") ? {} : { gateways }),
})

const takesAll = (match: Match): boolean => Object.keys(conditionsOf(match)).length === 0

/** Whether a rule takes every request of a client in the mesh. */
export const isCatchAll = ({ matches }: Pick<HttpRule, "matches">): boolean =>
  matches.length === 0 || matches.some(takesAll)

const bare = ({ origin: _, name: __, ...match }: Match): object => match

const isFor =
  (match: Match) =>
  ({ matches }: HttpRule): boolean => {
    const [only] = matches
    return matches.length === 1 && only !== undefined && isSame(bare(only), bare(match))
  }

/** One destination, the whole service. */
export const toService: HttpRule = {
  matches: [],
  action: { type: "route", destinations: [{ destination: {} }] },
}

const settled = { port: 0, gateways: undefined, labels: undefined, namespace: "" } as const
const readMatch = (match: Match): HttpMatch => ({ ...readHttpMatch(rawMatch(match), ""), ...settled })

/** The rule that takes the requests of a match now. */
function takerOf(rules: readonly HttpRule[], match: Match): HttpRule | undefined {
  const wanted = readMatch(match)
  return rules.find(
    (rule) => isCatchAll(rule) || rule.matches.some((own) => covers(readMatch(own), wanted, [])),
  )
}

const inserted = (form: RoutingForm, at: number, rule: HttpRule): RoutingForm => ({
  ...form,
  http: form.http.toSpliced(at, 0, rule),
})

/** A service without routes is reached by every request, with routes by those that a rule takes: the first one of a match needs one for the rest. */
const withRest = ({ form, isNew }: Holder): RoutingForm =>
  isNew && !form.http.some(isCatchAll) ? { ...form, http: [...form.http, toService] } : form

/** A rule for a match, before the others: it does what is done with those requests now. */
function ruleForMatch(holder: Holder, match: Match): Choice {
  const form = withRest(holder)
  const { name: _, ...taker } = takerOf(form.http, match) ?? toService
  const rule = { ...taker, matches: [{ ...match, origin: null }] }
  return { holder, form: inserted(form, 0, rule), at: 0, rule }
}

function numbered(holder: Holder, number: number): Choice {
  const { form } = holder
  const rule = form.http[number - 1]
  if (rule === undefined)
    throw invalid([
      {
        path: "rule",
        message: `there is no rule ${number}; ${holder.object.metadata.name} has ${form.http.length}`,
      },
    ])
  return { holder, form, at: number - 1, rule }
}

function catchAll(holder: Holder): Choice {
  const { form } = holder
  const at = form.http.findIndex(isCatchAll)
  const rule = form.http[at]
  return rule === undefined
    ? { holder, form: inserted(form, form.http.length, toService), at: form.http.length, rule: toService }
    : { holder, form, at, rule }
}

function inRoot(holder: Holder, { rule, match }: Which): Choice {
  if (rule !== undefined) return numbered(holder, rule)
  if (match === undefined || takesAll(match)) return catchAll(holder)
  const at = holder.form.http.findIndex(isFor(match))
  return at < 0 ? ruleForMatch(holder, match) : numbered(holder, at + 1)
}

/** Of routes that are joined the one with the rule; else the oldest, whose rules the numbers are of. */
function homeOf([first, ...others]: readonly [Holder, ...Holder[]], { rule, match }: Which): Holder {
  if (rule !== undefined) return first
  const isMeant = match === undefined || takesAll(match) ? isCatchAll : isFor(match)
  return [first, ...others].find(({ form }) => form.http.some(isMeant)) ?? first
}

/** The rule that is meant, or one made for it; where it leaves its requests to a delegate, the delegate's rule for all of them. @throws AppError input.invalid */
export function chosenRule(
  world: World,
  target: Target,
  holders: readonly [Holder, ...Holder[]],
  which: Which,
): Choice {
  const holder = homeOf(holders, which)
  const choice = inRoot(holder, which)
  const { action } = choice.rule
  if (action.type !== "delegate") return choice
  const delegate = delegateHolder(world, target, holder, action)
  if (delegate === undefined)
    throw invalid([
      {
        path: which.rule === undefined ? "match" : "rule",
        message: `rule ${choice.at + 1} delegates to ${action.namespace}/${action.name}, which is not there or not exported to ${holder.scope.namespace}; create it, or choose another rule`,
      },
    ])
  return catchAll(delegate)
}

export const withRule = ({ form, at }: Choice, rule: HttpRule): RoutingForm => ({
  ...form,
  http: form.http.with(at, rule),
})
