import { type MeshSettings, defaultSettings } from "../istio/mesh.ts"
import { MeshModel } from "../istio/model.ts"
import { watchedKinds } from "../kube/kinds.ts"
import { type KubeObject, byPlace, idOf, kindKeyOf, refOf } from "../kube/object.ts"
import type { Caller, World } from "./world.ts"

type Options = {
  settings?: MeshSettings
  serves?: readonly string[]
  /** Callers of services, by `namespace/name`. */
  callers?: Readonly<Record<string, readonly Caller[]>>
}

/** For tests: the world of a list of objects. Without `serves` the cluster serves all kinds that are watched. */
export function worldOf(objects: readonly KubeObject[], options: Options = {}): World {
  const mesh = new MeshModel(options.settings ?? defaultSettings)
  for (const object of objects) mesh.put(object)
  const byRef = new Map(objects.map((object) => [idOf(refOf(object)), object]))
  const byKind = Map.groupBy(byRef.values(), (object) => kindKeyOf(object))
  const served = new Set(options.serves ?? watchedKinds.map(({ key }) => key))
  return {
    mesh,
    object: (ref) => byRef.get(idOf(ref)),
    list: (kind, namespace) =>
      (byKind.get(kind) ?? [])
        .filter(({ metadata }) => namespace === undefined || (metadata.namespace ?? "") === namespace)
        .toSorted(byPlace),
    serves: (kind) => served.has(kind),
    callers: ({ namespace, name }) => options.callers?.[`${namespace}/${name}`],
  }
}
