import type { HealthState } from "#shared/topology/document.ts"

/** What a glyph stands for: health, a finding's level, or why nothing is known. */
export type GlyphName = HealthState | "not-evaluated" | "denied" | "error" | "warning" | "info"

type Shape = { d: string; fill?: string; stroke?: string; width?: number; dash?: string }

const diamond: Shape[] = [
  { d: "M6 .6L11.4 6 6 11.4.6 6z", fill: "--failing" },
  { d: "M4.3 4.3l3.4 3.4M7.7 4.3L4.3 7.7", stroke: "--bg", width: 1.3 },
]
const triangle: Shape[] = [{ d: "M6 1.2l5 9H1z", fill: "--degraded", stroke: "--degraded", width: 1 }]
const circle = (r: number): string => `M${6 - r} 6a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`

/** Shapes in a box of 12: the shape says it, the colour repeats it. */
export const glyphShapes: Record<GlyphName, readonly Shape[]> = {
  ok: [{ d: circle(3.6), fill: "--ok" }],
  watch: [
    { d: circle(4), stroke: "--watch", width: 1.5 },
    { d: "M6 2a4 4 0 0 1 0 8z", fill: "--watch" },
  ],
  degraded: triangle,
  failing: diamond,
  idle: [{ d: circle(3.4), stroke: "--idle", width: 1.3 }],
  unknown: [{ d: circle(4), stroke: "--idle", width: 1.3, dash: "1.8 1.6" }],
  "not-evaluated": [
    { d: circle(4), stroke: "--idle", width: 1.3 },
    { d: "M3.2 8.8l5.600-5.600", stroke: "--idle", width: 1.3 },
  ],
  denied: [
    { d: "M2.500 5.500h7v5h-7z", fill: "--idle" },
    { d: "M4 5.500V4a2 2 0 0 1 4 0v1.500", stroke: "--idle", width: 1.3 },
  ],
  error: diamond,
  warning: triangle,
  info: [
    { d: circle(4), stroke: "--accent", width: 1.4 },
    { d: "M6 5.400v2.800M6 3.700h.01", stroke: "--accent", width: 1.4 },
  ],
}

/** The word that stands beside a glyph, or instead of it for a screen reader. */
export const glyphWord: Record<GlyphName, string> = {
  ok: "ok",
  watch: "watch",
  degraded: "degraded",
  failing: "failing",
  idle: "idle",
  unknown: "unknown",
  "not-evaluated": "not evaluated",
  denied: "denied",
  error: "error",
  warning: "warning",
  info: "info",
}
