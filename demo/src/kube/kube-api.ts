import { bootstrap } from "./bootstrap.ts"
import { Listing } from "./listing.ts"
import { Memory } from "./memory.ts"
import { Rbac } from "./rbac.ts"
import { Registry } from "./registry.ts"
import { tokenPath } from "./request.ts"
import { serve } from "./server.ts"
import { createStore, type KubeStore } from "./store.ts"
import { Tokens } from "./token.ts"
import { Watches } from "./watch.ts"
import { Writer } from "./writer.ts"

export type KubeApiOptions = {
  /** Milliseconds since 1970: creation times, leases, expiry of tokens. */
  now: () => number
  /** 0 <= n < 1: UIDs, generated names and tokens. Default Math.random. */
  random?: () => number
  /** UID of the namespace kube-system: the same cluster again after a restart. */
  clusterUid?: string
}

/** A Kubernetes API in memory, for one demo cluster. */
export type KubeApi = {
  store: KubeStore
  /** Serves the API over plain HTTP on 127.0.0.1; port 0 or none picks a free one. @throws Error when the port is taken */
  listen(port?: number): Promise<{ url: string; close(): Promise<void> }>
  /** A kubeconfig (YAML) of the administrator for the served address. */
  kubeconfig(url: string): string
  /** Bearer token of the administrator. */
  readonly adminToken: string
  /** Cuts every open watch with a TCP reset. */
  dropWatches(): void
  /** Makes every older resource version and open continue token answer 410. */
  compact(): void
  /** Tells every watch that takes bookmarks how far the world is; also done every 30 s while serving. */
  bookmark(): void
  /** A bearer token of a service account, valid for an hour. @throws StatusError 404 when the account is not there */
  createToken(serviceAccount: { namespace: string; name: string }): Promise<string>
}

const kubeconfigOf = (url: string, token: string): string => `apiVersion: v1
kind: Config
clusters:
  - name: demo
    cluster: { server: "${url}${tokenPath}${token}" }
users:
  - name: demo-admin
    user: { token: "${token}" }
contexts:
  - name: demo
    context: { cluster: demo, user: demo-admin }
current-context: demo
`

const hour = 3600

/** A new cluster with its first namespaces, roles and the definitions of the mesh's kinds. */
export function createKubeApi({ now, random = Math.random, clusterUid }: KubeApiOptions): KubeApi {
  const clock = { now, random, ...(clusterUid === undefined ? {} : { clusterUid }) }
  const memory = new Memory()
  const registry = new Registry(memory)
  const writer = new Writer(memory, registry, clock)
  const listing = new Listing(memory)
  const watches = new Watches(memory)
  const tokens = new Tokens(memory, clock)
  const store = createStore(memory, registry, writer)
  bootstrap(store)
  const parts = { registry, writer, listing, watches, rbac: new Rbac(memory), tokens, clock }
  return {
    store,
    adminToken: tokens.adminToken,
    listen: (port = 0) => serve(parts, port),
    kubeconfig: (url) => kubeconfigOf(url, tokens.adminToken),
    dropWatches: () => {
      watches.resetAll()
    },
    compact: () => {
      memory.compact()
      listing.compact()
    },
    bookmark: () => {
      watches.bookmarkAll()
    },
    createToken: async (account) => (await tokens.issue(account, [], hour)).token,
  }
}
