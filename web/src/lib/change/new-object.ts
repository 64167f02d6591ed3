import type { KubeObject } from "#shared/kube/object.ts"
import { configKinds, watchedKinds } from "#shared/kube/kinds.ts"

/** Kinds that may be made here, by name. */
export const makeable = configKinds
  .map(({ key, kind }) => ({ key, kind }))
  .sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.key < b.key ? -1 : 1))

export const isMakeable = (key: string): boolean => makeable.some((kind) => kind.key === key)

/** Where a new object begins: all that its kind asks for is empty, and marked until it is written. */
const specs: Record<string, unknown> = {
  "VirtualService.networking.istio.io": {
    hosts: ["NAME"],
    http: [{ route: [{ destination: { host: "NAME" } }] }],
  },
  "DestinationRule.networking.istio.io": { host: "NAME" },
  "PeerAuthentication.security.istio.io": { mtls: { mode: "PERMISSIVE" } },
  "AuthorizationPolicy.security.istio.io": { action: "ALLOW", rules: [] },
  "HTTPRoute.gateway.networking.k8s.io": {
    parentRefs: [{ group: "", kind: "Service", name: "NAME", port: 80 }],
    rules: [{ backendRefs: [{ name: "NAME", port: 80 }] }],
  },
}

const named = (value: unknown, name: string): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll('"NAME"', JSON.stringify(name)))

/** The first text of a new object. */
export function newObject(key: string, namespace: string, name: string): KubeObject | undefined {
  const spec = watchedKinds.find((kind) => kind.key === key)
  if (!spec) return undefined
  const group = key.includes(".") ? key.slice(key.indexOf(".") + 1) : ""
  const version = spec.versions[0] ?? "v1"
  return {
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind: spec.kind,
    metadata: { name, ...(spec.namespaced ? { namespace } : {}) },
    spec: named(specs[key] ?? {}, name),
  }
}
