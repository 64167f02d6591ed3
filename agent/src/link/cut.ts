import { limits } from "#shared/protocol/limits.ts"
import type { Up } from "#shared/protocol/up.ts"
import { pack } from "./codec.ts"

/** JSON of one message; far below the 4 MB that the cloud inflates, whatever the ratio. */
const maxRaw = 768 * 1024
const minRaw = 16 * 1024
/** One frame, so that a message is one billed unit. */
const room = limits.cutBytes - 96

export type Cutter = {
  /** Takes as many of the items, from the front and at least one, as make a message of one frame, and packs it. */
  cut<T>(
    items: readonly T[],
    contentOf: (item: T) => unknown,
    messageOf: (items: readonly T[]) => Up,
  ): { frames: string[]; taken: readonly T[] }
}

/** Learns from each message how well its content packs, so that nearly every one is packed once. */
export function createCutter(): Cutter {
  let ratio = 0.25

  const take = <T>(items: readonly T[], contentOf: (item: T) => unknown, budget: number): number => {
    let raw = 0
    let count = 0
    for (const item of items) {
      raw += JSON.stringify(contentOf(item))?.length ?? 0
      if (raw > budget && count > 0) break
      count += 1
    }
    return count
  }

  return {
    cut(items, contentOf, messageOf) {
      let count = take(items, contentOf, Math.min(maxRaw, Math.max(minRaw, (room * 0.9) / ratio)))
      for (;;) {
        const taken = items.slice(0, count)
        const message = messageOf(taken)
        const frames = pack(message)
        const packed = frames.reduce((sum, frame) => sum + frame.length, 0)
        const raw = JSON.stringify(message).length
        if (raw > minRaw) ratio = packed / raw
        if (frames.length === 1 || count <= 1) return { frames, taken }
        count = Math.max(1, Math.min(count - 1, Math.floor((count * room * 0.85) / packed)))
      }
    },
  }
}
