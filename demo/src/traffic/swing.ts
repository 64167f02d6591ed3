/** Periods of the swing that everybody shares, and of each edge's own, in milliseconds per radian. */
const shared = { part: 0.85, ms: 95_000 }
const own = { part: 0.15, ms: 11_000 }

/** Where an edge stands in its own swing, 0..2 pi. */
export function phaseOf(edge: string): number {
  let phase = 0
  for (let i = 0; i < edge.length; i++) phase = (phase * 31 + edge.charCodeAt(i)) % 6_283
  return phase / 1_000
}

/** Integral of part * sin(t / ms + phase) from 0, in milliseconds. */
const integral = ({ part, ms }: typeof own, at: number, phase: number): number =>
  -part * ms * Math.cos(at / ms + phase)

/**
 * How many seconds of mean load passed between two times (ms). The load swings around its mean, nearly the same everywhere, so that what
 * goes into a service and what it calls keep their proportion; never below zero for an amplitude up to 1.
 */
export function loadSeconds(from: number, to: number, phase: number, amplitude: number): number {
  const swing =
    integral(shared, to, 0) -
    integral(shared, from, 0) +
    integral(own, to, phase) -
    integral(own, from, phase)
  return (to - from + amplitude * swing) / 1_000
}
