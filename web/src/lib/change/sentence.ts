import type { ChangePreview } from "#shared/api/change.ts"
import type { Guard } from "#shared/edit/guard.ts"
import { formatLatency } from "#shared/format/number.ts"
import { formatAge, formatTime } from "#shared/format/time.ts"
import type { Conflicts } from "#shared/protocol/command.ts"
import type { GlyphName } from "../ui/glyph.ts"
import { denialOf, revertersOf } from "./facts.ts"

export type Part = { text: string; strong?: true }
/** What will happen when the button is pressed, and what will not. */
export type Sentence = { glyph: GlyphName; parts: Part[]; possible: boolean }

/** Controllers by the names that people have for them. Source: their default field managers. */
const managerNames: Record<string, string> = {
  "argocd-controller": "Argo CD",
  "argocd-application-controller": "Argo CD",
  "kustomize-controller": "Flux",
  "helm-controller": "Flux's Helm",
  helm: "Helm",
}
export const managerName = (manager: string): string => managerNames[manager] ?? manager

/** `errors exceed 2 % or p95 exceeds 500 ms for 2 min`. */
export function guardText({ errorsPercent, p95Ms, forMs }: Guard): string {
  const bounds = [
    errorsPercent === null ? "" : `errors exceed ${errorsPercent} %`,
    p95Ms === null ? "" : `p95 exceeds ${formatLatency(p95Ms)}`,
  ].filter(Boolean)
  return `${bounds.join(" or ")}${forMs > 0 ? ` for ${formatAge(forMs)}` : ""}`
}

const joined = (names: readonly string[]): Part[] =>
  names.flatMap((name, i): Part[] => [
    ...(i === 0 ? [] : [{ text: i === names.length - 1 ? " and " : ", " }]),
    { text: name, strong: true },
  ])

/** What the draft says beyond the preview. */
export type Asked = {
  guard: Guard | null
  expiresInMs: number | null
  conflicts: Conflicts
  queueUntil: number | null
  /** Clusters that have the object, and are left out. */
  leftOut: readonly string[]
}

const plain = (text: string): Part => ({ text })
const isAway = (link: string): boolean => link !== "live" && link !== "late"

function after(preview: ChangePreview, asked: Asked, now: number): Part[] {
  const managers = [...new Set(revertersOf(preview).map(({ manager }) => managerName(manager)))]
  const who = managers.join(" and ")
  const parts: string[] = []
  if (managers.length > 0 && asked.conflicts === "take-over") parts.push(`Fields of ${who} are taken over.`)
  else if (managers.length > 0 && asked.conflicts === "drop") parts.push(`Fields of ${who} stay as they are.`)
  else if (managers.length > 0) parts.push(`${who} will revert it unless git changes too.`)
  if (asked.guard) parts.push(`Undone when ${guardText(asked.guard)}.`)
  if (asked.expiresInMs !== null) parts.push(`Undone at ${formatTime(now + asked.expiresInMs)} in any case.`)
  return parts.map((text) => plain(` ${text}`))
}

const empty: Sentence = {
  glyph: "info",
  parts: [plain("Nothing changes: it is so already.")],
  possible: false,
}

export function sentenceOf(preview: ChangePreview, asked: Asked, now: number): Sentence {
  const [blocker] = preview.blockers
  if (blocker?.code === "change.empty") return empty
  if (blocker) return { glyph: "error", parts: [plain(`Not possible: ${blocker.message}`)], possible: false }
  if (preview.steps.length === 0) return empty
  const denied = preview.clusters.find((part) => denialOf(part) !== null)
  if (denied) {
    return {
      glyph: "denied",
      parts: [plain(`Not possible: ${denied.clusterName}, ${denialOf(denied) ?? ""}.`)],
      possible: false,
    }
  }
  const away = preview.clusters.filter(({ link }) => isAway(link))
  const here = preview.clusters.filter(({ link }) => !isAway(link)).map(({ clusterName }) => clusterName)
  const out = [...asked.leftOut, ...preview.refused.map(({ clusterName }) => clusterName)]
  const queued: Part[] =
    away.length > 0 && asked.queueUntil !== null
      ? [
          plain(here.length > 0 ? " " : ""),
          ...joined(away.map(({ clusterName }) => clusterName)),
          plain(` waits for its agent until ${formatTime(asked.queueUntil)}.`),
        ]
      : []
  const applies: Part[] =
    here.length > 0 ? [plain("Applies to "), ...joined(here), plain(out.length > 0 ? " only." : ".")] : []
  const risky = revertersOf(preview).length > 0 || preview.warnings.length > 0
  return {
    glyph: risky || preview.findings.added.some(({ level }) => level === "error") ? "warning" : "ok",
    parts: [...applies, ...queued, ...after(preview, asked, now)],
    possible: true,
  }
}

/** What the button says: the verb and the target. */
export function buttonText(preview: ChangePreview | undefined, how: "apply" | "queue" | "undo"): string {
  const names = preview?.clusters.map(({ clusterName }) => clusterName) ?? []
  const verb = { apply: "Apply to", queue: "Queue for", undo: "Undo on" }[how]
  if (names.length === 0) return how === "undo" ? "Undo" : "Apply"
  return names.length === 1 ? `${verb} ${names[0] ?? ""}` : `${verb} ${names.length} clusters`
}
