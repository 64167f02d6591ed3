import type { ObjectInput } from "#demo/kube/store.ts"
import { podInstance } from "#shared/istio/instance.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { matchesLabels } from "#shared/kube/selector.ts"
import { list, record, stringMap, text } from "#shared/topology/fact/read.ts"
import { suffixOf } from "../seed.ts"
import type { Control } from "./workloads.ts"

const kind = "EndpointSlice.discovery.k8s.io"

const nameOf = (service: KubeObject): string =>
  `${service.metadata.name}-${suffixOf(`${service.metadata.namespace ?? ""}/${service.metadata.name}`, 5)}`

function endpointOf(pod: KubeObject): Record<string, unknown> {
  const { ready } = podInstance(pod)
  return {
    addresses: [text(record(pod["status"])["podIP"]) || "127.0.0.1"],
    conditions: { ready, serving: ready, terminating: pod.metadata.deletionTimestamp !== undefined },
    nodeName: text(record(pod["spec"])["nodeName"]),
    targetRef: {
      kind: "Pod",
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name,
      uid: pod.metadata.uid ?? "",
    },
  }
}

function portsOf(service: KubeObject, pod: KubeObject | undefined): Record<string, unknown>[] {
  return list(record(service["spec"])["ports"])
    .map(record)
    .map((port) => {
      const target = port["targetPort"] ?? port["port"]
      const number = typeof target === "string" ? pod && podInstance(pod).ports[target] : target
      return {
        name: text(port["name"]),
        port: number ?? port["port"],
        protocol: text(port["protocol"]) || "TCP",
        ...(typeof port["appProtocol"] === "string" ? { appProtocol: port["appProtocol"] } : {}),
      }
    })
}

/** Keeps the one EndpointSlice of a service in step with the pods that it selects. */
export function reconcileEndpoints({ store, pods }: Control, service: KubeObject): void {
  const namespace = service.metadata.namespace ?? ""
  const selector = stringMap(record(service["spec"])["selector"])
  if (Object.keys(selector).length === 0) return
  const selected = [...pods.in(namespace)].filter((pod) => matchesLabels(selector, pod.metadata.labels))
  const name = nameOf(service)
  const slice: ObjectInput = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace,
      labels: {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": service.metadata.name,
      },
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Service",
          name: service.metadata.name,
          uid: service.metadata.uid ?? "",
          controller: true,
        },
      ],
    },
    addressType: "IPv4",
    endpoints: selected.map(endpointOf),
    ports: portsOf(service, selected[0]),
  }
  const live = store.get(kind, name, namespace)
  if (!live) store.create(slice)
  else if (
    JSON.stringify([live["endpoints"], live["ports"]]) !==
    JSON.stringify([slice["endpoints"], slice["ports"]])
  )
    store.update({ ...slice, metadata: { ...(live.metadata as ObjectInput["metadata"]), ...slice.metadata } })
}
