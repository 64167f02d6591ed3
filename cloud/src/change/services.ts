import type { KubeObject } from "#shared/kube/object.ts"
import { kindKeyOf } from "#shared/kube/object.ts"
import { list, record, strings, text } from "#shared/topology/fact/read.ts"

/** `namespace/name` of a host as Istio's configuration names a service of Kubernetes; undefined for another host. */
function serviceOf(host: string, namespace: string): string | undefined {
  if (host === "" || host.includes("*")) return undefined
  const [name, of, svc] = host.split(".")
  if (of === undefined) return `${namespace}/${name ?? ""}`
  return svc === "svc" || host.split(".").length === 2 ? `${of}/${name ?? ""}` : undefined
}

function hostsOf(object: KubeObject): string[] {
  const spec = record(object["spec"])
  switch (kindKeyOf(object)) {
    case "VirtualService.networking.istio.io":
      return strings(spec["hosts"])
    case "DestinationRule.networking.istio.io":
      return [text(spec["host"])]
    default:
      return list(spec["parentRefs"])
        .map(record)
        .filter(({ kind }) => kind === "Service")
        .map(({ name, namespace }) => [text(name), text(namespace)].filter(Boolean).join("."))
  }
}

/** The services that objects are about, as `namespace/name`: what history is looked up by. */
export const servicesOf = (objects: readonly (KubeObject | null)[]): string[] => [
  ...new Set(
    objects.flatMap((object) =>
      object === null
        ? []
        : hostsOf(object).flatMap((host) => serviceOf(host, object.metadata.namespace ?? "") ?? []),
    ),
  ),
]
