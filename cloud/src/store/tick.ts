import { gunzipSync, gzipSync } from "node:zlib"
import { limits } from "#shared/protocol/limits.ts"
import { PackedTick } from "#shared/telemetry/tick.ts"
import type { StoredTick } from "#shared/topology/series.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import { each } from "./each.ts"
import { key, partition } from "./key.ts"
import type { Owner } from "./owner.ts"
import { type Item, mostItemBytes } from "./table.ts"

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

/**
 * A tick of a minute that has a newer one already is not taken: back-fill never covers what was measured live. False for one that no item
 * can hold.
 */
export async function put(cloud: Cloud, owner: Owner, { tick, late }: StoredTick): Promise<boolean> {
  const z = gzipSync(JSON.stringify(tick))
  if (z.byteLength > mostItemBytes) return false
  await cloud.table.put(
    {
      ...key.tick(owner.organizationId, owner.clusterId, tick.at),
      at: tick.at,
      z,
      ...(late ? { late } : {}),
      ttl: secondsOf(tick.at + tickKeptMs),
    },
    {
      expression: "attribute_not_exists(#at) OR #at <= :at",
      values: { at: tick.at },
      names: { "#at": "at" },
    },
  )
  return true
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

const minuteMs = 60_000

/**
 * For a history of `stepMs` a point: every tick or, where that would be more than `mostBytes` to unpack, as many of each step as fit, one at
 * least. Oldest first.
 */
export async function sampled(
  cloud: Cloud,
  owner: Owner,
  { from, to, stepMs }: { from: number; to: number; stepMs: number },
  mostBytes: number,
): Promise<StoredTick[]> {
  const last = await newestItem(cloud, owner)
  const bytes = last ? (last["z"] as Uint8Array).byteLength : 1
  const most = Math.floor(mostBytes / Math.max(512, bytes))
  const first = Math.floor(from / stepMs) * stepMs
  const steps = Math.floor((to - first) / stepMs) + 1
  const parts = Math.max(1, Math.floor(most / steps))
  if ((to - from) / minuteMs <= most || stepMs / parts <= minuteMs) return range(cloud, owner, from, to)
  const begins = Array.from({ length: steps * parts }, (_, i) => first + (i * stepMs) / parts)
  const found: Item[] = []
  await each(begins, async (begin) => {
    const own = partition.cluster(owner.organizationId, owner.clusterId)
    const at = (time: number): string => key.tick(owner.organizationId, owner.clusterId, time).sk
    // A tick has the key of its minute: the first whole minute is the first that is surely within.
    const bounds = {
      from: at(Math.max(from, Math.ceil(begin / minuteMs) * minuteMs)),
      to: at(Math.min(to, begin + stepMs / parts - 1)),
    }
    if (bounds.from <= bounds.to) found.push(...(await cloud.table.page(own, { ...bounds, limit: 1 })).items)
  })
  return found.sort((a, b) => timeOf(a) - timeOf(b)).map(toTick)
}
