import { View } from "#shared/protocol/console.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Watches from "./watch.ts"

/** One subscription of one console. Patches count from 1; at most `window` are on the way, then `behind` is set. */
export type Watch = {
  connection: string
  id: string
  view: View
  seq: number
  acked: number
  behind: boolean
  /** Clusters the caller is limited to; null: all. */
  clusters: string[] | null
  /** Namespaces the caller sees; null: all. */
  sight: string[] | null
}

export const watchWindow = 8
/** A console pings every 30 s; what has not been renewed for three minutes belongs to nobody. */
const keptMs = 3 * 60_000

const toWatch = (item: Item): Watch => ({
  connection: String(item["connection"]),
  id: String(item["id"]),
  view: View.parse(item["view"]),
  seq: Number(item["seq"]),
  acked: Number(item["acked"]),
  behind: item["behind"] === true,
  clusters: (item["clusters"] as string[] | null | undefined) ?? null,
  sight: (item["sight"] as string[] | null | undefined) ?? null,
})
const exists = { expression: "attribute_exists(pk)" }
const ttlOf = (cloud: Cloud): number => secondsOf(cloud.now() + keptMs)

export async function create(cloud: Cloud, organizationId: string, watch: Watch): Promise<void> {
  const at = key.watch(organizationId, watch.connection, watch.id)
  await cloud.table.put({ ...at, ...watch, ttl: ttlOf(cloud) })
}

export const list = async (cloud: Cloud, organizationId: string): Promise<Watch[]> =>
  (await cloud.table.all(partition.watch(organizationId), { prefix: "watch#" })).map(toWatch)

export const ofConnection = async (
  cloud: Cloud,
  organizationId: string,
  connection: string,
): Promise<Watch[]> =>
  (await cloud.table.all(partition.watch(organizationId), { prefix: `watch#${connection}#` })).map(toWatch)

export const renew = async (cloud: Cloud, organizationId: string, watch: Watch): Promise<void> => {
  const at = key.watch(organizationId, watch.connection, watch.id)
  await cloud.table.update(at, { ttl: ttlOf(cloud) }, { condition: exists })
}

export const remove = async (
  cloud: Cloud,
  organizationId: string,
  connection: string,
  id: string,
): Promise<void> => {
  const at = key.watch(organizationId, connection, id)
  await cloud.table.remove(at.pk, at.sk)
}

/** Takes the number of the next patch; undefined when the console has not drawn the last ones, which marks it as behind. */
export async function nextSeq(
  cloud: Cloud,
  organizationId: string,
  watch: Watch,
): Promise<number | undefined> {
  const at = key.watch(organizationId, watch.connection, watch.id)
  const item = await cloud.table.update(
    at,
    {},
    {
      add: { seq: 1 },
      condition: {
        expression: "attribute_exists(pk) AND seq < :most",
        values: { most: watch.acked + watchWindow },
      },
    },
  )
  if (item) return Number(item["seq"])
  await cloud.table.update(at, { behind: true }, { condition: exists })
  return undefined
}

/** Notes what was drawn; answers the watch as it was. */
export async function acknowledge(
  cloud: Cloud,
  organizationId: string,
  connection: string,
  id: string,
  seq: number,
): Promise<Watch | undefined> {
  const at = key.watch(organizationId, connection, id)
  const item = await cloud.table.get(at.pk, at.sk)
  if (!item) return undefined
  const before = toWatch(item)
  if (seq > before.seq || seq <= before.acked) return before
  await cloud.table.update(at, { acked: seq, behind: false, ttl: ttlOf(cloud) }, { condition: exists })
  return before
}
