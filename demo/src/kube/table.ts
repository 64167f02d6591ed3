import type { KubeObject } from "#shared/kube/object.ts"
import { at, isFields, listOf } from "./json.ts"
import type { Resource } from "./resource.ts"

export type ColumnDefinition = {
  name: string
  type: string
  format: string
  description: string
  priority: number
}

export type Row = { cells: unknown[]; object: unknown }

/** A cell from the object; `now` in milliseconds, for ages. */
type Cell = (object: KubeObject, now: number) => unknown
type Column = { name: string; type?: string; cell: Cell; priority?: number }

/** An age as kubectl writes it: 12s, 5m, 3h, 2d. */
export function age(since: unknown, now: number): string {
  const start = Date.parse(String(since))
  if (Number.isNaN(start)) return "<unknown>"
  const seconds = Math.max(0, Math.floor((now - start) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60 === 0 ? "" : `${seconds % 60}s`}`
  if (seconds < 3 * 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86400)}d`
}

const nameColumn: Column = { name: "Name", cell: ({ metadata }) => metadata.name }
const ageColumn: Column = { name: "Age", cell: ({ metadata }, now) => age(metadata.creationTimestamp, now) }

const field =
  (...path: string[]): Cell =>
  (object) =>
    at(object, ...path) ?? "<none>"

const count = (object: KubeObject, ...path: string[]): number => Number(at(object, ...path) ?? 0)

const readyContainers: Cell = (pod) => {
  const statuses = listOf(at(pod, "status", "containerStatuses"))
  const ready = statuses.filter((status) => at(status, "ready") === true).length
  return `${ready}/${listOf(at(pod, "spec", "containers")).length}`
}

const restarts: Cell = (pod) =>
  listOf(at(pod, "status", "containerStatuses")).reduce<number>(
    (sum, status) => sum + Number(at(status, "restartCount") ?? 0),
    0,
  )

const servicePorts: Cell = (service) =>
  listOf(at(service, "spec", "ports"))
    .map((port) => `${String(at(port, "port"))}/${String(at(port, "protocol") ?? "TCP")}`)
    .join(",") || "<none>"

const readyReplicas: Cell = (workload) =>
  `${count(workload, "status", "readyReplicas")}/${count(workload, "spec", "replicas")}`

const builtin: Record<string, Column[]> = {
  Namespace: [{ name: "Status", cell: field("status", "phase") }],
  Pod: [
    { name: "Ready", cell: readyContainers },
    { name: "Status", cell: field("status", "phase") },
    { name: "Restarts", cell: restarts },
  ],
  Service: [
    { name: "Type", cell: field("spec", "type") },
    { name: "Cluster-IP", cell: field("spec", "clusterIP") },
    { name: "Port(s)", cell: servicePorts },
  ],
  "Deployment.apps": [
    { name: "Ready", cell: readyReplicas },
    { name: "Up-to-date", cell: (object) => count(object, "status", "updatedReplicas") },
    { name: "Available", cell: (object) => count(object, "status", "availableReplicas") },
  ],
  "StatefulSet.apps": [{ name: "Ready", cell: readyReplicas }],
  "DaemonSet.apps": [
    { name: "Desired", cell: (object) => count(object, "status", "desiredNumberScheduled") },
    { name: "Ready", cell: (object) => count(object, "status", "numberReady") },
  ],
}

/** The simple JSON paths of printer columns: dots and `[index]`. */
function byJsonPath(object: unknown, path: string): unknown {
  const value = path
    .split(/[.[\]]/)
    .filter((part) => part !== "")
    .reduce<unknown>((inner, part) => (Array.isArray(inner) ? inner[Number(part)] : at(inner, part)), object)
  return isFields(value) || Array.isArray(value) ? JSON.stringify(value) : value
}

function columnsOf(resource: Resource, version: string): Column[] {
  const custom = resource.custom?.get(version)
  if (!custom) return [nameColumn, ...(builtin[resource.key] ?? []), ageColumn]
  const given = custom.columns.map(({ name, type, jsonPath, priority }): Column => ({
    name,
    type: type === "date" ? "string" : type,
    priority,
    cell: (object, now) => {
      const value = byJsonPath(object, jsonPath)
      return type === "date" && value !== undefined ? age(value, now) : (value ?? "")
    },
  }))
  return [nameColumn, ...(given.length > 0 ? given : [ageColumn])]
}

/** The columns of `kubectl get` for a resource, and how an object becomes a row. */
export function tableOf(
  resource: Resource,
  version: string,
  now: number,
): { columns: ColumnDefinition[]; row(object: KubeObject): Row } {
  const columns = columnsOf(resource, version)
  return {
    columns: columns.map(({ name, type = "string", priority = 0 }) => ({
      name,
      type,
      format: name === "Name" ? "name" : "",
      description: name,
      priority,
    })),
    row: (object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
    }),
  }
}
