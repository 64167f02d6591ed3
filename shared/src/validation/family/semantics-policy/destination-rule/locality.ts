import { record, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { amount, isSet, items, section } from "../read.ts"
import { failoverWithoutOutlier, localityInvalid } from "./rules.ts"

const topology = new Set([
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
])

/** Whether one of two localities holds the other; the later one's wildcard is for what the earlier left. */
function overlap(a: string, b: string): boolean {
  const [x, y] = [a.split("/"), b.split("/")]
  const depth = Math.min(x.length, y.length)
  for (let i = 0; i < depth; i++) {
    if (x[i] === "*") return true
    if (x[i] !== y[i]) return false
  }
  return true
}

/** What is wrong with localities (`region/zone/subzone`, `region/*`) that stand beside each other. Source: istio `validateLocalities`. */
export function localitiesProblem(localities: readonly string[]): string | undefined {
  for (const [i, locality] of localities.entries()) {
    const star = locality.indexOf("*")
    if (star !== -1 && star !== locality.length - 1) return `${locality} has a wildcard before its end`
    const parts = locality.split("/")
    if (parts.length > 3) parts.splice(2, parts.length, parts.slice(2).join("/"))
    if (parts.includes("")) return `"${locality}" has an empty region, zone or subzone`
    const twin = localities.slice(0, i).find((other) => overlap(other, locality))
    if (twin !== undefined) return `${locality} overlaps with ${twin}`
  }
  return undefined
}

function distributionProblem(distribute: readonly unknown[]): { path: string; message: string } | undefined {
  const origins: string[] = []
  for (const [i, item] of distribute.entries()) {
    const entry = record(item)
    origins.push(text(entry["from"]))
    const to = record(entry["to"])
    let sum = 0
    for (const locality in to) {
      const weight = amount(to[locality])
      const path = at(`distribute[${i}].to`, locality)
      if (weight <= 0 || weight > 100)
        return { path, message: `weight ${weight} of ${locality} is not from 1 to 100` }
      sum += weight
    }
    const path = `distribute[${i}].to`
    if (sum !== 100) return { path, message: `weights from ${text(entry["from"])} add up to ${sum}, not 100` }
    const problem = localitiesProblem(Object.keys(to))
    if (problem !== undefined) return { path, message: problem }
  }
  const problem = localitiesProblem(origins)
  return problem === undefined ? undefined : { path: "distribute", message: problem }
}

function regionsProblem(entry: Json): string | undefined {
  const [from, to] = [text(entry["from"]), text(entry["to"])]
  if (from === to) return `fails over from ${from === "" ? "no region" : from} to itself`
  const part = [from, to].find((region) => region.includes("/"))
  if (part !== undefined) return `${part} is more than a region; failover is between regions`
  const wild = [from, to].find((region) => region.includes("*"))
  return wild === undefined ? undefined : `${wild} has a wildcard, which failover does not understand`
}

type Place = { path: string; hasOutlier: boolean; report: Report }

function checkFailover(setting: Json, { path, hasOutlier, report }: Place): void {
  const failover = items(setting["failover"])
  const priority = items(setting["failoverPriority"])
  if (failover.length === 0 && priority.length === 0) return
  if (!hasOutlier)
    report(failoverWithoutOutlier, {
      path: `${path}.${failover.length > 0 ? "failover" : "failoverPriority"}`,
      message: "failover begins when endpoints are ejected, and there is no outlierDetection to eject them",
    })
  for (let i = 0; i < failover.length; i++) {
    const problem = regionsProblem(record(failover[i]))
    if (problem !== undefined) report(localityInvalid, { path: at(`${path}.failover`, i), message: problem })
  }
}

/** Source: istio `ValidateLocalityLbSetting`. */
export function checkLocality(setting: Json, place: Place): void {
  const { path, report } = place
  const distribute = items(setting["distribute"])
  const failover = items(setting["failover"])
  if (distribute.length > 0 && failover.length > 0)
    return report(localityInvalid, { path, message: "distribute and failover cannot be set together" })
  if (failover.length > 0) {
    const priority = items(setting["failoverPriority"])
    const label = priority.findIndex((item) => topology.has(text(item)))
    if (label !== -1)
      return report(localityInvalid, {
        path: at(`${path}.failoverPriority`, label),
        message: `failoverPriority by ${text(priority[label])} cannot be set together with failover`,
      })
  }
  if (distribute.length > 0) {
    const problem = distributionProblem(distribute)
    if (problem !== undefined)
      return report(localityInvalid, { path: `${path}.${problem.path}`, message: problem.message })
  }
  checkFailover(setting, place)
}

/** Source: istio `ValidateZoneAwareLbSetting`. */
export function checkZoneAware(setting: Json, place: Place): void {
  const priority = items(setting["failoverPriority"])
  for (let i = 0; i < priority.length; i++)
    if (topology.has(text(priority[i])))
      place.report(localityInvalid, {
        path: at(`${place.path}.failoverPriority`, i),
        message: `${text(priority[i])} is taken into account by zone aware load balancing itself`,
      })
  checkFailover(setting, place)
}

/** Both settings of a load balancer, which exclude each other. */
export function checkLocalities(balancer: Json, place: Place): void {
  const locality = section(balancer["localityLbSetting"])
  const zoneAware = section(balancer["zoneAwareLbSetting"])
  if (locality === undefined && zoneAware === undefined) return
  if (isSet(locality) && isSet(zoneAware))
    place.report(localityInvalid, {
      path: `${place.path}.zoneAwareLbSetting`,
      message: "localityLbSetting and zoneAwareLbSetting cannot be set together",
    })
  if (locality !== undefined) checkLocality(locality, { ...place, path: `${place.path}.localityLbSetting` })
  if (zoneAware !== undefined)
    checkZoneAware(zoneAware, { ...place, path: `${place.path}.zoneAwareLbSetting` })
}
