import type { MeshRow } from "#shared/api/mesh.ts"
import type { Column } from "../table/column.ts"
import { sortValue } from "./mesh-fields.ts"

const column = (key: string, head: string, more: Partial<Column<MeshRow>> = {}): Column<MeshRow> => ({
  key,
  head,
  sort: sortValue(key),
  ...more,
})
const numeric = { numeric: true }

const signals: readonly Column<MeshRow>[] = [
  column("protocol", "Proto", { width: 60 }),
  column("rps", "Rate, rps", { width: 164, ...numeric }),
  column("errors", "Errors %", { width: 74, ...numeric }),
  column("p50", "p50 ms", { width: 66, wide: true, ...numeric }),
  column("p95", "p95 ms", { width: 72, ...numeric }),
  column("p99", "p99 ms", { width: 72, wide: true, ...numeric }),
  column("mtls", "mTLS %", { width: 72, ...numeric }),
  column("pods", "Pods", { width: 62, ...numeric }),
  column("findings", "Findings", { width: 76, ...numeric }),
]

export const serviceColumns: readonly Column<MeshRow>[] = [
  column("name", "Service", { width: 202 }),
  column("namespace", "Namespace", { width: 110 }),
  column("cluster", "Cluster", { width: 96 }),
  ...signals,
  column("version", "Versions", { wide: true }),
]

export const workloadColumns: readonly Column<MeshRow>[] = [
  column("name", "Workload", { width: 202 }),
  column("kind", "Kind", { width: 100, wide: true }),
  column("namespace", "Namespace", { width: 110 }),
  column("cluster", "Cluster", { width: 96 }),
  ...signals,
  column("mesh", "In mesh", { wide: true }),
]
