import type { KubeObject } from "../../../kube/object.ts"
import { record } from "../../../topology/fact/read.ts"
import { type Check, type Report, type View, check } from "../../check.ts"
import { at } from "../../path.ts"
import { labelsOf } from "./dataplane.ts"
import { kubernetesGateway, serviceEntry, templateKinds, waypointKinds, workloadEntry } from "./kinds.ts"
import { waypointNotAllowed, waypointNotFound, waypointTraffic } from "./rules.ts"
import { admits, isWaypoint, namedWaypoint, trafficOf, useWaypoint } from "./waypoint.ts"

type Labels = Readonly<Record<string, string>>
type Bearer = {
  labels: Labels
  /** Of the label. */
  path: string
  namespace: string
  /** Undefined where either will do: a namespace's waypoint may be for both. */
  traffic: "service" | "workload" | undefined
}

/** What is wrong with a waypoint that labels name. Silent without the label. */
function checkBinding(view: View, { labels, path, namespace, traffic }: Bearer, report: Report): void {
  const waypoint = namedWaypoint(labels, namespace)
  if (waypoint === undefined || waypoint === "none") return
  const gateway = view.get(kubernetesGateway, waypoint.namespace, waypoint.name)
  const name = `${waypoint.namespace}/${waypoint.name}`
  const references = [{ object: waypoint, path: "" }]
  if (gateway === undefined || !isWaypoint(gateway)) {
    report(waypointNotFound, {
      path,
      message:
        gateway === undefined
          ? `there is no waypoint ${name}`
          : `Gateway ${name} is no waypoint: it does not listen for HBONE`,
      ...(gateway === undefined ? {} : { references }),
    })
    return
  }
  if (!admits(view, gateway, namespace)) {
    report(waypointNotAllowed, {
      path,
      message: `waypoint ${name} does not take what is in ${namespace}`,
      references: [{ object: waypoint, path: "spec.listeners" }],
    })
    return
  }
  const takes = trafficOf(view, gateway)
  if (takes === "all" || takes === traffic || (traffic === undefined && takes !== "none")) return
  report(waypointTraffic, {
    path,
    message:
      takes === "none"
        ? `waypoint ${name} is for no traffic`
        : `waypoint ${name} is for what is sent to ${takes}s`,
    references: [{ object: waypoint, path: `metadata.labels["istio.io/waypoint-for"]` }],
  })
}

export const labelPath = at("metadata.labels", useWaypoint)
export const templatePath = at("spec.template.metadata.labels", useWaypoint)

const bearing = (
  kind: string,
  bearer: (object: KubeObject) => Omit<Bearer, "labels"> & { labels: Labels },
): Check =>
  check({
    name: `waypoint/${kind}`,
    subject: kind,
    reads: [...waypointKinds],
    needs: [kubernetesGateway],
    rules: [waypointNotFound, waypointNotAllowed, waypointTraffic],
    run: (object, view, report) => {
      const found = bearer(object)
      if (found.labels[useWaypoint] !== undefined) checkBinding(view, found, report)
    },
  })

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? ""

export const templateLabels = (object: KubeObject): Labels =>
  record(record(record(record(object["spec"])["template"])["metadata"])["labels"]) as Labels
export const templateAnnotations = (object: KubeObject): Labels =>
  record(record(record(record(object["spec"])["template"])["metadata"])["annotations"]) as Labels

export const isOwned = (object: KubeObject): boolean =>
  Array.isArray(object.metadata["ownerReferences"]) && object.metadata["ownerReferences"].length > 0

const own = (traffic: Bearer["traffic"]) => (object: KubeObject) => ({
  labels: labelsOf(object),
  path: labelPath,
  namespace: namespaceOf(object),
  traffic,
})

export const bindingChecks: readonly Check[] = [
  bearing("Namespace", (object) => ({
    labels: labelsOf(object),
    path: labelPath,
    namespace: object.metadata.name,
    traffic: undefined,
  })),
  bearing("Service", own("service")),
  bearing(serviceEntry, own("service")),
  bearing(workloadEntry, own("workload")),
  ...templateKinds.map((kind) =>
    bearing(kind, (object) => ({
      labels: templateLabels(object),
      path: templatePath,
      namespace: namespaceOf(object),
      traffic: "workload" as const,
    })),
  ),
]
