import type { ControlReading } from "#shared/api/change.ts"
import type { Destination } from "#shared/edit/form.ts"
import { dealt, normalized } from "./weights.ts"

export type Weighted = {
  origin?: number | null | undefined
  destination: Destination
  weight?: number | undefined
}

/** What a destination is chosen as: the service as a whole, a version of it, or another host. */
export type Target = "all" | "host" | `version ${string}`

export const targetOf = ({ host, subset }: Destination): Target =>
  host !== undefined ? "host" : subset === undefined ? "all" : `version ${subset}`

const podsText = (pods: number): string => `${pods} ${pods === 1 ? "pod" : "pods"}`

/** What may be chosen: versions with their pods, and the present one where nothing is known of it. */
export function targetsFor(
  destination: Destination,
  versions: ControlReading["versions"],
): { value: Target; label: string }[] {
  const known = versions.map(({ subset, pods, exists }) => ({
    value: `version ${subset}` as const,
    label: `${subset}, ${podsText(pods)}${exists ? "" : ", new"}`,
  }))
  const present = targetOf(destination)
  const strange =
    present.startsWith("version ") && !known.some(({ value }) => value === present)
      ? [{ value: present, label: `${destination.subset ?? ""}, no pod known` }]
      : []
  return [
    ...known,
    ...strange,
    { value: "all", label: "All versions" },
    { value: "host", label: "Another host" },
  ]
}

/** The destination with another target; a port of the service itself stays. */
export function retargeted({ port, host, subset }: Destination, target: Target): Destination {
  const kept = port === undefined ? {} : { port }
  if (target === "all") return kept
  if (target !== "host") return { subset: target.slice("version ".length), ...kept }
  return { host: host ?? "", ...(host === undefined || subset === undefined ? {} : { subset }) }
}

const withWeights = <T extends Weighted>(items: readonly T[], weights: readonly number[]): T[] =>
  items.map((item, at) => ({ ...item, weight: weights[at] ?? 0 }))

/** One more destination; it gets nothing until its weight is moved. */
export const withDestination = (items: readonly Weighted[], destination: Destination): Weighted[] =>
  items.length === 0
    ? [{ destination }]
    : [...withWeights(items, normalized(items.map(({ weight }) => weight))), { destination, weight: 0 }]

/** One less; the others take its share in proportion. A lone one needs no weight. */
export function withoutDestination<T extends Weighted>(items: readonly T[], at: number): T[] {
  const left = items.filter((_, i) => i !== at)
  if (left.length === 1)
    return left.map((item) => {
      const { weight: _, ...rest } = item
      return rest as T
    })
  return withWeights(
    left,
    dealt(
      left.map(({ weight }) => weight ?? 0),
      100,
    ),
  )
}
