import { refOf, type KubeObject } from "../../../../kube/object.ts"
import { record, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { pointerOf } from "../../../path.ts"
import { re2Problem } from "../../../semantic/re2.ts"
import { isSet, section } from "../read.ts"
import { connectionManager, newFilterName } from "./filter-name.ts"
import { matchIneffective, matchInvalid, versionInvalid } from "./rules.ts"

export type Place = { object: KubeObject; path: string; report: Report }

/** Longer ones istiod does not even read. */
const longestVersion = 1024

/** False when the patch needs no further look. */
function checkVersion(match: Json, { path, report }: Place): boolean {
  const version = text(section(match["proxy"])?.["proxyVersion"])
  if (version === "") return true
  const field = `${path}.match.proxy.proxyVersion`
  if (version.length > longestVersion)
    report(matchIneffective, {
      path: field,
      message: `proxyVersion is ${version.length} characters long; istiod leaves out more than ${longestVersion}`,
    })
  else {
    const problem = re2Problem(version)
    if (problem === undefined) return true
    report(versionInvalid, { path: field, message: `proxyVersion: ${problem}` })
    return false
  }
  return true
}

function filterProblem(filter: Json, applyTo: string): string | undefined {
  const name = text(filter["name"])
  if (name === "") return "the filter to match has no name"
  const sub = section(filter["subFilter"])
  if (sub === undefined) return undefined
  if (applyTo !== "HTTP_FILTER") return `subFilter is for HTTP_FILTER, and this applies to ${applyTo}`
  if (name !== connectionManager && name !== "envoy.http_connection_manager")
    return `subFilter is within ${connectionManager}, and not within ${name}`
  return text(sub["name"]) === "" ? "the subFilter to match has no name" : undefined
}

function checkName(filter: Json | undefined, sub: boolean, { object, path, report }: Place): void {
  const name = text(filter?.["name"])
  const better = newFilterName(name, sub)
  if (better === undefined) return
  report(matchIneffective, {
    path: `${path}.name`,
    message: `${name} is the old name of ${better}`,
    fix: {
      title: `Use ${better}`,
      edits: [
        { object: refOf(object), patch: [{ op: "replace", path: `${pointerOf(path)}/name`, value: better }] },
      ],
    },
  })
}

function checkListener(listener: Json, applyTo: string, place: Place): boolean {
  const chain = section(listener["filterChain"])
  const filter = section(chain?.["filter"])
  if (filter === undefined) return true
  const path = `${place.path}.match.listener.filterChain.filter`
  if (applyTo === "LISTENER" || applyTo === "FILTER_CHAIN")
    place.report(matchIneffective, {
      path,
      message: `a filter to match has no effect on a patch of ${applyTo}`,
    })
  const problem = filterProblem(filter, applyTo)
  if (problem !== undefined) {
    place.report(matchInvalid, { path, message: problem })
    return false
  }
  checkName(filter, false, { ...place, path })
  checkName(section(filter["subFilter"]), true, { ...place, path: `${path}.subFilter` })
  return true
}

const classes: Readonly<Record<string, string>> = {
  LISTENER: "listener",
  FILTER_CHAIN: "listener",
  NETWORK_FILTER: "listener",
  HTTP_FILTER: "listener",
  ROUTE_CONFIGURATION: "routeConfiguration",
  VIRTUAL_HOST: "routeConfiguration",
  HTTP_ROUTE: "routeConfiguration",
  CLUSTER: "cluster",
}
const fields = ["listener", "routeConfiguration", "cluster", "waypoint"]

/** False when the patch needs no further look. Source: istio pkg/config/validation/envoyfilter. */
export function checkMatch(match: Json, applyTo: string, place: Place): boolean {
  if (!checkVersion(match, place)) return false
  const wanted = Object.hasOwn(classes, applyTo) ? classes[applyTo] : undefined
  if (wanted === undefined) return true
  if (isSet(match[wanted]))
    return wanted === "listener" ? checkListener(record(match["listener"]), applyTo, place) : true
  const other = fields.find((field) => isSet(match[field]))
  if (other === undefined) return true
  place.report(matchInvalid, {
    path: `${place.path}.match.${other}`,
    message: `a patch of ${applyTo} matches by ${wanted}, not by ${other}`,
  })
  return false
}
