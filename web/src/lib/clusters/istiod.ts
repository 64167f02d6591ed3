import type { InventoryItem } from "#shared/api/inventory.ts"

export type ControlPlane = { revision: string; version: string; ready: number; total: number }

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function versionOf(pod: InventoryItem["object"]): string {
  const labelled = pod.metadata.labels?.["app.kubernetes.io/version"] ?? pod.metadata.labels?.["version"]
  if (labelled) return labelled
  const image = record(list(record(pod["spec"])["containers"])[0])["image"]
  return typeof image === "string" && image.includes(":") ? image.slice(image.lastIndexOf(":") + 1) : "-"
}

const isReady = (pod: InventoryItem["object"]): boolean =>
  list(record(pod["status"])["conditions"]).some(
    (condition) => record(condition)["type"] === "Ready" && record(condition)["status"] === "True",
  )

/** Control planes of a cluster from the pods labelled `app=istiod`: one a revision and version. */
export function controlPlanes(pods: readonly InventoryItem[]): ControlPlane[] {
  const planes = new Map<string, ControlPlane>()
  for (const { object } of pods) {
    const revision = object.metadata.labels?.["istio.io/rev"] ?? "default"
    const version = versionOf(object)
    const plane = planes.get(`${revision}|${version}`) ?? { revision, version, ready: 0, total: 0 }
    planes.set(`${revision}|${version}`, {
      ...plane,
      ready: plane.ready + (isReady(object) ? 1 : 0),
      total: plane.total + 1,
    })
  }
  return [...planes.values()].sort((a, b) => (a.revision + a.version < b.revision + b.version ? -1 : 1))
}
