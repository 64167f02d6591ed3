import type { ClusterInfo } from "#shared/api/cluster.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import { AppError } from "#shared/error.ts"
import { UsageError } from "./exit.ts"
import type { Io } from "./io.ts"
import type { Format } from "./output.ts"

/** Flags that every command takes. */
export type GlobalFlags = { output: Format; org?: string; server?: string; token?: string }

/** A signed-in command: who asks whom. */
export type Context = { io: Io; flags: GlobalFlags; server: string; client: Client }

/** `http(s)://host[:port]` without a path. @throws UsageError */
export function serverAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username !== "")
    throw new UsageError(`server "${text}" is not an address; write https://mesh.example`)
  return url.origin
}

/** A token as it was pasted, without the line break behind it. Undefined for none. @throws UsageError for what no request can carry */
export function tokenText(text: string | undefined): string | undefined {
  const token = text?.trim()
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new UsageError("the token has characters that no token has; copy it again: smm_ and 43 characters")
  return token === "" ? undefined : token
}

const idOrUndefined = (org: string | undefined): string | undefined =>
  org?.startsWith("org_") === true ? org : undefined

/** Flags win over the environment, and that over the stored sign-in. The stored token goes only to the server it was stored for. */
export async function openContext(io: Io, flags: GlobalFlags): Promise<Context> {
  const stored = io.config.read()
  const named = flags.server ?? io.env["SMM_SERVER"]
  const server = named ?? stored.server
  if (!server)
    throw new AppError("auth.required", "no server; run smm login, or set SMM_SERVER and SMM_TOKEN")
  const address = serverAddress(server)
  const own = stored.server === address ? stored : {}
  const token = tokenText(flags.token ?? io.env["SMM_TOKEN"] ?? own.token)
  if (!token) throw new AppError("auth.required", `no token for ${address}; run smm login, or set SMM_TOKEN`)
  const base = { server: address, fetch: io.fetch, token }
  const wanted = flags.org ?? own.organizationId
  const organizationId =
    wanted === undefined ? undefined : (idOrUndefined(wanted) ?? (await idOfName(base, wanted)))
  const client = createClient({ ...base, ...(organizationId === undefined ? {} : { organizationId }) })
  return { io, flags, server: address, client }
}

async function idOfName(base: Parameters<typeof createClient>[0], name: string): Promise<string> {
  const { organizations } = await createClient(base).call("getSession")
  const found = organizations.find((organization) => organization.name === name)
  if (found) return found.organizationId
  const names = organizations.map((organization) => organization.name).join(", ")
  throw new AppError("organization.not_found", `no organization "${name}" among yours: ${names}`)
}

/** The cluster of a name or id. @throws AppError cluster.not_found */
export async function clusterNamed(client: Client, name: string): Promise<ClusterInfo> {
  const { items } = await client.call("listClusters")
  const found = items.find((cluster) => cluster.name === name || cluster.clusterId === name)
  if (found) return found
  const names = items.map((cluster) => cluster.name).join(", ") || "none"
  throw new AppError("cluster.not_found", `no cluster "${name}"; there are: ${names}`)
}

/** Ids of the named clusters, for a query; undefined when none was named. */
export async function clusterIds(client: Client, names: readonly string[]): Promise<string[] | undefined> {
  if (names.length === 0) return undefined
  return Promise.all(names.map(async (name) => (await clusterNamed(client, name)).clusterId))
}
