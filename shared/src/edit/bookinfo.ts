import { AppError } from "../error.ts"
import { config, pod, service } from "../istio/fixture.ts"
import { type KubeObject, idOf, refOf } from "../kube/object.ts"
import { record } from "../topology/fact/read.ts"
import { effectOf } from "./patch.ts"
import type { Plan } from "./plan.ts"
import { httpRouteKind } from "./route/routes.ts"
import { worldOf } from "./testing.ts"
import type { World } from "./world.ts"

/** For tests: the services of Istio's sample, with a pod of each version. */
const versions = { productpage: ["v1"], reviews: ["v1", "v2", "v3"], ratings: ["v1"], details: ["v1"] }

export const bookinfo: readonly KubeObject[] = Object.entries(versions).flatMap(([app, own]) => [
  service(`bookinfo/${app}`, 9080),
  ...own.map((version) => pod(`bookinfo/${app}-${version}-0`, { app, version })),
])

export const reviews = { namespace: "bookinfo", name: "reviews" }
export const ratings = { namespace: "bookinfo", name: "ratings" }

export const virtualService = (name: string, spec: Record<string, unknown>, created?: string): KubeObject =>
  config("VirtualService", `bookinfo/${name}`, spec, created)

export const destinationRule = (name: string, spec: Record<string, unknown>): KubeObject =>
  config("DestinationRule", `bookinfo/${name}`, spec)

export const httpRoute = (name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { namespace: "bookinfo", name, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec,
})

export const subsetsOf = (...names: string[]) => names.map((name) => ({ name, labels: { version: name } }))

/** The world after a plan. */
export function after(
  objects: readonly KubeObject[],
  { edits }: Plan,
): { objects: KubeObject[]; world: World } {
  const before = worldOf(objects)
  const effect = effectOf(edits, (ref) => before.object(ref))
  if (effect === undefined) throw new Error("an edit does not fit")
  const gone = new Set([...effect.put.map(refOf), ...effect.remove].map(idOf))
  const all = [...objects.filter((object) => !gone.has(idOf(refOf(object)))), ...effect.put]
  return { objects: all, world: worldOf(all) }
}

/** The spec of an object of a world. */
export const specIn = (world: World, kind: string, name: string): unknown => {
  const key = kind === "HTTPRoute" ? httpRouteKind : `${kind}.networking.istio.io`
  const object = world.object({ kind: key, namespace: "bookinfo", name })
  return object && record(object["spec"])
}

/** What a plan is refused for. */
export const issuesOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, issues: error.detail.issues }
    throw error
  }
  return "nothing was refused"
}
