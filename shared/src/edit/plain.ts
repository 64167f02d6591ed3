import { type KubeObject, serverMetadata } from "../kube/object.ts"

/** kubectl's copy of what was applied last; made anew by every apply. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

const without = <T>(record: Readonly<Record<string, T>>, drop: (key: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !drop(key)))

/** An object as a person would commit it: without status and what Kubernetes itself writes, in the usual order. */
export function plainObject(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object
  const { name, namespace, annotations, ...others } = metadata
  const own = annotations && without(annotations, (key) => key === lastApplied)
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...without(others, (key) => serverMetadata.has(key)),
      ...(own && Object.keys(own).length > 0 ? { annotations: own } : {}),
    },
    ...without(rest, (key) => key === "status"),
  }
}
