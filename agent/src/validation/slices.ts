import { setImmediate as turn } from "node:timers/promises"
import type { Clock } from "../clock.ts"

/** Asked after each piece of work: whether somebody else should have a turn. */
export type IsEnough = () => boolean

/** After so long the link, the watches and the probes get a turn. */
const sliceMs = 10

/** Calls `work` until it says that it is done, in slices between which others run. */
export async function inSlices(
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  work: (isEnough: IsEnough) => boolean,
): Promise<void> {
  while (!signal.aborted) {
    const begun = clock.now()
    if (work(() => clock.now() - begun >= sliceMs)) return
    await turn()
  }
}
