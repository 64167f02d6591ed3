import type { HttpRule, RoutingForm } from "#shared/edit/form.ts"
import type { z } from "zod"
import { takesEverything } from "./which.ts"

export type TcpRule = NonNullable<RoutingForm["tcp"]>[number]
export type TlsRule = NonNullable<RoutingForm["tls"]>[number]
export type Action = HttpRule["action"]
export type HeaderOperations = NonNullable<NonNullable<HttpRule["headers"]>["request"]>
export type ActionType = z.infer<typeof HttpRule>["action"]["type"]

/** One taken out and put in again at another place. */
export function reordered<T>(list: readonly T[], from: number, to: number): T[] {
  const item = list[from]
  if (item === undefined) return [...list]
  const rest = list.toSpliced(from, 1)
  return rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, item)
}

/** Place of a new rule: before the first that takes everything, where requests still come by. */
export function placeForNew(rules: readonly HttpRule[]): number {
  const at = rules.findIndex(takesEverything)
  return at < 0 ? rules.length : at
}

/** A rule that sends everything that it takes to the service. */
export const newRule = (matches: HttpRule["matches"]): HttpRule => ({
  origin: null,
  matches,
  action: { type: "route", destinations: [{ destination: {} }] },
})

/** The same rule once more, as a new one: what the form cannot show stays with the first. */
export function duplicated(rule: HttpRule): HttpRule {
  const { name: _, action, ...rest } = rule
  return {
    ...rest,
    origin: null,
    matches: rule.matches.map((match) => ({ ...match, origin: null })),
    action:
      action.type === "route"
        ? { ...action, destinations: action.destinations.map((item) => ({ ...item, origin: null })) }
        : action,
  }
}

export const actionTypes: readonly { value: ActionType; label: string }[] = [
  { value: "route", label: "Route to destinations" },
  { value: "redirect", label: "Redirect" },
  { value: "direct", label: "Answer directly" },
  { value: "delegate", label: "Leave to another VirtualService" },
]

export function newAction(type: ActionType): Action {
  if (type === "route") return { type, destinations: [{ destination: {} }] }
  if (type === "redirect") return { type, uri: "/" }
  return type === "direct" ? { type, status: 503 } : { type, namespace: "", name: "" }
}

/** Only a route has what is done with requests on their way. */
export function withAction(rule: HttpRule, action: Action): HttpRule {
  if (action.type === "route") return { ...rule, action }
  const { fault: _, mirrors: __, retries: ___, timeout: ____, ...rest } = rule
  if (action.type === "redirect" || action.type === "direct") {
    const { rewrite: _____, ...bare } = rest
    return { ...bare, action }
  }
  return { ...rest, action }
}

/** An object without empty parts; undefined when nothing is left: a part that says nothing is not written. */
export function unlessEmpty<T extends object>(part: T): T | undefined {
  const kept = Object.entries(part).filter(([, value]) => value !== undefined)
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as T)
}
