import type { ConsoleDown } from "#shared/protocol/console.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Cloud } from "../cloud.ts"
import { Watches } from "../store/watch.ts"
import { recheck } from "./rights.ts"

type Sent = Extract<ConsoleDown, { reset: boolean }>
type Content<T> = T extends Sent ? Omit<T, "id" | "seq" | "reset"> : never
/** The content of a patch: who it goes to and its number are added here. */
export type Patch = Content<Sent>

/** One packed tick may be larger than a frame, never larger than a message; the gateway cuts it. */
const maxTick = limits.messageBytes - 1024
const maxPieces = 4

/** Pieces of a list whose JSON fits a frame each. */
function pieces<T>(items: readonly T[], room: number): T[][] {
  const all: T[][] = []
  let piece: T[] = []
  let size = 0
  for (const item of items) {
    const cost = Buffer.byteLength(JSON.stringify(item)) + 1
    if (piece.length > 0 && size + cost > room) {
      all.push(piece)
      piece = []
      size = 0
    }
    piece.push(item)
    size += cost
  }
  return piece.length > 0 ? [...all, piece] : all
}

const fits = (patch: Patch, most: number): boolean => Buffer.byteLength(JSON.stringify(patch)) <= most

/** A patch as parts below a frame's size; undefined when it is too much, so that reading the view again is cheaper. */
export function cut(patch: Patch): Patch[] | undefined {
  const room = limits.cutBytes - 1024
  if (fits(patch, room)) return [patch]
  if (patch.type === "tick") return fits(patch, maxTick) ? [patch] : undefined
  if (patch.type === "reload") return [patch]
  const half = Math.floor(room / 2)
  const put = pieces<unknown>(patch.put, room)
  const remove = pieces<unknown>(patch.remove, half)
  const parts = [
    ...put.map((items) => ({ ...patch, put: items, remove: [] }) as Patch),
    ...remove.map((items) => ({ ...patch, put: [], remove: items }) as Patch),
  ]
  return parts.length <= maxPieces && parts.every((part) => fits(part, limits.cutBytes)) ? parts : undefined
}

/**
 * Sends a patch to one subscription, as its next number. A console that has not drawn the last ones gets nothing, and a `reload` once it
 * has; one whose rights are gone gets nothing more.
 */
export async function sendPatch(
  cloud: Cloud,
  organizationId: string,
  watch: Watches.Watch,
  patch: Patch,
): Promise<void> {
  if (!(await recheck(cloud, watch.connection))) return
  for (const part of cut(patch) ?? [{ type: "reload" } as const]) {
    const seq = await Watches.nextSeq(cloud, organizationId, watch)
    if (seq === undefined) return
    const message = { ...part, id: watch.id, seq, reset: false } as ConsoleDown
    if ((await cloud.sockets.send(watch.connection, JSON.stringify(message))) === "gone") {
      await Watches.remove(cloud, organizationId, watch.connection, watch.id)
      return
    }
  }
}
