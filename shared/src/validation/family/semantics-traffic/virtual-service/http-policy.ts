import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { durationProblem, spanOf } from "../../../semantic/duration.ts"
import { corsHeaderProblem } from "../../../semantic/header.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { shown } from "../../../semantic/shown.ts"
import { percentageProblem } from "../../../semantic/weight.ts"
import { pointerOf } from "../../../path.ts"
import { type Remedy, type Say, isSet, isThere, replacement } from "../say.ts"
import { sayDestination } from "./destination.ts"
import {
  cors as corsRule,
  doubtful,
  fault as faultRule,
  mirror as mirrorRule,
  redirect as redirectRule,
  retries as retryRule,
} from "./rules.ts"
import { stringMatchProblem } from "./string-match.ts"
import { grpcStatuses, isHttpStatus, isRetryCondition, methods } from "./vocabulary.ts"

function sharePart(part: Json, path: string, say: Say): void {
  const value = record(part["percentage"])["value"]
  if (typeof value === "number") say(faultRule, `${path}.percentage`, percentageProblem(value))
}

function sayAbort(abort: Json, path: string, say: Say): void {
  sharePart(abort, path, say)
  const { httpStatus, grpcStatus, http2Error } = abort
  if (isThere(grpcStatus)) {
    if (typeof grpcStatus === "string" && !grpcStatuses.has(grpcStatus))
      say(faultRule, `${path}.grpcStatus`, `${grpcStatus} is no status of gRPC, such as NOT_FOUND`)
  } else if (isThere(http2Error))
    say(faultRule, `${path}.http2Error`, "http2Error is not supported; use httpStatus")
  else if (!isThere(httpStatus))
    say(doubtful, path, "the abort has no httpStatus or grpcStatus, so it aborts nothing")
  else if (typeof httpStatus === "number" && !isHttpStatus(httpStatus))
    say(faultRule, `${path}.httpStatus`, `${httpStatus} is not between 200 and 599`)
}

function sayDelay(delay: Json, path: string, say: Say): void {
  sharePart(delay, path, say)
  if (isThere(delay["fixedDelay"])) say(faultRule, `${path}.fixedDelay`, durationProblem(delay["fixedDelay"]))
  if (isThere(delay["exponentialDelay"]))
    say(faultRule, `${path}.exponentialDelay`, "exponentialDelay is not supported; use fixedDelay")
}

/** Faults that a route injects. */
export function sayFault(route: Json, path: string, say: Say): void {
  if (!isThere(route["fault"])) return
  const { abort, delay } = record(route["fault"])
  const place = `${path}.fault`
  if (!isThere(abort) && !isThere(delay)) say(faultRule, place, "the fault has neither abort nor delay")
  if (isThere(abort)) sayAbort(record(abort), `${place}.abort`, say)
  if (isThere(delay)) sayDelay(record(delay), `${place}.delay`, say)
}

function withoutSpaces(written: string, path: string): Remedy | undefined {
  const conditions = written.split(",").map((condition) => condition.trim())
  return conditions.every(isRetryCondition)
    ? replacement("Write the conditions without spaces", path, conditions.join(","))
    : undefined
}

function sayRetryConditions(written: string, path: string, say: Say): void {
  for (const condition of written.split(","))
    if (!isRetryCondition(condition)) {
      const trimmed = condition.trim()
      const hint = trimmed !== condition && isRetryCondition(trimmed) ? "; write it without spaces" : ""
      say(
        retryRule,
        path,
        `"${condition}" is no condition to retry on${hint}`,
        hint === "" ? undefined : withoutSpaces(written, path),
      )
      return
    }
}

/** How long a request may take. */
export function sayTimeout(route: Json, path: string, say: Say): void {
  if (isThere(route["timeout"])) say(retryRule, `${path}.timeout`, durationProblem(route["timeout"]))
}

/** Whether and when a request is tried again. */
export function sayRetries(route: Json, path: string, say: Say): void {
  if (!isThere(route["retries"])) return
  const { attempts, perTryTimeout, retryOn, retryRemoteLocalities, backoff } = record(route["retries"])
  const place = `${path}.retries`
  if (typeof attempts === "number" && attempts < 0)
    say(retryRule, `${place}.attempts`, `attempts ${attempts} is less than 0`)
  if (!attempts && (isThere(perTryTimeout) || isSet(retryOn) || isThere(retryRemoteLocalities)))
    say(retryRule, place, "attempts is 0, which turns retries off, and yet how to retry is set")
  if (isThere(perTryTimeout)) say(retryRule, `${place}.perTryTimeout`, durationProblem(perTryTimeout))
  if (isThere(backoff)) say(retryRule, `${place}.backoff`, durationProblem(backoff))
  if (isSet(retryOn)) sayRetryConditions(retryOn, `${place}.retryOn`, say)
}

const wholePercentage = (value: unknown): Problem =>
  typeof value !== "number" || (value >= 0 && value <= 100)
    ? undefined
    : `${value} % is not between 0 and 100`

/** The same in the field that came in its place, if that is free. */
function percentageFor(route: Json, path: string): Remedy | undefined {
  const value = route["mirrorPercent"]
  if (
    typeof value !== "number" ||
    route["mirrorPercentage"] !== undefined ||
    wholePercentage(value) !== undefined
  )
    return undefined
  return {
    title: "Use mirrorPercentage",
    patch: [
      { op: "remove", path: pointerOf(`${path}.mirrorPercent`) },
      { op: "add", path: pointerOf(`${path}.mirrorPercentage`), value: { value } },
    ],
  }
}

/** The share of requests to mirror, as it used to be written. */
export function sayMirrorPercent(route: Json, path: string, say: Say): void {
  const percent = route["mirrorPercent"] ?? route["mirror_percent"]
  if (!isThere(percent)) return
  say(mirrorRule, `${path}.mirrorPercent`, wholePercentage(percent))
  say(
    doubtful,
    `${path}.mirrorPercent`,
    "mirrorPercent is deprecated; use mirrorPercentage",
    percentageFor(route, path),
  )
}

export function sayMirrorPercentage(route: Json, path: string, say: Say): void {
  say(mirrorRule, `${path}.mirrorPercentage`, wholePercentage(record(route["mirrorPercentage"])["value"]))
}

export function sayMirror(route: Json, path: string, say: Say): void {
  sayDestination(route["mirror"], `${path}.mirror`, say)
}

/** Where a route mirrors to, and how much. */
export function sayMirrors(route: Json, path: string, say: Say): void {
  const mirrors = list(route["mirrors"])
  for (let i = 0; i < mirrors.length; i++) {
    const { destination, percentage } = record(mirrors[i])
    const place = `${path}.mirrors[${i}]`
    if (isThere(destination)) {
      sayDestination(destination, `${place}.destination`, say)
      say(mirrorRule, `${place}.percentage`, wholePercentage(record(percentage)["value"]))
    } else say(mirrorRule, place, "the mirror has no destination")
  }
}

function originProblem(value: unknown): Problem {
  const { exact, prefix, regex } = record(value)
  if (!isSet(exact) && !isSet(prefix) && !isSet(regex))
    return "the origin is neither exact nor prefix nor regex"
  return stringMatchProblem(value)
}

function maxAgeProblem(value: unknown): Problem {
  const span = spanOf(value)
  const problem = durationProblem(value)
  if (problem !== undefined || span === undefined) return problem
  return span.ms % 1000 === 0 ? undefined : `${shown(value)} is finer than a second`
}

/** What browsers of other origins may do. */
export function sayCors(route: Json, path: string, say: Say): void {
  if (!isThere(route["corsPolicy"])) return
  const policy = record(route["corsPolicy"])
  const place = `${path}.corsPolicy`
  for (const [i, origin] of list(policy["allowOrigins"]).entries())
    say(corsRule, `${place}.allowOrigins[${i}]`, originProblem(origin))
  for (const [i, method] of list(policy["allowMethods"]).entries())
    if (typeof method === "string" && !methods.has(method))
      say(corsRule, `${place}.allowMethods[${i}]`, `"${method}" is no method of HTTP`)
  for (const field of ["allowHeaders", "exposeHeaders"])
    for (const [i, name] of list(policy[field]).entries())
      if (typeof name === "string") say(corsRule, `${place}.${field}[${i}]`, corsHeaderProblem(name))
  if (isThere(policy["maxAge"])) say(corsRule, `${place}.maxAge`, maxAgeProblem(policy["maxAge"]))
}

const kib = 1024

/** The bytes of a body; those of `bytes` stand in base64. */
function sizeOf({ string, bytes }: Json): number {
  const plain =
    typeof string === "string" && string.length * 3 > 100 * kib ? new TextEncoder().encode(string).length : 0
  return typeof bytes === "string"
    ? Math.max(plain, Math.floor((bytes.replace(/=+$/, "").length * 3) / 4))
    : plain
}

/** A status and body that the proxy answers with by itself. */
export function sayDirectResponse(route: Json, path: string, say: Say): void {
  if (!isThere(route["directResponse"])) return
  const { status, body } = record(route["directResponse"])
  const place = `${path}.directResponse`
  const size = sizeOf(record(body))
  if (size > kib * kib) say(redirectRule, `${place}.body`, `the body has ${size} bytes, more than 1 MB`)
  else if (size > 100 * kib)
    say(doubtful, `${place}.body`, `the body has ${size} bytes; more than 100 kB slow the control plane down`)
  if (!isThere(status)) say(redirectRule, place, "the answer has no status")
  else if (typeof status === "number" && !isHttpStatus(status))
    say(redirectRule, `${place}.status`, `status ${status} is not between 200 and 599`)
}
