/** The topology with this node selected, in its view. */
export const topologyPath = (id: string): string =>
  `/topology?${id.startsWith("wl/") ? "view=workload&" : ""}select=${encodeURIComponent(id)}`

/** The topology of one cluster. */
export const topologyOf = (clusterName: string): string => `/topology?c=${encodeURIComponent(clusterName)}`
