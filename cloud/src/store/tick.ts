import { gunzipSync, gzipSync } from "node:zlib"
import { limits } from "#shared/protocol/limits.ts"
import { PackedTick } from "#shared/telemetry/tick.ts"
import type { StoredTick } from "#shared/topology/series.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import type { Owner } from "./inventory.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Ticks from "./tick.ts"

/** History is kept for a week; one compressed item a minute. */
export const tickKeptMs = 7 * 24 * 60 * 60_000

export const toTick = (item: Item): StoredTick => ({
  tick: PackedTick.parse(
    JSON.parse(
      gunzipSync(item["z"] as Uint8Array, { maxOutputLength: limits.maxInflatedBytes }).toString("utf8"),
    ),
  ),
  late: item["late"] === true,
})

/** A tick of a minute that has a newer one already is not taken: back-fill never covers what was measured live. */
export async function put(cloud: Cloud, owner: Owner, { tick, late }: StoredTick): Promise<void> {
  await cloud.table.put(
    {
      ...key.tick(owner.organizationId, owner.clusterId, tick.at),
      at: tick.at,
      z: gzipSync(JSON.stringify(tick)),
      ...(late ? { late } : {}),
      ttl: secondsOf(tick.at + tickKeptMs),
    },
    {
      expression: "attribute_not_exists(#at) OR #at <= :at",
      values: { at: tick.at },
      names: { "#at": "at" },
    },
  )
}

export const timeOf = (item: Item): number => Number(item["at"])

/** The item of the newest tick, still packed. */
export async function newestItem(cloud: Cloud, owner: Owner): Promise<Item | undefined> {
  const own = partition.cluster(owner.organizationId, owner.clusterId)
  const { items } = await cloud.table.page(own, { prefix: "tick#", reverse: true, limit: 1 })
  return items[0]
}

export async function newest(cloud: Cloud, owner: Owner): Promise<PackedTick | undefined> {
  const item = await newestItem(cloud, owner)
  return item && toTick(item).tick
}

/** Oldest first. */
export async function range(cloud: Cloud, owner: Owner, from: number, to: number): Promise<StoredTick[]> {
  const items = await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), {
    from: key.tick(owner.organizationId, owner.clusterId, from).sk,
    to: key.tick(owner.organizationId, owner.clusterId, to).sk,
  })
  return items.map(toTick)
}
