import type { KubeObject } from "../../../kube/object.ts"
import { type Json, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import type { Level } from "../../finding.ts"
import { authorizationPolicy } from "./kinds.ts"
import { excludeEachOther, excludesItself } from "./never-rules.ts"
import {
  actionOf,
  fromsOf,
  notField,
  operationOf,
  operationPath,
  rulesOf,
  sourceOf,
  sourcePath,
  specOf,
  tosOf,
  whensOf,
} from "./policy.ts"
import { some } from "./sentence.ts"
import { isTemplate, listCovers, listsOverlap, patternCovers } from "./value-pattern.ts"

/** A rule that never matches: ALLOW lets fewer in than it says, which people notice; DENY and CUSTOM guard less, which they do not. */
const levelOf = (action: string): Level => (action === "ALLOW" || action === "AUDIT" ? "warning" : "error")

const sourceFields = [
  "principals",
  "namespaces",
  "serviceAccounts",
  "requestPrincipals",
  "ipBlocks",
  "remoteIpBlocks",
] as const
const operationFields = ["hosts", "methods", "paths", "ports"] as const

const fold = (field: string, values: readonly string[]): readonly string[] =>
  field === "hosts" ? values.map((value) => value.toLowerCase()) : values

/** Templates and address ranges are compared as they stand. */
function isCovered(field: string, wanted: readonly string[], refused: readonly string[]): boolean {
  if (field === "ipBlocks" || field === "remoteIpBlocks")
    return wanted.every((value) => refused.includes(value) || refused.includes("0.0.0.0/0"))
  return wanted.every((value) =>
    refused.some((other) =>
      isTemplate(value) || isTemplate(other) ? value === other : patternCovers(other, value),
    ),
  )
}

function checkEntry(
  entry: Json,
  fields: readonly string[],
  path: string,
  level: Level,
  report: Report,
): void {
  for (const field of fields) {
    if (entry[field] === undefined) continue
    const not = notField(field)
    if (entry[not] === undefined) continue
    const wanted = fold(field, strings(entry[field]))
    const refused = fold(field, strings(entry[not]))
    if (wanted.length === 0 || refused.length === 0 || !isCovered(field, wanted, refused)) continue
    report(excludesItself, {
      path: `${path}.${not}`,
      level,
      message: `${not} ${some(refused)} leaves nothing of ${field} ${some(wanted)}`,
    })
  }
}

/** The namespaces of Istio identities; undefined where one may be of any. */
function namespacesOf(principals: readonly string[]): string[] | undefined {
  const found: string[] = []
  for (const principal of principals) {
    const namespace = /\/ns\/([^/*]+)\//.exec(principal)?.[1]
    if (namespace === undefined) return undefined
    found.push(namespace)
  }
  return found.length === 0 ? undefined : found
}

/** Where callers of a source must be from, by its namespaces and its identities; undefined for anywhere. */
function originOf(source: Json): { namespaces: string[] | undefined; identities: string[] | undefined } {
  const namespaces = source["namespaces"] === undefined ? [] : strings(source["namespaces"])
  const principals = source["principals"] === undefined ? [] : strings(source["principals"])
  return {
    namespaces: namespaces.length > 0 ? namespaces : undefined,
    identities: namespacesOf(principals),
  }
}

function checkOrigin(source: Json, path: string, level: Level, report: Report): void {
  const { namespaces, identities } = originOf(source)
  if (namespaces === undefined || identities === undefined || listsOverlap(namespaces, identities)) return
  report(excludeEachOther, {
    path,
    level,
    message: `principals are of ${some([...new Set(identities)])}, namespaces asks for ${some(namespaces)}`,
  })
}

type Condition = { key: string; values: string[]; refused: string[]; path: string }

function conditionsOf(rule: Json, at: number): Condition[] {
  return whensOf(rule).map((item, position) => {
    const when = record(item)
    return {
      key: text(when["key"]),
      values: strings(when["values"]),
      refused: strings(when["notValues"]),
      path: `spec.rules[${at}].when[${position}]`,
    }
  })
}

/** Values of these are no patterns. */
const isPlain = (key: string): boolean => key.endsWith(".ip") || key === "remote.ip"

function checkConditions(conditions: readonly Condition[], level: Level, report: Report): void {
  conditions.forEach(({ key, values, refused, path }, position) => {
    if (values.length > 0 && refused.length > 0 && !isPlain(key) && listCovers(refused, values))
      report(excludesItself, {
        path: `${path}.notValues`,
        level,
        message: `notValues ${some(refused)} leaves nothing of values ${some(values)} of ${key}`,
      })
    // Claims and other lists may hold several values at once.
    if (values.length === 0 || key.startsWith("request.auth.") || isPlain(key)) return
    const earlier = conditions
      .slice(0, position)
      .find((other) => other.key === key && other.values.length > 0 && !listsOverlap(other.values, values))
    if (earlier !== undefined)
      report(excludeEachOther, {
        path,
        level,
        message: `${key} cannot be ${some(values)} and ${some(earlier.values)} at once`,
      })
  })
}

/** Each source against what `when` says of the caller's namespace. */
function checkOriginCondition(
  sources: readonly Json[],
  conditions: readonly Condition[],
  level: Level,
  report: Report,
): void {
  const condition = conditions.find(({ key, values }) => key === "source.namespace" && values.length > 0)
  if (condition === undefined || sources.length === 0) return
  const wanted = sources.map((source) => {
    const { namespaces, identities } = originOf(source)
    return namespaces ?? identities
  })
  if (wanted.some((names) => names === undefined || listsOverlap(names, condition.values))) return
  report(excludeEachOther, {
    path: condition.path,
    level,
    message: `source.namespace ${some(condition.values)} is in none of the rule's sources`,
  })
}

function runRule(rule: Json, at: number, level: Level, report: Report): void {
  const sources = fromsOf(rule).map(sourceOf)
  sources.forEach((source, position) => {
    const path = sourcePath(at, position)
    checkEntry(source, sourceFields, path, level, report)
    checkOrigin(source, path, level, report)
  })
  tosOf(rule).forEach((to, position) => {
    checkEntry(operationOf(to), operationFields, operationPath(at, position), level, report)
  })
  if (rule["when"] === undefined) return
  const conditions = conditionsOf(rule, at)
  checkConditions(conditions, level, report)
  checkOriginCondition(sources, conditions, level, report)
}

export const contradictions = check({
  name: "authorizationpolicy/contradictions",
  subject: authorizationPolicy,
  reads: [],
  rules: [excludesItself, excludeEachOther],
  run: (policy: KubeObject, _view, report) => {
    const spec = specOf(policy)
    const level = levelOf(actionOf(spec))
    rulesOf(spec).forEach((item, at) => {
      runRule(record(item), at, level, report)
    })
  },
})
