import { createStore, type KubeStore } from "./store.ts"
import { Memory } from "./memory.ts"
import { Registry } from "./registry.ts"
import { Writer } from "./writer.ts"
import { bootstrap } from "./bootstrap.ts"

export type KubeApiOptions = {
  /** Milliseconds since 1970: creation times, leases, expiry of tokens. */
  now: () => number
  /** 0 <= n < 1: UIDs and generated names. Default Math.random. */
  random?: () => number
}

/** A Kubernetes API in memory, for one demo cluster. */
export type KubeApi = {
  store: KubeStore
  /** Serves the API over plain HTTP on 127.0.0.1; port 0 or none picks a free one. */
  listen(port?: number): Promise<{ url: string; close(): Promise<void> }>
  /** A kubeconfig (YAML) of the administrator for the served address. */
  kubeconfig(url: string): string
  /** Cuts every open watch with a TCP reset. */
  dropWatches(): void
  /** Makes every older resource version answer 410. */
  compact(): void
  /** A bearer token of an existing service account, valid for an hour. */
  createToken(serviceAccount: { namespace: string; name: string }): Promise<string>
}

export function createKubeApi({ now, random = Math.random }: KubeApiOptions): KubeApi {
  const memory = new Memory()
  const registry = new Registry(memory)
  const writer = new Writer(memory, registry, { now, random })
  const store = createStore(memory, registry, writer)
  bootstrap(store)
  return { store } as KubeApi
}
