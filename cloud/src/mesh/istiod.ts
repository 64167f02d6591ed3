import type { KubeObject } from "#shared/kube/object.ts"
import { list, record, text } from "#shared/topology/fact/read.ts"
import type { Cloud } from "../cloud.ts"
import { Inventory } from "../store/inventory.ts"

export type Istiod = { name: string; version: string; clusterId: string | null }

const istiodOf = (deployment: KubeObject): Istiod[] => {
  if (deployment.metadata.labels?.["app"] !== "istiod") return []
  const containers = list(record(record(record(deployment["spec"])["template"])["spec"])["containers"]).map(
    record,
  )
  const discovery = containers.find(({ name }) => name === "discovery") ?? containers[0]
  const image = text(discovery?.["image"])
  const env = list(discovery?.["env"]).map(record)
  return [
    {
      name: deployment.metadata.name,
      version: image.includes(":") ? image.slice(image.lastIndexOf(":") + 1) : "",
      clusterId: text(env.find(({ name }) => name === "CLUSTER_ID")?.["value"]) || null,
    },
  ]
}

/** The control planes found among the deployments of the root namespace. */
export const istiods = async (cloud: Cloud, owner: Inventory.Owner): Promise<Istiod[]> =>
  (await Inventory.all(cloud, owner, "Deployment.apps", "istio-system")).flatMap(istiodOf)
