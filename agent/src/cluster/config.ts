import { KubeConfig } from "@kubernetes/client-node"
import { readFileSync } from "node:fs"

const accountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

/** How to reach the API server, and the namespace with the agent's own Secret and Lease; null where it has none. */
export type Placement = { config: KubeConfig; namespace: string | null }

/**
 * From a kubeconfig file or, without one, from the service account that the pod runs under.
 * @throws Error with one line that says what is wrong with the file or the context
 */
export function loadPlacement(options: {
  kubeconfig?: string
  context?: string
  namespace?: string
}): Placement {
  const config = new KubeConfig()
  const { namespace = null } = options
  if (options.kubeconfig === undefined) {
    config.loadFromCluster()
    return { config, namespace: namespace ?? readFileSync(accountNamespace, "utf8").trim() }
  }
  try {
    config.loadFromFile(options.kubeconfig)
  } catch (cause) {
    throw new Error(
      `cannot read the kubeconfig ${options.kubeconfig}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  if (options.context !== undefined) {
    if (!config.getContextObject(options.context))
      throw new Error(
        `${options.kubeconfig} has no context "${options.context}"; it has ${config
          .getContexts()
          .map(({ name }) => name)
          .join(", ")}`,
      )
    config.setCurrentContext(options.context)
  }
  if (!config.getCurrentCluster())
    throw new Error(`${options.kubeconfig} has no current context; choose one with --context`)
  return { config, namespace }
}
