import { readFile } from "node:fs/promises"
import { policyPlace } from "#shared/act/policy.ts"
import { record } from "#shared/topology/fact/read.ts"
import { type KubeApi, KubeError } from "../cluster/api.ts"

/** Where the owner's policy is read. */
export type PolicySource = {
  /** For messages: `ConfigMap smm-system/smm-agent-policy`. */
  place: string
  /** How to get one where there is none. */
  how: string
  /** The text; null: there is none. @throws when that cannot be told */
  read(signal: AbortSignal): Promise<string | null>
}

const { configMap, key } = policyPlace
const example = "docs/security.md shows one"

/** The ConfigMap in the agent's own namespace, which the agent may get and not write. */
export const configMapPolicy = (api: KubeApi, namespace: string): PolicySource => ({
  place: `ConfigMap ${namespace}/${configMap}`,
  how: `writing is off: there is no policy. Its owner switches it on with a file ${key} (${example}): kubectl -n ${namespace} create configmap ${configMap} --from-file=${key}`,
  async read(signal) {
    try {
      const path = `/api/v1/namespaces/${namespace}/configmaps/${configMap}`
      const text = record(record(await api.json({ path, signal }))["data"])[key]
      return typeof text === "string" ? text : null
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return null
      throw error
    }
  },
})

/** A file beside an agent that has no namespace of its own. */
export const filePolicy = (path: string): PolicySource => ({
  place: `file ${path}`,
  how: `writing is off: there is no file ${path}, from which this agent (--policy) reads what it may write; ${example}`,
  async read() {
    try {
      return await readFile(path, "utf8")
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
      throw error
    }
  },
})

export const noPolicySource: PolicySource = {
  place: "nothing",
  how: `writing is off: this agent has neither a namespace with the ConfigMap ${configMap} (--namespace) nor a policy file (--policy FILE); ${example}`,
  read: () => Promise.resolve(null),
}

/** Where this agent reads its policy: the file, when one was given. */
export function policySource(given: {
  api: KubeApi
  namespace: string | null
  file: string | undefined
}): PolicySource {
  if (given.file !== undefined) return filePolicy(given.file)
  return given.namespace === null ? noPolicySource : configMapPolicy(given.api, given.namespace)
}
