import type { KubeObject } from "../kube/object.ts"
import { kindKeyOf } from "../kube/object.ts"
import { isRecord } from "../topology/fact/read.ts"
import { isSame } from "./same.ts"

/** What the Gateway API's schema writes where an object says nothing: paths with `[]` for every entry of a list. Source: gateway-api CRDs, `default`. */
type Default = readonly [path: string, value: unknown]

const group = "gateway.networking.k8s.io"

const parents: readonly Default[] = [
  ["spec.parentRefs[].group", group],
  ["spec.parentRefs[].kind", "Gateway"],
]

const backend = (path: string): readonly Default[] => [
  [`${path}.group`, ""],
  [`${path}.kind`, "Service"],
]

const backends: readonly Default[] = [
  ...backend("spec.rules[].backendRefs[]"),
  ["spec.rules[].backendRefs[].weight", 1],
]

const root = { type: "PathPrefix", value: "/" }

const filters = (path: string): readonly Default[] => [
  ...backend(`${path}.requestMirror.backendRef`),
  [`${path}.requestMirror.fraction.denominator`, 100],
  [`${path}.requestRedirect.statusCode`, 302],
  [`${path}.cors.maxAge`, 5],
]

const http: readonly Default[] = [
  ["spec.rules", [{ matches: [{ path: root }] }]],
  ["spec.rules[].matches", [{ path: root }]],
  ["spec.rules[].matches[].path", root],
  ["spec.rules[].matches[].path.type", root.type],
  ["spec.rules[].matches[].path.value", root.value],
  ["spec.rules[].matches[].headers[].type", "Exact"],
  ["spec.rules[].matches[].queryParams[].type", "Exact"],
  ...filters("spec.rules[].filters[]"),
  ...filters("spec.rules[].backendRefs[].filters[]"),
]

const grpc: readonly Default[] = [
  ["spec.rules[].matches[].method.type", "Exact"],
  ["spec.rules[].matches[].headers[].type", "Exact"],
  ...backend("spec.rules[].filters[].requestMirror.backendRef"),
]

const gateway: readonly Default[] = [
  ["spec.listeners[].allowedRoutes", { namespaces: { from: "Same" } }],
  ["spec.listeners[].allowedRoutes.namespaces", { from: "Same" }],
  ["spec.listeners[].allowedRoutes.namespaces.from", "Same"],
  ["spec.listeners[].allowedRoutes.kinds[].group", group],
  ["spec.listeners[].tls.mode", "Terminate"],
  ["spec.listeners[].tls.certificateRefs[].group", ""],
  ["spec.listeners[].tls.certificateRefs[].kind", "Secret"],
]

const byKind: Readonly<Record<string, readonly Default[]>> = {
  [`HTTPRoute.${group}`]: [...parents, ...http, ...backends],
  [`GRPCRoute.${group}`]: [...parents, ...grpc, ...backends],
  [`TCPRoute.${group}`]: [...parents, ...backends],
  [`TLSRoute.${group}`]: [...parents, ...backends],
  [`Gateway.${group}`]: gateway,
}

/** The value with what a path says where its parent is there and says nothing. */
function filled(value: unknown, steps: readonly string[], otherwise: unknown): unknown {
  const [step = "", ...rest] = steps
  if (!isRecord(value)) return value
  const key = step.replace("[]", "")
  const own = value[key]
  if (rest.length === 0) return own === undefined ? { ...value, [key]: otherwise } : value
  if (own === undefined) return value
  if (!step.endsWith("[]")) return { ...value, [key]: filled(own, rest, otherwise) }
  return Array.isArray(own) ? { ...value, [key]: own.map((entry) => filled(entry, rest, otherwise)) } : value
}

const completed = (object: KubeObject, defaults: readonly Default[]): KubeObject =>
  defaults.reduce<unknown>(
    (value, [path, otherwise]) => filled(value, path.split("."), otherwise),
    object,
  ) as KubeObject

/** An object as the API server will complete it, where the one that is there has been completed: so that what a file leaves to the schema is no change. */
export function asCompleted(written: KubeObject, known: KubeObject): KubeObject {
  const defaults = byKind[kindKeyOf(known)]
  if (defaults === undefined || !isSame(completed(known, defaults), known)) return written
  return completed(written, defaults)
}

/** What the schema writes at a path (`spec.parentRefs[].kind`) that an object of the kind says nothing at; undefined: nothing. */
export const defaultAt = (kindKey: string, path: string): unknown =>
  byKind[kindKey]?.find(([at]) => at === path)?.[1]
