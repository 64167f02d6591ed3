import { type EffectiveRule, destinationRuleFor } from "../../istio/destination-rule.ts"
import { instancesOf } from "../../istio/endpoints.ts"
import type { Instance } from "../../istio/instance.ts"
import { type Labels, isSubset } from "../../istio/mesh.ts"
import type { RegistryService } from "../../istio/registry.ts"
import type { Reading } from "../plan.ts"
import type { World } from "../world.ts"

export type Version = Reading["versions"][number]

/** Labels that tell the versions of a workload apart, the usual one first. */
const versionLabels = ["version", "app.kubernetes.io/version"] as const

/** A name that a subset may have (a DNS label): `1.2.3` is `1-2-3`. */
const subsetName = (value: string): string =>
  value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")

/** The destination rule that decides for clients in the service's own namespace, and so for all without one of their own. */
export const ruleOf = (world: World, service: RegistryService): EffectiveRule =>
  destinationRuleFor(world.mesh, { kind: "sidecar", namespace: service.namespace, labels: {} }, service)

const readyWith = (instances: readonly Instance[], labels: Labels): number =>
  instances.filter((instance) => instance.ready && isSubset(labels, instance.labels)).length

/** Ready pods behind a service that carry the labels. */
export const readyPods = (world: World, service: RegistryService, labels: Labels): number =>
  readyWith(instancesOf(world.mesh, service), labels)

/** Versions that the pods of a service say they are of. */
function versionsOfPods(instances: readonly Instance[]): Version[] {
  const label = versionLabels.find((name) => instances.some(({ labels }) => labels[name] !== undefined))
  if (label === undefined) return []
  const values = new Set(instances.flatMap(({ labels }) => labels[label] ?? []))
  return [...values]
    .toSorted()
    .map((value) => ({ value, subset: subsetName(value) }))
    .filter(({ subset }) => subset !== "")
    .map(({ value, subset }) => {
      const labels = { [label]: value }
      return { subset, labels, pods: readyWith(instances, labels), exists: false }
    })
}

const isAlike = (a: Labels, b: Labels): boolean => isSubset(a, b) && isSubset(b, a)

/** Subsets of the destination rule that decides, then the versions of pods that are none of them. */
export function versionsOf(world: World, service: RegistryService): Version[] {
  const instances = instancesOf(world.mesh, service)
  const subsets = ruleOf(world, service).subsets.map(({ name, labels }): Version => ({
    subset: name,
    labels,
    pods: readyWith(instances, labels),
    exists: true,
  }))
  const others = versionsOfPods(instances).filter((version) =>
    subsets.every(({ subset, labels }) => subset !== version.subset && !isAlike(labels, version.labels)),
  )
  return [...subsets, ...others]
}

/** The version a person means: by its name, else by the value of the label that makes it. */
export const versionNamed = (versions: readonly Version[], name: string): Version | undefined =>
  versions.find(({ subset }) => subset === name) ??
  versions.find(({ labels }) => {
    const values = Object.values(labels)
    return values.length === 1 && values[0] === name
  })

/** `v1, v2 and v3`, or that there are none. */
export const versionNames = (versions: readonly Version[]): string =>
  versions.length === 0 ? "none" : versions.map(({ subset }) => subset).join(", ")
