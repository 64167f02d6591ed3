import type { ObjectInput } from "#demo/kube/store.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { list, number, record, stringMap } from "#shared/topology/fact/read.ts"
import { suffixOf } from "../seed.ts"
import { type PodContext, podOf } from "./pod.ts"
import type { PodIndex } from "./pod-index.ts"
import type { ControlStore } from "./store.ts"

export type Control = {
  store: ControlStore
  pods: PodIndex
  context(namespace: string): PodContext
}

const wanted = (object: KubeObject): number => {
  const { replicas } = record(object["spec"])
  return typeof replicas === "number" ? replicas : 1
}

/** Writes a status when it differs. */
function setStatus({ store }: Control, object: KubeObject, status: Record<string, unknown>): void {
  const next = { ...record(object["status"]), ...status }
  if (JSON.stringify(next) === JSON.stringify(object["status"])) return
  store.update({ ...object, status: next } as ObjectInput)
}

/** Makes or removes pods until there are as many as wanted; a pod that was deleted is replaced under another name. */
function scalePods(control: Control, owner: KubeObject, nameOf: (index: number) => string): number {
  const { store, pods } = control
  const namespace = owner.metadata.namespace ?? ""
  const own = pods.ownedBy(owner).map((pod) => pod.metadata.name)
  const count = wanted(owner)
  for (const name of own.slice(count)) store.remove("Pod", name, namespace)
  const taken = new Set(own)
  for (let index = 0, missing = count - own.length; missing > 0; index++) {
    const name = nameOf(index)
    if (taken.has(name) || store.get("Pod", name, namespace)) continue
    store.create(podOf(owner, name, control.context(namespace)))
    missing--
  }
  return count
}

const replicaStatus = (object: KubeObject, replicas: number): Record<string, unknown> => ({
  replicas,
  readyReplicas: replicas,
  availableReplicas: replicas,
  observedGeneration: number(object.metadata["generation"]) || 1,
})

function replicaSetOf(deployment: KubeObject, hash: string): ObjectInput {
  const { template, selector } = record(deployment["spec"])
  const { metadata } = record(template)
  const labels = { ...stringMap(record(metadata)["labels"]), "pod-template-hash": hash }
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          name: deployment.metadata.name,
          uid: deployment.metadata.uid ?? "",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas: wanted(deployment),
      selector: { matchLabels: { ...stringMap(record(selector)["matchLabels"]), "pod-template-hash": hash } },
      template: { ...record(template), metadata: { ...record(metadata), labels } },
    },
  }
}

const isOwnedBy = (object: KubeObject, owner: KubeObject): boolean =>
  list(object.metadata["ownerReferences"]).some(
    (reference) => record(reference)["uid"] === owner.metadata.uid,
  )

export function reconcileReplicaSet(control: Control, set: KubeObject): void {
  const { name } = set.metadata
  const generation = control.pods.generation(set)
  const replicas = scalePods(
    control,
    set,
    (index) => `${name}-${suffixOf(`${name}/${generation}/${index}`, 5)}`,
  )
  setStatus(control, set, { ...replicaStatus(set, replicas), fullyLabeledReplicas: replicas })
}

/** A changed template takes over at once: the demo has no surge, no probes and no waiting. */
export function reconcileDeployment(control: Control, deployment: KubeObject): void {
  const { store } = control
  const namespace = deployment.metadata.namespace ?? ""
  const hash = suffixOf(JSON.stringify(record(deployment["spec"])["template"]), 9)
  const name = `${deployment.metadata.name}-${hash}`
  const current = store.get("ReplicaSet.apps", name, namespace)
  if (!current) {
    for (const old of store.list("ReplicaSet.apps", { namespace }))
      if (isOwnedBy(old, deployment)) store.remove("ReplicaSet.apps", old.metadata.name, namespace)
    store.create(replicaSetOf(deployment, hash))
  } else if (wanted(current) !== wanted(deployment)) {
    store.update({
      ...current,
      spec: { ...record(current["spec"]), replicas: wanted(deployment) },
    } as ObjectInput)
  }
  const time = control.context(namespace).time
  const status = record(deployment["status"])
  const replicas = wanted(deployment)
  setStatus(control, deployment, {
    ...replicaStatus(deployment, replicas),
    updatedReplicas: replicas,
    conditions:
      status["conditions"] ??
      ["Available", "Progressing"].map((type) => ({
        type,
        status: "True",
        reason: type === "Available" ? "MinimumReplicasAvailable" : "NewReplicaSetAvailable",
        lastUpdateTime: time,
        lastTransitionTime: time,
      })),
  })
}

export function reconcileStatefulSet(control: Control, set: KubeObject): void {
  const replicas = scalePods(control, set, (index) => `${set.metadata.name}-${index}`)
  setStatus(control, set, {
    ...replicaStatus(set, replicas),
    currentReplicas: replicas,
    updatedReplicas: replicas,
  })
}
