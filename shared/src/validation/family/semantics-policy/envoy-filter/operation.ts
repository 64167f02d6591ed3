import { text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import type { Rule } from "../../../rule.ts"
import { amount, section } from "../read.ts"
import {
  addIgnored,
  operationIgnored,
  relativeOperation,
  relativeWithVersion,
  removeIgnored,
  replaceIgnored,
} from "./rules.ts"

const merges = ["MERGE", "MERGE_AND_REPLACE_LIST"]
const inserts = ["INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"]
const list = ["ADD", "REMOVE", ...merges]

/** What istiod does to objects of each class. Source: istio pilot/pkg/networking/core/envoyfilter. */
const operations: Readonly<Record<string, readonly string[]>> = {
  CLUSTER: list,
  LISTENER: list,
  FILTER_CHAIN: list,
  LISTENER_FILTER: [...list, "REPLACE", ...inserts],
  NETWORK_FILTER: [...list, "REPLACE", ...inserts],
  HTTP_FILTER: [...list, "REPLACE", ...inserts],
  ROUTE_CONFIGURATION: merges,
  VIRTUAL_HOST: [...list, "REPLACE"],
  HTTP_ROUTE: [...list, ...inserts],
  EXTENSION_CONFIG: ["ADD"],
}

const named: ReadonlyMap<string, Rule> = new Map([
  ["REPLACE", replaceIgnored],
  ["ADD", addIgnored],
  ["REMOVE", removeIgnored],
])
const relative = new Set(["REMOVE", "REPLACE", "INSERT_BEFORE", "INSERT_AFTER"])

/** What a patch is about: the name in its value, else the filter it matches. */
function nameOf(configPatch: Json, patch: Json): string {
  const value = section(patch["value"])
  if (value === undefined) return ""
  if (text(value["name"]) !== "") return text(value["name"])
  const chain = section(section(section(configPatch["match"])?.["listener"])?.["filterChain"])
  return text(section(chain?.["filter"])?.["name"])
}

const versionOf = (configPatch: Json): string =>
  text(section(section(configPatch["match"])?.["proxy"])?.["proxyVersion"])

/** Looks at the operations of one EnvoyFilter, one patch after the other. Source: istio analyzer envoyfilter.EnvoyPatch. */
export class Operations {
  private readonly report: Report
  private readonly hasPriority: boolean
  /** Names that an earlier patch changes for some versions of the proxy only. */
  private readonly versioned = new Set<string>()
  private readonly reported = new Set<Rule>()

  constructor(spec: Json, report: Report) {
    this.report = report
    this.hasPriority = amount(spec["priority"]) !== 0
  }

  see(configPatch: Json, patch: Json, path: string): void {
    const operation = text(patch["operation"])
    const applyTo = text(configPatch["applyTo"])
    const place = `${path}.patch.operation`
    const known = Object.hasOwn(operations, applyTo) ? operations[applyTo] : undefined
    const undocumented = applyTo === "HTTP_ROUTE" && (operation === "ADD" || operation === "REMOVE")
    if (undocumented)
      this.report(operation === "ADD" ? addIgnored : removeIgnored, {
        path: place,
        level: "info",
        message: `${operation} on HTTP_ROUTE works today, but Istio's API says that it is ignored`,
      })
    else if (known !== undefined && operation !== "" && !known.includes(operation))
      this.report(named.get(operation) ?? operationIgnored, {
        path: place,
        message: `istiod does not ${operation} a ${applyTo}; it knows ${known.join(", ")}`,
      })
    else if (relative.has(operation) && !this.hasPriority)
      this.relate(nameOf(configPatch, patch), operation, place)
    if (versionOf(configPatch) !== "") this.versioned.add(nameOf(configPatch, patch))
  }

  /** One finding of each sort is enough: one priority remedies all. */
  private relate(name: string, operation: string, path: string): void {
    const isVersioned = this.versioned.has(name)
    const rule = isVersioned ? relativeWithVersion : relativeOperation
    if (this.reported.has(rule)) return
    this.reported.add(rule)
    const subject = name === "" ? operation : `${operation} of ${name}`
    this.report(rule, {
      path,
      message: isVersioned
        ? `${subject} follows a patch of the same that is only for some proxy versions, and the EnvoyFilter has no priority`
        : `${subject} depends on what other EnvoyFilters did before, and this one has no priority`,
    })
  }
}
