/** The topology with this node selected, in its view; an idle one is hidden there unless idle ones are shown. */
export function topologyPath({ id, health }: { id: string; health?: { state: string } }): string {
  const view = id.startsWith("wl/") ? "view=workload&" : ""
  const idle = health?.state === "idle" ? "idle=shown&" : ""
  return `/topology?${view}${idle}select=${encodeURIComponent(id)}`
}

/** The topology of one cluster. */
export const topologyOf = (clusterName: string): string => `/topology?c=${encodeURIComponent(clusterName)}`
