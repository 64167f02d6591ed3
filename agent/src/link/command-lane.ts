import { AppError } from "#shared/error.ts"
import type { Observed, Result, Watched } from "#shared/protocol/message/act.ts"
import type { Up } from "#shared/protocol/up.ts"
import { pack } from "./codec.ts"
import type { Lane } from "./outgoing.ts"

/** A message of the lane before it has its place in a connection. */
export type Told = Omit<Result, "seq"> | Omit<Watched, "seq"> | Omit<Observed, "seq">

export type CommandLane = Lane & {
  /** `key` is unique: what waits under it already stays. `acked`: the cloud has stored it. */
  push(key: string, message: Told, acked?: () => void): void
  waiting(): number
}

type Entry = { message: Told; acked: (() => void) | undefined; sending: boolean }

/** Objects are the weight of an outcome; the cloud watches them anyhow. */
function lightened(message: Told): Told {
  const light = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(light)
    if (value === null || typeof value !== "object") return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        ["after", "live", "patch"].includes(key) ? null : light(inner),
      ]),
    )
  }
  return light(message) as Told
}

function framesOf(message: Told, seq: number): string[] {
  try {
    return pack({ ...message, seq } as Up)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "input.too_large") throw error
    return pack({ ...lightened(message), seq } as Up)
  }
}

/** Results, ends of guards and what came from outside: in order, never dropped, again in each connection until the cloud has stored them. */
export function createCommandLane(wake: () => void): CommandLane {
  const entries = new Map<string, Entry>()
  return {
    push(key, message, acked) {
      if (entries.has(key)) return
      entries.set(key, { message, acked, sending: false })
      wake()
    },
    next(seq) {
      for (const [key, entry] of entries) {
        if (entry.sending) continue
        const frames = framesOf(entry.message, seq)
        entry.sending = true
        return {
          type: entry.message.type,
          frames,
          acked: () => {
            if (entries.get(key) === entry) entries.delete(key)
            entry.acked?.()
          },
          lost: () => {
            entry.sending = false
          },
        }
      }
      return undefined
    },
    waiting: () => entries.size,
  }
}
