import type { Point } from "./layered.ts"
import type { Pins } from "./arrange.ts"

/** Boxes remembered of one way of looking: more than any cluster has namespaces. */
const mostBoxes = 2_000

export function encodePins(pins: Pins): string {
  return JSON.stringify(
    [...pins]
      .slice(-mostBoxes)
      .map(([box, points]) => [box, [...points].map(([id, { x, y }]) => [id, Math.round(x), Math.round(y)])]),
  )
}

const isPlace = (value: unknown): value is [string, number, number] =>
  Array.isArray(value) &&
  typeof value[0] === "string" &&
  Number.isFinite(value[1]) &&
  Number.isFinite(value[2])

/** What was remembered; nothing when it cannot be read. */
export function decodePins(text: string | null): Pins {
  const pins: Pins = new Map()
  let value: unknown
  try {
    value = JSON.parse(text ?? "[]")
  } catch {
    return pins
  }
  for (const entry of Array.isArray(value) ? value : []) {
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || !Array.isArray(entry[1])) continue
    pins.set(entry[0], new Map(entry[1].filter(isPlace).map(([id, x, y]): [string, Point] => [id, { x, y }])))
  }
  return pins
}
