/** Without the schema (object-schema.ts) where only the type is needed: the engine in the browser carries no zod. */
export type { KubeObject } from "./object-schema.ts"
import { byCodeUnit } from "../order.ts"
import type { KubeObject } from "./object-schema.ts"

/**
 * Whether this may be the name of an object or namespace. Names become parts of keys, and are ordered by UTF-16 here and by UTF-8 in the store:
 * what no Kubernetes name holds is neither stored nor looked up.
 */
export const isKubernetesName = (text: string): boolean => /^[\w.:-]{1,253}$/.test(text)

/** Where an object is, without its version: `kind` is a KindKey (`Pod`, `VirtualService.networking.istio.io`). */
export type ObjectRef = { kind: string; namespace: string; name: string }

/** The group of an apiVersion: `apps/v1` -> `apps`, `v1` -> ``. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : ""

/** The stable name of a kind across versions: `Service`, `HTTPRoute.gateway.networking.k8s.io`. */
export const kindKey = (group: string, kind: string): string => (group === "" ? kind : `${kind}.${group}`)

export const kindKeyOf = (object: { apiVersion: string; kind: string }): string =>
  kindKey(groupOf(object.apiVersion), object.kind)

export const refOf = (object: KubeObject): ObjectRef => ({
  kind: kindKeyOf(object),
  namespace: object.metadata.namespace ?? "",
  name: object.metadata.name,
})

/** A text for where an object is, the same for the same place. */
export const idOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

/** By namespace and name. */
export const byPlace = (a: KubeObject, b: KubeObject): number =>
  byCodeUnit(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
  byCodeUnit(a.metadata.name, b.metadata.name)

/** Oldest first, then by namespace and name: the order in which Istio prefers routes of the Gateway API. Source: pilot `sortRoutesByCreationTime`. */
export const byCreation = (a: KubeObject, b: KubeObject): number =>
  byCodeUnit(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") || byPlace(a, b)

/** What of the metadata only the API server writes, whatever anybody sends. */
export const serverMetadata: ReadonlySet<string> = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
])

/** What of the metadata nobody owns: the identity, and what the server writes. */
export const unownedMetadata: ReadonlySet<string> = new Set(["name", "namespace", ...serverMetadata])
