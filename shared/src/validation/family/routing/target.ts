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

function collect(into: Target[], route: Json, section: Section, rule: number): void {
  const routes = list(route["route"])
  for (let index = 0; index < routes.length; index++) {
    const destination = record(record(routes[index])["destination"])
    into.push({ destination, section, rule, field: "route", index })
  }
  if (section !== "http") return
  if (route["mirror"] !== undefined)
    into.push({ destination: record(route["mirror"]), section, rule, field: "mirror", index: 0 })
  const mirrors = list(route["mirrors"])
  for (let index = 0; index < mirrors.length; index++) {
    const destination = record(record(mirrors[index])["destination"])
    into.push({ destination, section, rule, field: "mirrors", index })
  }
}

/** Every destination of a VirtualService's spec, mirrors included. */
export function targetsOf(spec: Json): Target[] {
  const targets: Target[] = []
  for (const section of sections) {
    const routes = list(spec[section])
    for (let rule = 0; rule < routes.length; rule++) collect(targets, record(routes[rule]), section, rule)
  }
  return targets
}

/** `spec.http[1].route[0].destination`. */
export function targetPath({ section, rule, field, index }: Target): string {
  const route = `spec.${section}[${rule}]`
  if (field === "mirror") return `${route}.mirror`
  return `${route}.${field}[${index}].destination`
}
