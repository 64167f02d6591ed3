import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { at } from "../../path.ts"

const nothing: readonly unknown[] = []

export const specOf = (object: KubeObject): Json => record(object["spec"])
export const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ""
export const actionOf = (spec: Json): string => text(spec["action"]) || "ALLOW"

/** Labels a policy asks for, undefined when it is for all of its namespace. */
export function selectorLabels(spec: Json): Readonly<Record<string, string>> | undefined {
  const wanted = record(spec["selector"])["matchLabels"]
  if (wanted === undefined) return undefined
  const labels = stringMap(wanted)
  for (const _ in labels) return labels
  return undefined
}

export const isTargeted = (spec: Json): boolean =>
  spec["targetRef"] !== undefined || (Array.isArray(spec["targetRefs"]) && spec["targetRefs"].length > 0)

export const rulesOf = (spec: Json): readonly unknown[] => list(spec["rules"])
export const fromsOf = (rule: Json): readonly unknown[] =>
  rule["from"] === undefined ? nothing : list(rule["from"])
export const tosOf = (rule: Json): readonly unknown[] =>
  rule["to"] === undefined ? nothing : list(rule["to"])
export const whensOf = (rule: Json): readonly unknown[] =>
  rule["when"] === undefined ? nothing : list(rule["when"])
export const sourceOf = (from: unknown): Json => record(record(from)["source"])
export const operationOf = (to: unknown): Json => record(record(to)["operation"])

export const rulePath = (rule: number): string => `spec.rules[${rule}]`
export const sourcePath = (rule: number, from: number): string => `spec.rules[${rule}].from[${from}].source`
export const operationPath = (rule: number, to: number): string => `spec.rules[${rule}].to[${to}].operation`
export const valuePath = (entry: string, field: string, index: number): string => at(entry, field, index)

/** The field's twin: `hosts` and `notHosts`. */
export const notField = (field: string): string => `not${field.charAt(0).toUpperCase()}${field.slice(1)}`

/** The texts of a list, each with its place in it; what is no text is the schema's to report. */
export function eachText(value: unknown, visit: (text: string, index: number) => void): void {
  if (value === undefined) return
  list(value).forEach((item, index) => {
    if (typeof item === "string") visit(item, index)
  })
}
