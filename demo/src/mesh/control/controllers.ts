import type { KubeObject } from "#shared/kube/object.ts"
import { list, record, text } from "#shared/topology/fact/read.ts"
import { reconcileEndpoints } from "./endpoint-slices.ts"
import type { MetricsAddress } from "./pod.ts"
import { PodIndex } from "./pod-index.ts"
import type { ControlStore } from "./store.ts"
import { type Control, reconcileDeployment, reconcileReplicaSet, reconcileStatefulSet } from "./workloads.ts"

export type ControllerOptions = {
  store: ControlStore
  now: () => number
  metrics: MetricsAddress
  proxyImage: string
}

/** What makes the demo's objects live: pods follow their Deployments and StatefulSets, EndpointSlices follow pods, what is owned goes with its owner. */
export type Controllers = {
  /** Does all that is due; returns how many objects it looked at. */
  run(): number
  close(): void
}

const reconcilers: Record<string, (control: Control, object: KubeObject) => void> = {
  "Deployment.apps": reconcileDeployment,
  "ReplicaSet.apps": reconcileReplicaSet,
  "StatefulSet.apps": reconcileStatefulSet,
  Service: reconcileEndpoints,
}
const kinds = ["Namespace", "Pod", ...Object.keys(reconcilers)]

/** What a deleted owner leaves behind, by the owner's kind. */
const owned: Record<string, readonly string[]> = {
  "Deployment.apps": ["ReplicaSet.apps"],
  "ReplicaSet.apps": ["Pod"],
  "StatefulSet.apps": ["Pod"],
  Service: ["EndpointSlice.discovery.k8s.io"],
}

const rfc3339 = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z")

/** Rounds after which work that makes work is left to the next run, so that two writers who disagree do not hang the demo. */
const maxRounds = 50

export function startControllers({ store, now, metrics, proxyImage }: ControllerOptions): Controllers {
  const pods = new PodIndex()
  const due = new Map<string, Set<string>>(Object.keys(reconcilers).map((kind) => [kind, new Set()]))
  const namespaces = new Set<string>()
  const newNamespaces = new Set<string>()
  const orphaned: { kind: string; owner: KubeObject }[] = []

  const control: Control = {
    store,
    pods,
    context: (namespace) => ({
      time: rfc3339(now()),
      metrics,
      proxyImage,
      nodes: store.list("Node").map(({ metadata }) => metadata.name),
      namespaceLabels: store.get("Namespace", namespace)?.metadata.labels ?? {},
    }),
  }
  const enqueue = (kind: string, { metadata }: KubeObject): void => {
    due.get(kind)?.add(`${metadata.namespace ?? ""}/${metadata.name}`)
  }
  const enqueueOwner = (object: KubeObject): void => {
    for (const owner of list(object.metadata["ownerReferences"]).map(record))
      due.get(`${text(owner["kind"])}.apps`)?.add(`${object.metadata.namespace ?? ""}/${text(owner["name"])}`)
  }
  const podChanged = (pod: KubeObject, gone: boolean): void => {
    if (gone) pods.remove(pod)
    else pods.put(pod)
    enqueueOwner(pod)
    namespaces.add(pod.metadata.namespace ?? "")
  }
  const changed = (kind: string, object: KubeObject, gone: boolean): void => {
    if (kind === "Pod") podChanged(object, gone)
    else if (kind === "Namespace") newNamespaces.add(object.metadata.name)
    else if (gone) orphaned.push({ kind, owner: object })
    else enqueue(kind, object)
    if (kind === "ReplicaSet.apps" && gone) enqueueOwner(object)
  }

  const stop = store.subscribe(({ type, kind, object }) => {
    changed(kind, object, type === "DELETED")
  }, kinds)
  for (const kind of kinds) for (const object of store.list(kind)) changed(kind, object, false)

  const collectGarbage = (): void => {
    for (const { kind, owner } of orphaned.splice(0)) {
      const namespace = owner.metadata.namespace ?? ""
      for (const ownedKind of owned[kind] ?? [])
        for (const object of store.list(ownedKind, { namespace }))
          if (
            list(object.metadata["ownerReferences"]).some(
              (reference) => record(reference)["uid"] === owner.metadata.uid,
            )
          )
            store.remove(ownedKind, object.metadata.name, namespace)
      pods.forget(owner)
    }
  }
  /** Every namespace has an account that pods use when they name none. */
  const addAccounts = (): void => {
    for (const namespace of newNamespaces) {
      if (!store.get("Namespace", namespace) || store.get("ServiceAccount", "default", namespace)) continue
      store.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } })
    }
    newNamespaces.clear()
  }
  const runKind = (kind: string): number => {
    const keys = [...(due.get(kind) ?? [])]
    due.get(kind)?.clear()
    for (const key of keys) {
      const slash = key.indexOf("/")
      const object = store.get(kind, key.slice(slash + 1), key.slice(0, slash))
      if (object && object.metadata.deletionTimestamp === undefined) reconcilers[kind]?.(control, object)
    }
    return keys.length
  }
  const round = (): number => {
    const orphans = orphaned.length
    collectGarbage()
    addAccounts()
    const done = ["Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps"].reduce(
      (sum, kind) => sum + runKind(kind),
      0,
    )
    for (const namespace of namespaces)
      for (const service of store.list("Service", { namespace })) enqueue("Service", service)
    namespaces.clear()
    return orphans + done + runKind("Service")
  }

  return {
    run: () => {
      let looked = 0
      for (let i = 0; i < maxRounds; i++) {
        const done = round()
        looked += done
        if (done === 0) break
      }
      return looked
    },
    close: stop,
  }
}
