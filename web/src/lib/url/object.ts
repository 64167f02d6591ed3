const pages: Record<string, string> = { svc: "services", wl: "workloads" }

/** The page of a node of the graph, by its id (`svc/<cluster>/<namespace>/<name>`); undefined for what has none. */
export function pathOf(id: string): string | undefined {
  const [prefix = "", cluster, namespace, ...name] = id.split("/")
  const folder = pages[prefix]
  if (folder === undefined || !cluster || namespace === undefined || name.length === 0) return undefined
  return `/${[folder, cluster, namespace, name.join("/")].map(encodeURIComponent).join("/")}`
}
