import { refOf, type KubeObject } from "../../../../kube/object.ts"
import { record, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import type { Fix } from "../../../finding.ts"
import { at, pointerOf } from "../../../path.ts"
import { durationProblem } from "../../../semantic/duration.ts"
import { amount, isSet, items, section } from "../read.ts"
import { checkLocalities } from "./locality.ts"
import { balancerInvalid, deprecatedField, hashKeyMissing } from "./rules.ts"

/** As Envoy decides it: 1, 2 and 3 count as prime. Source: istio `isPrime`. */
export function isPrime(value: number): boolean {
  if (value !== 0 && value < 4) return true
  if (value % 2 === 0) return false
  for (let factor = 3; factor * factor <= value; factor += 2) if (value % factor === 0) return false
  return true
}

/** One more than the largest table that Envoy takes, a prime. */
const mostMaglev = 5_000_011

function maglevProblem(size: number): string | undefined {
  if (size === 0) return "maglev has no tableSize"
  if (size >= mostMaglev) return `tableSize ${size} of maglev is not less than ${mostMaglev}`
  return Number.isInteger(size) && isPrime(size)
    ? undefined
    : `tableSize ${size} of maglev is no prime number`
}

function checkCookie(cookie: Json, path: string, report: Report): void {
  if (text(cookie["name"]) === "")
    report(balancerInvalid, { path, message: "the cookie to hash by has no name" })
  const names = new Set<string>()
  for (const [i, item] of items(cookie["attributes"]).entries()) {
    const name = text(record(item)["name"])
    if (name !== "" && !names.has(name)) names.add(name)
    else
      report(balancerInvalid, {
        path: at(`${path}.attributes`, i),
        message:
          name === ""
            ? "an attribute of the cookie has no name"
            : `the cookie has the attribute ${name} twice`,
      })
  }
}

const keys = ["httpHeaderName", "httpQueryParameterName"]

const hasKey = (hash: Json): boolean =>
  isSet(hash["httpCookie"]) || hash["useSourceIp"] === true || keys.some((field) => text(hash[field]) !== "")

function checkHash(hash: Json, place: Place): void {
  const { path, report } = place
  if (!hasKey(hash))
    report(hashKeyMissing, {
      path,
      message: "the consistent hash has no key, so it does not keep clients at one endpoint",
    })
  const cookie = section(hash["httpCookie"])
  if (cookie !== undefined) checkCookie(cookie, `${path}.httpCookie`, report)
  const maglev = section(hash["maglev"])
  const problem = maglev === undefined ? undefined : maglevProblem(amount(maglev["tableSize"]))
  if (problem !== undefined) report(balancerInvalid, { path: `${path}.maglev.tableSize`, message: problem })
  if (amount(hash["minimumRingSize"]) !== 0) checkRing(hash, place)
}

function checkRing(hash: Json, { object, path, report }: Place): void {
  const field = `${path}.minimumRingSize`
  if (isSet(hash["maglev"]) || isSet(hash["ringHash"]))
    return report(balancerInvalid, {
      path: field,
      message:
        "minimumRingSize is the old form of ringHash, and cannot be set together with ringHash or maglev",
    })
  report(deprecatedField, {
    path: field,
    message: "minimumRingSize is deprecated; ringHash.minimumRingSize took its place",
    fix: replaced(object, field, `${path}.ringHash`, { minimumRingSize: amount(hash["minimumRingSize"]) }),
  })
}

function checkWarmup(warmup: Json, path: string, report: Report): void {
  const duration = warmup["duration"]
  const problem = isSet(duration) ? durationProblem(duration) : "warmup has no duration"
  if (problem !== undefined) report(balancerInvalid, { path: `${path}.duration`, message: problem })
  const least = amount(warmup["minimumPercent"])
  if (least < 0 || least > 100)
    report(balancerInvalid, {
      path: `${path}.minimumPercent`,
      message: `minimumPercent ${least} is not from 0 to 100`,
    })
  const aggression = warmup["aggression"]
  if (isSet(aggression) && amount(aggression) <= 0)
    report(balancerInvalid, {
      path: `${path}.aggression`,
      message: `aggression ${amount(aggression)} is not greater than 0`,
    })
}

/** The new field for an old one. */
const replaced = (object: KubeObject, field: string, path: string, value: unknown): Fix => ({
  title: `Use ${path.slice(path.lastIndexOf(".") + 1)}`,
  edits: [
    {
      object: refOf(object),
      patch: [
        { op: "add", path: pointerOf(path), value },
        { op: "remove", path: pointerOf(field) },
      ],
    },
  ],
})

function checkOldWarmup(balancer: Json, { object, path, report }: Place): void {
  const duration = balancer["warmupDurationSecs"]
  if (!isSet(duration)) return
  const field = `${path}.warmupDurationSecs`
  const problem = durationProblem(duration)
  if (problem !== undefined)
    return report(balancerInvalid, { path: field, message: `warmupDurationSecs: ${problem}` })
  const message = "warmupDurationSecs is deprecated; warmup.duration took its place"
  const details = { path: field, level: "info" as const, message }
  report(
    deprecatedField,
    isSet(balancer["warmup"])
      ? { ...details, message: `${message}, and is the one that counts` }
      : { ...details, fix: replaced(object, field, `${path}.warmup`, { duration }) },
  )
}

function reportLeastConn({ object, path, report }: Place): void {
  report(deprecatedField, {
    path: `${path}.simple`,
    level: "info",
    message: "LEAST_CONN is the old name of LEAST_REQUEST",
    fix: {
      title: "Use LEAST_REQUEST",
      edits: [
        {
          object: refOf(object),
          patch: [{ op: "replace", path: `${pointerOf(path)}/simple`, value: "LEAST_REQUEST" }],
        },
      ],
    },
  })
}

type Place = { object: KubeObject; path: string; report: Report }

/** Source: istio `validateLoadBalancer`. */
export function checkBalancer(balancer: Json, place: Place & { hasOutlier: boolean }): void {
  const { path, report } = place
  if (balancer["simple"] === "LEAST_CONN") reportLeastConn(place)
  const hash = section(balancer["consistentHash"])
  if (hash !== undefined) checkHash(hash, { ...place, path: `${path}.consistentHash` })
  checkLocalities(balancer, place)
  checkOldWarmup(balancer, place)
  const warmup = section(balancer["warmup"])
  if (warmup !== undefined) checkWarmup(warmup, `${path}.warmup`, report)
}
