import type { Change } from "#shared/api/change.ts"
import { formatTime } from "#shared/format/time.ts"
import type { GlyphName } from "../ui/glyph.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import { guardText } from "./sentence.ts"

type Step = Change["steps"][number]

/** What became of a step, or what it waits for. */
export function stepState(step: Step, change: Pick<Change, "clusters">): { glyph: GlyphName; text: string } {
  const { outcome } = step
  if (outcome) {
    const glyphs = { applied: "ok", unchanged: "ok", failed: "error", skipped: "idle" } as const
    const words = { applied: "done", unchanged: "was so already", failed: "failed", skipped: "not done" }
    return { glyph: glyphs[outcome.state], text: words[outcome.state] }
  }
  const state = change.clusters.find(({ cluster }) => cluster === step.cluster)?.state
  if (state === "sent") return { glyph: "unknown", text: "on its way" }
  if (state === "skipped" || state === "expired" || state === "failed")
    return { glyph: "idle", text: "not done" }
  return { glyph: "unknown", text: state === "queued" ? "queued" : "waiting" }
}

const count = (n: number): string => `${n} ${n === 1 ? "object" : "objects"}`
const namesOf = (clusters: Change["clusters"]): string =>
  clusters.map(({ clusterName }) => clusterName).join(", ")

/** Steps that changed something. */
export const doneSteps = (change: Pick<Change, "steps">): Step[] =>
  change.steps.filter(({ outcome }) => outcome?.state === "applied")

const objectCount = (steps: readonly Step[]): number =>
  new Set(steps.map(({ cluster, object }) => objectKeyOf(cluster, object))).size

/** One line of what happened: `Applied to prod-eu-1. 2 objects.` */
export function resultText(change: Change): { glyph: GlyphName; text: string } {
  const names = namesOf(change.clusters)
  const done = objectCount(doneSteps(change))
  const all = objectCount(change.steps)
  const failed = change.clusters.find(({ failure }) => failure !== null)?.failure
  const step = change.steps.find(({ outcome }) => outcome?.state === "failed")
  const why = step?.outcome?.message ?? failed?.message ?? ""
  switch (change.state) {
    case "queued": {
      const until = Math.max(...change.clusters.map(({ expiresAt }) => expiresAt))
      return { glyph: "unknown", text: `Queued for ${names} until ${formatTime(until)}.` }
    }
    case "running":
      return { glyph: "unknown", text: `Applying to ${names}, ${done} of ${count(all)} done.` }
    case "applied":
      return { glyph: "ok", text: `Applied to ${names}. ${count(done)}.` }
    case "partly":
      return { glyph: "error", text: `Stopped after ${done} of ${count(all)}: ${why}` }
    case "failed":
      return { glyph: "error", text: `Not applied to ${names}: ${why}` }
    case "expired":
      return { glyph: "warning", text: `Not carried out: no agent of ${names} came in time.` }
    case "undone":
      return {
        glyph: "idle",
        text: `Undone${change.watch?.state === "undone" ? `: ${change.watch.reason}` : "."}`,
      }
  }
}

/** What the agent watches, or what became of it; empty when it watches nothing. */
export function watchText(change: Pick<Change, "guard" | "revertAt" | "watch" | "state">): string {
  if (change.watch && change.watch.state !== "watching") {
    const words = {
      passed: "Watched, and it stays",
      undone: "Undone",
      failed: "Could not undo",
      released: "Kept",
    }
    return `${words[change.watch.state]}${change.watch.reason === "" ? "" : `: ${change.watch.reason}`}.`
  }
  if (change.state !== "applied" && change.state !== "running") return ""
  const parts = [
    change.guard ? `undone when ${guardText(change.guard)}` : "",
    change.revertAt === null ? "" : `undone at ${formatTime(change.revertAt)} in any case`,
  ].filter(Boolean)
  return parts.length === 0 ? "" : `Watched by the agent: ${parts.join(", ")}.`
}

export const canUndo = (change: Change): boolean =>
  change.by.kind !== "outside" && change.state !== "undone" && doneSteps(change).length > 0
export const isWatched = (change: Change): boolean =>
  (change.state === "applied" || change.state === "partly") &&
  (change.guard !== null || change.revertAt !== null) &&
  (change.watch === null || change.watch.state === "watching")
