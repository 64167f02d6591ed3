import { topologyPath } from "../detail/topology-path.ts"

type Place = { cluster: string; kind: string; namespace: string; name: string }

const workloads = ["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"]

/** The graph with the object's node chosen, or with the namespace that it is in; undefined for what is in no namespace. */
export function topologyHref({ cluster, kind, namespace, name }: Place): string | undefined {
  if (kind === "Service") return topologyPath({ id: `svc/${cluster}/${namespace}/${name}` })
  if (workloads.includes(kind)) return topologyPath({ id: `wl/${cluster}/${namespace}/${name}` })
  return namespace === "" ? undefined : `/topology?ns=${encodeURIComponent(namespace)}`
}
