import { type Json, list, record } from "../../../topology/fact/read.ts"

export const sections = ["http", "tls", "tcp"] as const
export type Section = (typeof sections)[number]

/** A destination in a VirtualService, and where it stands. */
export type Target = {
  destination: Json
  section: Section
  rule: number
  field: "route" | "mirror" | "mirrors"
  index: number
}

function visitRoute(route: Json, target: Target, visit: (target: Target) => void): void {
  const routes = list(route["route"])
  target.field = "route"
  for (let index = 0; index < routes.length; index++) {
    target.destination = record(record(routes[index])["destination"])
    target.index = index
    visit(target)
  }
  if (target.section !== "http") return
  if (route["mirror"] !== undefined) {
    target.field = "mirror"
    target.destination = record(route["mirror"])
    target.index = 0
    visit(target)
  }
  const mirrors = list(route["mirrors"])
  target.field = "mirrors"
  for (let index = 0; index < mirrors.length; index++) {
    target.destination = record(record(mirrors[index])["destination"])
    target.index = index
    visit(target)
  }
}

/** Visits every destination of a VirtualService's spec, mirrors included. One object is shown for all of them, as there are many in a mesh: not to be kept. */
export function visitTargets(spec: Json, visit: (target: Target) => void): void {
  const target: Target = { destination: {}, section: "http", rule: 0, field: "route", index: 0 }
  for (const section of sections) {
    const routes = list(spec[section])
    target.section = section
    for (let rule = 0; rule < routes.length; rule++) {
      target.rule = rule
      visitRoute(record(routes[rule]), target, visit)
    }
  }
}

/** `spec.http[1].route[0].destination`. */
export function targetPath({ section, rule, field, index }: Target): string {
  const route = `spec.${section}[${rule}]`
  if (field === "mirror") return `${route}.mirror`
  return `${route}.${field}[${index}].destination`
}
