import { parse } from "yaml"
import { type Json, record, text } from "#shared/topology/fact/read.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { type KubeApi, KubeError } from "./api.ts"
import type { Cache } from "./cache.ts"
import { EarlyRefusal } from "./early-refusal.ts"

const kind = "MeshConfig"
const namespace = "istio-system"
const name = "istio"

/** A ConfigMap is not watched for one document that hardly ever changes. */
const everyMs = 30_000

/** The document out of the ConfigMap. @throws Error when it is not YAML of an object */
function documentOf(configMap: Json): Json {
  const written: unknown = parse(text(record(configMap["data"])["mesh"]), { maxAliasCount: 50 })
  if (written !== null && (typeof written !== "object" || Array.isArray(written)))
    throw new Error(`data.mesh of ConfigMap ${namespace}/${name} is not an object`)
  return record(written)
}

/**
 * Keeps the mesh's own settings (MeshConfig) in the cache, as an object of a kind of their own. Without the ConfigMap Istio's defaults hold, and the
 * kind is live and empty.
 */
export function followMeshConfig(options: {
  api: KubeApi
  cache: Cache
  clock: Clock
  signal: AbortSignal
  log: Log
}): Promise<void> {
  const { api, cache, clock, signal, log } = options

  async function read(): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
    try {
      const configMap = record(await api.json({ path, signal }))
      cache.put(kind, {
        apiVersion: "v1",
        kind,
        metadata: { name, namespace },
        spec: documentOf(configMap),
      })
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error
      cache.clear(kind)
    }
    cache.setKnown(kind, true)
    cache.setState(kind, "live", "")
  }

  function blind(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    const denied =
      error instanceof KubeError && [401, 403].includes(error.status) && !(error instanceof EarlyRefusal)
    // What was never read is not stale.
    const state = denied ? "denied" : cache.isKnown(kind) ? "stale" : "syncing"
    if (cache.stateOf(kind) !== state) log.warn({ state, reason }, "the mesh's settings cannot be read")
    cache.setState(kind, state, reason)
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await read().catch((error: unknown) => {
        if (!signal.aborted) blind(error)
      })
      const again = cache.stateOf(kind) === "syncing" ? 1_000 : everyMs * (0.9 + 0.2 * clock.random())
      await clock.sleep(again, signal)
    }
  }
  return run()
}
