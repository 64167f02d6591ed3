import { kindOf } from "../kube/kinds.ts"
import type { KubeObject } from "../kube/object.ts"
import type { World } from "./world.ts"

/** The only mark of ours, on what we created. */
export const managedBy = { "app.kubernetes.io/managed-by": "service-mesh-manager" } as const

type Place = { kind: string; namespace: string; name: string }

/** The version in which the cluster's objects of the kind come, else the one we like best. */
function apiVersionOf(world: World, kind: string): string {
  const [known] = world.list(kind)
  if (known !== undefined) return known.apiVersion
  const spec = kindOf(kind)
  return spec === undefined ? "v1" : `${spec.group}/${spec.versions[0] ?? "v1"}`
}

/** A plain name that no object of the kind has there: the wanted one, or with a number after it. */
function freeName(world: World, { kind, namespace, name }: Place): string {
  let free = name
  for (let number = 2; world.object({ kind, namespace, name: free }) !== undefined; number++)
    free = `${name}-${number}`
  return free
}

/** A new object, by a name that is free. */
export const newObject = (
  world: World,
  place: Place,
  spec: Readonly<Record<string, unknown>>,
): KubeObject => ({
  apiVersion: apiVersionOf(world, place.kind),
  kind: kindOf(place.kind)?.kind ?? place.kind,
  metadata: {
    name: freeName(world, place),
    namespace: place.namespace,
    labels: { ...managedBy },
  },
  spec,
})
