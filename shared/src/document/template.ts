import type { KubeObject } from "../kube/object.ts"
import { groupOf } from "../kube/object.ts"

export const templateRemedy =
  "Render it first: helm template CHART | smm validate -f -, or kustomize build DIR"

/** The first place of a template's braces outside of comments, among offsets; -1 for none. */
export function templateAt(text: string, start: number, end: number): number {
  for (let at = text.indexOf("{{", start); at !== -1 && at < end; at = text.indexOf("{{", at + 2)) {
    const line = text.lastIndexOf("\n", at) + 1
    if (!/^\s*#/.test(text.slice(Math.max(line, start), at))) return at
  }
  return -1
}

/** What only a template says: `{{ .Values.x }}`, `{{- include "y" . }}`. */
const action =
  /\{\{-?\s*(?:[.$"]|include\b|template\b|if\b|else\b|end\b|with\b|range\b|tpl\b|quote\b|default\b|toYaml\b)/

/** Groups in whose objects no text has such braces for a reason of its own. */
const routed = new Set(["networking.istio.io", "security.istio.io", "gateway.networking.k8s.io"])

/** Fields that hold the text of others: bodies, filters in Lua, messages. */
const free = new Set(["annotations", "body", "directResponse", "patch", "pluginConfig"])

function holdsAction(value: unknown): boolean {
  if (typeof value === "string") return action.test(value)
  if (value === null || typeof value !== "object") return false
  if (Array.isArray(value)) return value.some(holdsAction)
  return Object.entries(value).some(
    ([key, inner]) => !free.has(key) && (action.test(key) || holdsAction(inner)),
  )
}

/** Whether an object that was read is a template all the same: `host: {{ .Values.host }}-v1` in quotes is good YAML. */
export function isTemplate(object: KubeObject): boolean {
  const { name, namespace } = object.metadata
  if ([object.apiVersion, object.kind, name, namespace ?? ""].some((text) => text.includes("{{"))) return true
  return routed.has(groupOf(object.apiVersion)) && holdsAction(object["spec"])
}
