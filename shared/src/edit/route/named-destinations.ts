import type { Destination, HttpRule, RoutingForm } from "../form.ts"
import { isSame } from "../same.ts"
import type { Holder } from "./routes.ts"
import { destinationHost } from "./scope.ts"

/** A destination of a form with the share it gets, and where it stands in it. */
export type Named = { destination: Destination; weight: number | undefined; path: string }

const sections = ["http", "tcp", "tls"] as const
type Section = (typeof sections)[number]
type Rule = NonNullable<RoutingForm[Section]>[number]

const named = (
  entries: readonly { destination: Destination; weight?: number | undefined }[],
  path: string,
): Named[] =>
  entries.map(({ destination, weight }, at) => ({ destination, weight, path: `${path}[${at}].destination` }))

function ofHttp({ action, mirrors = [] }: HttpRule, path: string): Named[] {
  return [
    ...(action.type === "route" ? named(action.destinations, `${path}.action.destinations`) : []),
    ...named(
      mirrors.map(({ destination, percent }) => ({ destination, weight: percent })),
      `${path}.mirrors`,
    ),
  ]
}

const namedIn = (rule: Rule, path: string): Named[] =>
  "action" in rule ? ofHttp(rule, path) : named(rule.destinations, `${path}.destinations`)

/** The destinations of each rule, and what they were of the rule that it was. */
const rulesOf = (before: RoutingForm, after: RoutingForm): { now: Named[]; then: Named[] }[] =>
  sections.flatMap((section) =>
    (after[section] ?? []).map((rule, at) => {
      const known = typeof rule.origin === "number" ? before[section]?.[rule.origin] : undefined
      const path = `${section}[${at}]`
      return { now: namedIn(rule, path), then: known === undefined ? [] : namedIn(known, path) }
    }),
  )

/** Destinations of the rules that send requests elsewhere, or in other shares, than they did. */
export const reroutedOf = (before: RoutingForm, after: RoutingForm): Named[][] =>
  rulesOf(before, after)
    .filter(({ now, then }) => !isSame(now, then))
    .map(({ now }) => now)

/** Every destination that a form names. */
export const destinationsOf = (form: RoutingForm): Named[] =>
  rulesOf({ http: [] }, form).flatMap(({ now }) => now)

/** A text for where a destination goes, the same for the same place. */
export const placeOf = ({ destination }: Named, { scope }: Holder): string =>
  `${destinationHost(destination.host, scope)} ${destination.subset ?? ""}`
