import { type KubeObject, groupOf, kindKeyOf } from "../kube/object.ts"
import { type Json, list, record, stringMap, text } from "../topology/fact/read.ts"

/** Kinds that make pods of `spec.template`; CronJob has it in its job's. */
const workloads = new Set([
  "Deployment.apps",
  "StatefulSet.apps",
  "DaemonSet.apps",
  "ReplicaSet.apps",
  "ReplicationController",
  "Job.batch",
  "CronJob.batch",
  "Rollout.argoproj.io",
])

const templateOf = (object: KubeObject): Json => {
  const spec = record(object["spec"])
  const inner = object.kind === "CronJob" ? record(record(spec["jobTemplate"])["spec"]) : spec
  return record(inner["template"])
}

const injectLabel = "sidecar.istio.io/inject"

/** Whether a sidecar would be put into the pod. A namespace that is not among the files is taken for one that asks for it. */
function isInjected(metadata: Json, spec: Json, namespace: KubeObject | undefined): boolean {
  const wish = stringMap(metadata["labels"])[injectLabel] ?? stringMap(metadata["annotations"])[injectLabel]
  if (wish === "false" || spec["hostNetwork"] === true) return false
  if (wish === "true" || namespace === undefined) return true
  const labels = namespace.metadata.labels ?? {}
  return labels["istio-injection"] === "enabled" || typeof labels["istio.io/rev"] === "string"
}

const proxy = { name: "istio-proxy", image: "auto" }

function podOf(workload: KubeObject, namespaces: ReadonlyMap<string, KubeObject>): KubeObject {
  const template = templateOf(workload)
  const metadata = record(template["metadata"])
  const spec = record(template["spec"])
  const { namespace } = workload.metadata
  const containers = list(spec["containers"])
  const hasProxy = containers.some((container) => text(record(container)["name"]) === proxy.name)
  const injected = !hasProxy && isInjected(metadata, spec, namespaces.get(namespace ?? ""))
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: workload.metadata.name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: stringMap(metadata["labels"]),
      annotations: stringMap(metadata["annotations"]),
      ownerReferences: [
        {
          apiVersion: workload.apiVersion,
          kind: workload.kind,
          name: workload.metadata.name,
          controller: true,
        },
      ],
    },
    spec: injected ? { ...spec, containers: [...containers, proxy] } : spec,
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  }
}

/**
 * One pod for each workload, as its template describes it, in the namespaces that have no pods of their own: files that go into a cluster say so what
 * will run there. They stand for something that is not there yet, so nobody wants findings about them.
 */
export function podsOfTemplates(objects: readonly KubeObject[]): KubeObject[] {
  const inhabited = new Set<string>()
  const namespaces = new Map<string, KubeObject>()
  for (const object of objects)
    if (groupOf(object.apiVersion) !== "") continue
    else if (object.kind === "Pod") inhabited.add(object.metadata.namespace ?? "")
    else if (object.kind === "Namespace") namespaces.set(object.metadata.name, object)
  return objects
    .filter((object) => !inhabited.has(object.metadata.namespace ?? "") && workloads.has(kindKeyOf(object)))
    .map((object) => podOf(object, namespaces))
}
