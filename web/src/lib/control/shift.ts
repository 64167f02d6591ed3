import type { ControlReading } from "#shared/api/change.ts"
import type { HttpRule, ShiftForm } from "#shared/edit/form.ts"
import { dealt, normalized } from "./weights.ts"

type Version = ControlReading["versions"][number]

/** A version with its weight now and as it was read; undefined: nothing was said of it. */
export type Share = { name: string; weight: number; was: number | undefined; version: Version | undefined }

/** Destinations of a rule that a shift can speak of: versions of the service itself. */
export function writtenWeights(rule: HttpRule | undefined): Record<string, number> {
  if (rule?.action.type !== "route") return {}
  const { destinations } = rule.action
  const weights = normalized(destinations.map(({ weight }) => weight))
  const own = destinations.flatMap(({ destination: { subset, host } }, at) =>
    subset === undefined || host !== undefined ? [] : [[subset, weights[at] ?? 0] as const],
  )
  // One version twice in a rule is one version.
  const sums = new Map<string, number>()
  for (const [subset, weight] of own) sums.set(subset, (sums.get(subset) ?? 0) + weight)
  return Object.fromEntries(sums)
}

/** All versions that can get requests, those that are written first. Where nothing is written, requests spread over all pods. */
export function sharesOf(
  written: Readonly<Record<string, number>>,
  said: Readonly<Record<string, number>> | undefined,
  versions: readonly Version[],
): Share[] {
  const known = new Map(versions.map((version) => [version.subset, version]))
  const names = [...new Set([...known.keys(), ...Object.keys(written), ...Object.keys(said ?? {})])]
  const isWritten = Object.keys(written).length > 0
  const start = isWritten
    ? names.map((name) => written[name] ?? 0)
    : dealt(
        names.map((name) => known.get(name)?.pods ?? 0),
        100,
      )
  return names.map((name, at) => ({
    name,
    weight: said === undefined ? (start[at] ?? 0) : (said[name] ?? 0),
    was: isWritten ? (written[name] ?? 0) : undefined,
    version: known.get(name),
  }))
}

/** What is written of weights: a version that gets nothing is named only where it was named before. */
export const weightsOf = (
  shares: readonly Pick<Share, "name">[],
  weights: readonly number[],
  written: Readonly<Record<string, number>>,
): ShiftForm["weights"] =>
  Object.fromEntries(
    shares
      .map(({ name }, at) => [name, weights[at] ?? 0] as const)
      .filter(([name, weight]) => weight > 0 || Object.hasOwn(written, name)),
  )

type VersionNote = { name: string; text: string; bad: boolean }

function versionNote({ name, weight, was = 0, version }: Share): VersionNote | undefined {
  if (weight === 0) return undefined
  if (version === undefined)
    return { name, text: `No pod is known of ${name}, and no subset of that name.`, bad: true }
  const { pods, exists } = version
  if (exists)
    return pods === 0 && was < weight
      ? { name, text: `Subset ${name} has no ready pod: its requests would fail.`, bad: true }
      : undefined
  const labels = Object.entries(version.labels).map(([key, value]) => `${key}=${value}`)
  const count = `${pods} ${pods === 1 ? "pod" : "pods"}`
  return {
    name,
    text: `Subset ${name} is new, made from label ${labels.join(", ")}, ${count}.`,
    bad: pods === 0,
  }
}

/** What a reader should know of the versions that get something: `Subset v3 is new, made from label version=v3, 1 pod.` */
export const versionNotes = (shares: readonly Share[]): VersionNote[] =>
  shares.flatMap((share) => versionNote(share) ?? [])
