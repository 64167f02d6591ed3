import type { MeshRow } from "#shared/api/mesh.ts"
import type { Field } from "../table/filter.ts"
import type { SortValue } from "../table/order.ts"

const percent = (ratio: number | null): number | null => (ratio === null ? null : ratio * 100)
const bytesOf = (row: MeshRow): number =>
  row.signals.bytesPerSecond.sent + row.signals.bytesPerSecond.received

/** The numbers of a row in the units of the table's heads: rps, %, ms, B/s. null: nothing to measure. */
export const numbers = {
  rps: (row: MeshRow) => row.signals.requestsPerSecond,
  errors: (row: MeshRow) => percent(row.signals.errorRatio),
  p50: (row: MeshRow) => row.signals.latencyMs?.p50 ?? null,
  p95: (row: MeshRow) => row.signals.latencyMs?.p95 ?? null,
  p99: (row: MeshRow) => row.signals.latencyMs?.p99 ?? null,
  mtls: (row: MeshRow) => percent(row.signals.mtlsRatio),
  bytes: bytesOf,
  pods: (row: MeshRow) => row.pods?.total ?? null,
  ready: (row: MeshRow) => row.pods?.ready ?? null,
  score: (row: MeshRow) => row.health.score,
} satisfies Record<string, (row: MeshRow) => number | null>
export type NumberName = keyof typeof numbers

const units: Record<NumberName, string> = {
  rps: "rps",
  errors: "%",
  p50: "ms",
  p95: "ms",
  p99: "ms",
  mtls: "%",
  bytes: "B/s",
  pods: "",
  ready: "",
  score: "",
}

const yesNo = ["yes", "no"] as const
const said = (value: boolean | null): string[] => (value === null ? [] : [value ? "yes" : "no"])

/** What a filter may ask of Services and Workloads. */
export const meshFields: readonly Field<MeshRow>[] = [
  ...(Object.keys(numbers) as NumberName[]).map((name): Field<MeshRow> => ({
    name,
    type: "number",
    unit: units[name],
    read: numbers[name],
  })),
  { name: "name", type: "text", read: (row) => [row.name] },
  { name: "namespace", type: "text", read: (row) => [row.namespace] },
  { name: "cluster", type: "text", read: (row) => [row.clusterName] },
  { name: "kind", type: "text", read: (row) => [row.kind] },
  { name: "protocol", type: "text", values: ["http", "grpc", "tcp"], read: (row) => row.protocols },
  {
    name: "health",
    type: "text",
    values: ["ok", "watch", "degraded", "failing", "idle", "unknown"],
    read: (row) => [row.health.state],
  },
  { name: "version", type: "text", read: (row) => row.versions },
  { name: "mesh", type: "text", values: yesNo, read: (row) => said(row.inMesh) },
  { name: "stale", type: "text", values: yesNo, read: (row) => said(row.stale) },
]

/** What free text is looked for in. */
export const meshText = (row: MeshRow): string =>
  `${row.name} ${row.namespace} ${row.clusterName} ${row.kind} ${row.name}.${row.namespace}.svc.cluster.local`.toLowerCase()

/** The value a column is sorted by. */
export function sortValue(column: string): (row: MeshRow) => SortValue {
  if (column in numbers) return numbers[column as NumberName]
  const field = meshFields.find((candidate) => candidate.name === column)
  return field?.type === "text" ? (row) => field.read(row).join(",") || null : (row) => row.name
}

/** Values seen in the rows, for the completion. */
export function valuesIn(rows: readonly MeshRow[], name: string): string[] {
  const field = meshFields.find((candidate) => candidate.name === name)
  if (field?.type !== "text") return []
  return field.values ? [...field.values] : [...new Set(rows.flatMap((row) => field.read(row)))].sort()
}
