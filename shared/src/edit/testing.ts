import { type MeshSettings, defaultSettings } from "../istio/mesh.ts"
import { MeshModel } from "../istio/model.ts"
import { watchedKinds } from "../kube/kinds.ts"
import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "../kube/object.ts"
import { byCodeUnit } from "../order.ts"
import type { Caller, World } from "./world.ts"

const keyOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

const byPlace = (a: KubeObject, b: KubeObject): number =>
  byCodeUnit(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
  byCodeUnit(a.metadata.name, b.metadata.name)

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
  const byRef = new Map(objects.map((object) => [keyOf(refOf(object)), object]))
  const byKind = Map.groupBy(byRef.values(), (object) => kindKeyOf(object))
  const served = new Set(options.serves ?? watchedKinds.map(({ key }) => key))
  return {
    mesh,
    object: (ref) => byRef.get(keyOf(ref)),
    list: (kind, namespace) =>
      (byKind.get(kind) ?? [])
        .filter(({ metadata }) => namespace === undefined || (metadata.namespace ?? "") === namespace)
        .toSorted(byPlace),
    serves: (kind) => served.has(kind),
    callers: ({ namespace, name }) => options.callers?.[`${namespace}/${name}`],
  }
}
