import type { Destination, HttpRule, RoutingForm } from "../form.ts"
import { isSame } from "../same.ts"
import { destinationHost } from "./scope.ts"
import type { Holder } from "./routes.ts"

/** A destination of a form, and where it stands in it. */
export type Named = { destination: Destination; weight: number | undefined; path: string }

function ofHttp(rule: HttpRule, path: string): Named[] {
  const routed =
    rule.action.type === "route"
      ? rule.action.destinations.map(({ destination, weight }, at) => ({
          destination,
          weight,
          path: `${path}.action.destinations[${at}].destination`,
        }))
      : []
  const mirrored = (rule.mirrors ?? []).map(({ destination, percent }, at) => ({
    destination,
    weight: percent,
    path: `${path}.mirrors[${at}].destination`,
  }))
  return [...routed, ...mirrored]
}

type Sections = Pick<RoutingForm, "http" | "tcp" | "tls">

/** Rules of a form that are not as they were read. */
export function changedRules(before: RoutingForm, after: RoutingForm): { path: string; named: Named[] }[] {
  const isNew = (section: keyof Sections, rule: { origin?: number | null | undefined }): boolean =>
    !isSame({ ...before[section]?.[rule.origin ?? -1], origin: 0 }, { ...rule, origin: 0 })
  const http = after.http.map((rule, at) => ({ rule, path: `http[${at}]` }))
  const l4 = (["tcp", "tls"] as const).flatMap((section) =>
    (after[section] ?? []).map((rule, at) => ({ section, rule, path: `${section}[${at}]` })),
  )
  return [
    ...http
      .filter(({ rule }) => isNew("http", rule))
      .map(({ rule, path }) => ({ path, named: ofHttp(rule, path) })),
    ...l4
      .filter(({ section, rule }) => isNew(section, rule))
      .map(({ rule, path }) => ({
        path,
        named: rule.destinations.map(({ destination, weight }, at) => ({
          destination,
          weight,
          path: `${path}.destinations[${at}].destination`,
        })),
      })),
  ]
}

/** Every destination that a form names. */
export const destinationsOf = (form: RoutingForm): Named[] =>
  changedRules({ http: [] }, form).flatMap(({ named }) => named)

/** A text for where a destination goes, the same for the same place. */
export const placeOf = ({ destination }: Named, { scope }: Holder): string =>
  `${destinationHost(destination.host, scope)} ${destination.subset ?? ""}`
