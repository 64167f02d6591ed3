import type { ClusterInfo } from "#shared/api/cluster.ts"

/** A cluster by its id in an address, or by its name, which people type. */
export const clusterAt = (clusters: readonly ClusterInfo[], text: string): ClusterInfo | undefined =>
  clusters.find((cluster) => cluster.clusterId === text) ?? clusters.find((cluster) => cluster.name === text)
