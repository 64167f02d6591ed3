import type { ChangePreview } from "#shared/api/change.ts"
import { rateNumber } from "#shared/format/number.ts"
import type { FieldOwner } from "#shared/protocol/command.ts"
import type { GlyphName } from "../ui/glyph.ts"
import { kindName, objectKeyOf, worse } from "../validation/finding-place.ts"

export type PanelName = "objects" | "traffic" | "findings" | "owners" | "access"
/** One of the five answers on top of a preview; it leads to the panel that says more. */
export type Fact = { panel: PanelName; name: string; glyph?: GlyphName; text: string; more: string }

type Preview = ChangePreview
type ClusterPart = Preview["clusters"][number]

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
const list = (names: readonly string[]): string =>
  names.length > 2 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ")

/** Who else owns fields that change, in every cluster that was asked. */
export const ownersOf = (preview: Preview) =>
  preview.clusters.flatMap(({ cluster, clusterName, check }) =>
    (check?.owners ?? []).map((owner) => ({ cluster, clusterName, ...owner })),
  )

/** Whether the owner would take the change back. */
export const isContested = ({ claim }: Pick<FieldOwner, "claim">): boolean =>
  claim === "reverts" || claim === "rewrites"

/** Owners that would take the change back, one line for each manager and object. */
export const revertersOf = (preview: Preview) => ownersOf(preview).filter(isContested)

/** Why Kubernetes, or the cluster's policy, would not let the caller do it; null when it would, or was not asked. */
export function denialOf({ check, mode }: Pick<ClusterPart, "check" | "mode">): string | null {
  if (mode === "off") return "takes no changes"
  if (!check) return null
  const denied = check.access.find(({ allowed }) => !allowed)
  if (denied) return `may not ${denied.verb} ${kindName(denied.kind)}`
  return check.failure?.code === "forbidden" || check.failure?.code === "not_allowed"
    ? check.failure.message
    : null
}

function objectsFact(preview: Preview): Fact {
  const keys = { new: new Set<string>(), changed: new Set<string>(), deleted: new Set<string>() }
  for (const { cluster, object, before, after } of preview.steps) {
    const key = objectKeyOf(cluster, object)
    if (after === null) keys.deleted.add(key)
    else if (before === null) keys.new.add(key)
    else if (!keys.new.has(key)) keys.changed.add(key)
  }
  const parts = [
    keys.new.size > 0 ? `${keys.new.size} new` : "",
    keys.changed.size > 0 ? `${keys.changed.size} changed` : "",
    keys.new.size + keys.changed.size === 0 && keys.deleted.size > 0 ? `${keys.deleted.size} deleted` : "",
  ].filter(Boolean)
  return {
    panel: "objects",
    name: "Objects",
    text: parts.join(", ") || "none changes",
    more: keys.deleted.size === 0 ? "no deletion" : count(keys.deleted.size, "deletion"),
  }
}

function trafficFact({ traffic }: Preview): Fact {
  const measured = traffic.filter(({ measuredAt }) => measuredAt !== null)
  const moved = measured.reduce((sum, effect) => sum + effect.movedPerSecond, 0)
  const all = measured.reduce((sum, effect) => sum + effect.requestsPerSecond, 0)
  const fact = { panel: "traffic", name: "Traffic" } as const
  if (traffic.length === 0) return { ...fact, text: "none moves", more: "no route changes" }
  if (measured.length === 0)
    return { ...fact, text: "not measured", more: "no requests seen", glyph: "unknown" }
  return {
    ...fact,
    text: moved === 0 ? "none moves" : `${rateNumber(moved)} rps move`,
    more: `of ${rateNumber(all)} rps`,
  }
}

function findingsFact({ findings: { added, removed } }: Preview): Fact {
  const worst = added.map(({ level }) => level).sort(worse)[0]
  const errors = added.filter(({ level }) => level === "error").length
  return {
    panel: "findings",
    name: "Findings",
    glyph: worst ?? "ok",
    text: `-${removed.length}, +${added.length}`,
    more:
      added.length === 0
        ? "no new one"
        : errors > 0
          ? count(errors, "new error")
          : count(added.length, "new one"),
  }
}

function ownersFact(preview: Preview): Fact {
  const fact = { panel: "owners", name: "Field owners" } as const
  if (preview.clusters.every(({ check }) => check === null))
    return { ...fact, glyph: "unknown", text: "not asked", more: "the cluster says" }
  const reverters = revertersOf(preview)
  const managers = [...new Set(reverters.map(({ manager }) => manager))]
  if (managers.length === 0)
    return { ...fact, glyph: "ok", text: "no conflict", more: "nobody takes it back" }
  return { ...fact, glyph: "warning", text: count(managers.length, "conflict"), more: list(managers) }
}

function accessFact(preview: Preview): Fact {
  const fact = { panel: "access", name: "Access" } as const
  const all = preview.clusters.length + preview.refused.length
  const refusing = preview.clusters.filter((item) => denialOf(item) !== null)
  const unasked = preview.clusters.filter((item) => item.check === null && item.mode !== "off")
  const failed = preview.clusters.filter(({ check }) =>
    check?.dryRun.some(({ state }) => state === "refused"),
  )
  const names = (items: readonly { clusterName: string }[]): string =>
    list(items.map((item) => item.clusterName))
  if (refusing.length > 0) {
    const text = all === 1 ? "refused" : `${all - refusing.length} of ${all} clusters`
    return { ...fact, glyph: "denied", text, more: `${names(refusing)} refuses` }
  }
  if (unasked.length > 0)
    return { ...fact, glyph: "unknown", text: "not asked", more: `${names(unasked)} is asked` }
  if (failed.length > 0) return { ...fact, glyph: "error", text: "dry run refused", more: names(failed) }
  if (preview.clusters.length === 0) return { ...fact, glyph: "unknown", text: "no cluster", more: "" }
  return { ...fact, glyph: "ok", text: count(all, "cluster"), more: "dry run passed" }
}

export const factsOf = (preview: Preview): Fact[] => [
  objectsFact(preview),
  trafficFact(preview),
  findingsFact(preview),
  ownersFact(preview),
  accessFact(preview),
]
