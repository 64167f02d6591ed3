import type { HttpRule, Match, RoutingForm } from "#shared/edit/form.ts"

/** Which rule of a service's routes a form is about: its number from 1, or what a rule matches that may be made. Neither: the one that takes everything. */
export type Which = { rule?: number | undefined; match?: Match | undefined }

/** Whether a match takes every request of a client in the mesh. */
const takesAll = ({ uri, gateways, origin: _, name: __, ignoreUriCase: ___, ...others }: Match): boolean =>
  Object.keys(others).length === 0 &&
  (uri === undefined || ("prefix" in uri && uri.prefix === "/") || ("regex" in uri && uri.regex === ".*")) &&
  (gateways === undefined || gateways.includes("mesh"))

export const takesEverything = ({ matches }: Pick<HttpRule, "matches">): boolean =>
  matches.length === 0 || matches.some(takesAll)

/** Place of the rule that is meant; undefined: there is none yet. */
export function placeOf(which: Which, rules: readonly HttpRule[]): number | undefined {
  if (which.match !== undefined) return undefined
  if (which.rule !== undefined) return which.rule <= rules.length ? which.rule - 1 : undefined
  const place = rules.findIndex(takesEverything)
  return place < 0 ? undefined : place
}

/** The rule that is meant; undefined: there is none yet. */
export function ruleOf(which: Which, routing: RoutingForm | undefined): HttpRule | undefined {
  const rules = routing?.http ?? []
  const place = placeOf(which, rules)
  return place === undefined ? undefined : rules[place]
}

/** As it is written into a form: no key for what is not said. */
export const whichKeys = ({ rule, match }: Which): { rule?: number; match?: Match } => ({
  ...(rule === undefined ? {} : { rule }),
  ...(match === undefined ? {} : { match }),
})
